//! One call of a guest, as it goes in and as it comes out.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::event::LogLine;
use crate::observe::Fault;
use crate::sandbox::Cancel;
use crate::sandbox::vfs::{Built, Layout};

pub struct Job<'a> {
    pub call: Call,
    pub layout: Layout,
    /// All of the guest's environment.
    pub environment: Vec<(String, String)>,
    /// Seeds the guest's random numbers.
    pub seed: [u8; 32],
    /// Seconds that its clocks are ahead of what they are for every execution.
    pub ahead: u64,
    /// Gives real entropy and a real clock: only for tests of `run --check`.
    pub entropy: bool,
    pub limits: Limits,
    pub cancel: &'a Cancel,
    /// Called while the guest runs.
    pub events: &'a (dyn Fn(GuestEvent) + Sync),
}

pub enum Call {
    Run {
        config: String,
        needs: Vec<String>,
    },
    Plan {
        config: String,
        needs: Vec<String>,
    },
    Deploy {
        config: String,
        revision: String,
        instances: Vec<Instance>,
        dry_run: bool,
    },
    Rollback {
        config: String,
        to: Option<String>,
        instances: Vec<Instance>,
        dry_run: bool,
    },
    /// A WASI command: its `wasi:cli/run`.
    Command {
        arguments: Vec<String>,
        stdin: Vec<u8>,
    },
}

#[derive(Clone, Debug, ComponentType, Lower)]
#[component(record)]
pub struct Instance {
    pub name: String,
    /// Where its folder is mounted.
    pub root: String,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of linear memory, all memories together.
    pub memory: u64,
    pub timeout: Option<Duration>,
    /// Bytes of stdout and of stderr that are kept; a guest that prints more is ended.
    pub output: u64,
    /// Log lines, and bytes of them.
    pub log_lines: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory: 4 << 30,
            timeout: None,
            output: 64 << 20,
            log_lines: 100_000,
        }
    }
}

#[derive(Clone, Debug)]
pub enum GuestEvent {
    Log(LogLine),
    Progress {
        done: u64,
        total: Option<u64>,
        message: String,
    },
}

/// What an execution left behind, whether or not it ended well.
pub struct Ended {
    pub result: Result<Finished, Stop>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub log: Vec<LogLine>,
    pub built: Built,
    /// Bytes of linear memory at the end.
    pub memory: u64,
}

pub struct Finished {
    pub answer: Answer,
}

#[derive(Clone, Debug)]
pub enum Answer {
    Ran,
    Planned(Vec<PlannedAction>),
    Changed(Vec<Change>),
}

/// Why an execution has no answer.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The plugin says so.
    Failed(Vec<Failure>),
    /// A command's exit code, not 0.
    Exited(u8),
    /// A trap: the guest's message and its backtrace, a line a frame, innermost first, names demangled.
    Trapped {
        message: String,
        backtrace: Vec<String>,
    },
    StackOverflow,
    /// The limit in bytes.
    OutOfMemory(u64),
    TimedOut(Duration),
    Cancelled,
    /// Which limit, such as "printed more than 64 MiB".
    OverQuota(String),
    /// The host could not serve the guest.
    Fault(Fault),
}

impl Stop {
    /// Whether the same execution would end so again, and its plugin does not say otherwise.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Stop::Failed(failures) => failures.iter().all(|failure| !failure.retryable),
            Stop::Exited(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Stop {
    /// A fragment for people; details such as a backtrace are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Failed(failures) => match failures.split_first() {
                Some((first, [])) => f.write_str(&first.message),
                Some((first, rest)) => write!(f, "{} (and {} more)", first.message, rest.len()),
                None => f.write_str("failed without saying why"),
            },
            Stop::Exited(code) => write!(f, "exit code {code}"),
            Stop::Trapped { message, .. } => f.write_str(message),
            Stop::StackOverflow => f.write_str("ran out of stack: too deep a recursion"),
            Stop::OutOfMemory(limit) => {
                write!(f, "needs more than its {} MiB of memory", limit >> 20)
            }
            Stop::TimedOut(limit) => write!(f, "took more than {limit:?}"),
            Stop::Cancelled => f.write_str("cancelled"),
            Stop::OverQuota(which) => f.write_str(which),
            Stop::Fault(fault) => fault.fmt(f),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
pub enum FailureKind {
    #[component(name = "user")]
    User,
    #[component(name = "config")]
    Config,
    #[component(name = "denied")]
    Denied,
    #[component(name = "internal")]
    Internal,
}

/// A place as the guest sees it: `/src/a.md`.
#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub struct Location {
    pub path: String,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    pub location: Option<Location>,
    pub retryable: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ComponentType, Lift)]
#[component(record)]
pub struct Capability {
    pub name: String,
    pub scope: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ComponentType, Lift)]
#[component(record)]
pub struct Description {
    pub name: String,
    pub version: String,
    #[component(name = "config-schema")]
    pub config_schema: String,
    pub capabilities: Vec<Capability>,
}

#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(variant)]
pub enum NeedSource {
    #[component(name = "planned")]
    Planned(String),
    #[component(name = "inherited")]
    Inherited(String),
}

#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub struct PlannedNeed {
    pub name: String,
    pub source: NeedSource,
}

#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub struct PlannedAction {
    pub name: String,
    pub plugin: Option<String>,
    pub config: String,
    pub reads: Vec<String>,
    pub needs: Vec<PlannedNeed>,
    pub exported: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
pub enum Operation {
    #[component(name = "create")]
    Create,
    #[component(name = "update")]
    Update,
    #[component(name = "delete")]
    Delete,
    #[component(name = "activate")]
    Activate,
    #[component(name = "keep")]
    Keep,
}

#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub struct Change {
    pub instance: String,
    pub operation: Operation,
    pub path: String,
    pub detail: String,
}

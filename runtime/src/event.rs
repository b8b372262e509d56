//! What a run tells its subscribers: terminal, JSON lines, run record.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// A line an execution logged; stored with its result and replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    pub level: Level,
    pub message: String,
    pub fields: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    pub actions: usize,
    pub cached: usize,
    pub executed: usize,
    pub failed: usize,
    pub skipped: usize,
    pub elapsed: Duration,
    /// What the executions took, when they were executed, whose results came from the cache.
    pub saved: Duration,
}

/// In the order things happened; for each action `Started` before its one end.
#[derive(Clone, Debug)]
pub enum Event {
    /// Ahead-of-time compilation of a component began or ended.
    Compiling {
        component: String,
    },
    Compiled {
        component: String,
        elapsed: Duration,
    },
    /// An execution began. `planned` is how many actions are known by now.
    Started {
        action: String,
        planned: usize,
    },
    Progress {
        action: String,
        done: u64,
        total: Option<u64>,
        message: String,
    },
    Log {
        action: String,
        line: LogLine,
    },
    /// An action came from the cache. `output` is the digest of its output's tree, shortened.
    Cached {
        action: String,
        output: String,
        /// What it took when it was executed.
        saved: Duration,
    },
    /// Actions of a planner came from the cache, and are not told one by one.
    Unchanged {
        planner: String,
        actions: usize,
        /// What they took when they were executed.
        saved: Duration,
    },
    Executed {
        action: String,
        output: String,
        elapsed: Duration,
    },
    Failed {
        action: String,
        errors: Vec<Error>,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    },
    /// Something an action needs failed.
    Skipped {
        action: String,
        because: String,
    },
    /// Something a person should know: a restored file, a pinned plugin, non-determinism.
    Notice {
        message: String,
    },
    /// Files written below the project's folder.
    Wrote {
        folder: String,
        files: usize,
        deleted: usize,
    },
    Finished(Summary),
}

/// Hears of everything, from any thread.
pub type Events = Arc<dyn Fn(Event) + Send + Sync>;

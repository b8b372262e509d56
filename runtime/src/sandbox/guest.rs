//! One execution: a guest's state, its call and its end.

use std::fmt;
use std::time::{Duration, Instant};

use wasmtime::component::{ComponentType, Instance, InstancePre, Lower};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline, WasmBacktrace};

use super::engine::{Machine, MemoryUse, PER_CALL};
use super::interrupt::Cancel;
use super::program::Exports;
use super::vfs::{FsError, Vfs};
use super::wasi::{Clocks, Console, Files, Random, Reports, Streams};
use super::{
    Answer, Call, Change, Description, Ended, Failure, Finished, GuestEvent, Instance as Target,
    Job, PlannedAction, Stop,
};
use crate::observe::Fault;

/// All that belongs to one guest, as its host functions see it.
pub(super) struct Guest {
    pub(super) vfs: Vfs,
    pub(super) files: Files,
    pub(super) streams: Streams,
    pub(super) clocks: Clocks,
    pub(super) random: Random,
    pub(super) console: Console,
    pub(super) reports: Reports,
    pub(super) events: &'static (dyn Fn(GuestEvent) + Sync),
    memory: MemoryUse,
    cancel: Cancel,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
}

/// Why a guest was ended by its host: travels through wasmtime as the cause of a trap.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Exited(u8),
    Fault(Fault),
    Quota(String),
    OutOfMemory,
    TimedOut,
    Cancelled,
}

impl Ending {
    pub(super) fn quota(which: String) -> wasmtime::Error {
        Ending::Quota(which).into()
    }

    /// Of an error of the file system that no guest may see.
    pub(super) fn file_system(error: FsError) -> wasmtime::Error {
        let ending = match error {
            FsError::Fault(fault) => Ending::Fault(fault),
            FsError::Quota(which) => Ending::Quota(which),
            FsError::Code(code) => {
                Ending::Fault(Fault::new(format!("a guest was to be told of {code:?}")))
            }
        };
        ending.into()
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ended by the host: {self:?}")
    }
}

impl std::error::Error for Ending {}

/// A component made ready to run on a machine.
pub(super) struct Ready {
    pub(super) instance: InstancePre<Guest>,
    pub(super) exports: Exports,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Request<'a> {
    config: &'a str,
    needs: &'a [String],
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Deployment<'a> {
    config: &'a str,
    revision: &'a str,
    instances: &'a [Target],
    #[component(name = "dry-run")]
    dry_run: bool,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct RollbackRequest<'a> {
    config: &'a str,
    to: Option<&'a str>,
    instances: &'a [Target],
    #[component(name = "dry-run")]
    dry_run: bool,
}

/// What a guest's function answers.
type Outcome<T> = (Result<T, Vec<Failure>>,);

impl Guest {
    /// The guest of `job`, and its call. The guest must be dropped before what `job` borrows.
    pub(super) fn new(job: Job<'_>) -> (Guest, Call) {
        // SAFETY: only the lifetime changes, because wasmtime demands that what a store owns is 'static.
        // `Sandbox::execute`, the only caller, drops the guest before it returns, and `job.events` lives longer.
        let events = unsafe {
            std::mem::transmute::<&(dyn Fn(GuestEvent) + Sync), &'static (dyn Fn(GuestEvent) + Sync)>(
                job.events,
            )
        };
        let mut call = job.call;
        let mut console =
            Console::new(job.environment, job.layout.start.clone(), job.limits.output);
        if let Call::Command { arguments, stdin } = &mut call {
            console.arguments = std::mem::take(arguments);
            console.stdin = std::mem::take(stdin);
        }
        let guest = Guest {
            vfs: Vfs::new(job.layout),
            files: Files::default(),
            streams: Streams::default(),
            clocks: Clocks::new(job.entropy, job.ahead),
            random: Random::new(job.seed, job.entropy),
            console,
            reports: Reports::new(job.limits.log_lines, job.limits.output),
            events,
            memory: MemoryUse::new(job.limits.memory),
            cancel: job.cancel.clone(),
            timeout: job.limits.timeout,
            deadline: None,
        };
        (guest, call)
    }

    /// Whether the guest may go on.
    fn checkpoint(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.cancel.is_cancelled() {
            Err(Ending::Cancelled.into())
        } else if self
            .deadline
            .is_some_and(|deadline| deadline <= Instant::now())
        {
            Err(Ending::TimedOut.into())
        } else {
            Ok(UpdateDeadline::Continue(1))
        }
    }

    pub(super) fn end(self, result: Result<Finished, Stop>) -> Ended {
        Ended {
            result,
            stdout: self.console.stdout,
            stderr: self.console.stderr,
            log: self.reports.lines,
            built: self.vfs.finish(),
            memory: self.memory.used,
        }
    }

    /// What an error of wasmtime means.
    fn stop(&self, error: &wasmtime::Error, running: bool) -> Stop {
        if let Some(ending) = error.downcast_ref::<Ending>() {
            return match ending.clone() {
                Ending::Exited(code) => Stop::Exited(code),
                Ending::Fault(fault) => Stop::Fault(fault),
                Ending::Quota(which) => Stop::OverQuota(which),
                Ending::OutOfMemory => Stop::OutOfMemory(self.memory.limit),
                Ending::TimedOut => Stop::TimedOut(self.timeout.unwrap_or_default()),
                Ending::Cancelled => Stop::Cancelled,
            };
        }
        let trap = error.downcast_ref::<Trap>();
        let backtrace = error.downcast_ref::<WasmBacktrace>();
        match trap {
            Some(Trap::StackOverflow) => Stop::StackOverflow,
            Some(Trap::MemoryOutOfBounds) if is_below_stack(error) => Stop::StackOverflow,
            None if backtrace.is_none() && !running => {
                Stop::Fault(Fault::new(format!("cannot start: {error:#}")))
            }
            _ => Stop::Trapped {
                message: panic_message(&self.console.stderr).unwrap_or_else(|| {
                    trap.map_or_else(|| error.root_cause().to_string(), ToString::to_string)
                }),
                backtrace: backtrace.map(frames).unwrap_or_default(),
            },
        }
    }
}

/// Starts the component for `guest` on `machine` and asks it something. No result if the machine has no room for
/// another guest: nothing has happened then.
pub(super) fn attempt<T>(
    machine: &Machine,
    ready: &Ready,
    guest: Guest,
    ask: impl FnOnce(&mut Store<Guest>, &Instance, &Exports) -> wasmtime::Result<T>,
) -> (Guest, Option<Result<T, Stop>>) {
    let mut store = Store::new(&machine.engine, guest);
    store.limiter(|guest| &mut guest.memory);
    store.set_hostcall_fuel(PER_CALL);
    store.epoch_deadline_callback(|context| context.data().checkpoint());
    // First the deadline, then who may move the epoch, then a look whether it has moved: nothing is missed.
    store.set_epoch_deadline(1);
    let guest = store.data_mut();
    guest.cancel.reach(&machine.watch);
    let alarm = guest.timeout.map(|timeout| {
        let deadline = *guest
            .deadline
            .get_or_insert_with(|| Instant::now() + timeout);
        machine.watch.at(deadline)
    });
    let result = match &alarm {
        Some(Err(error)) => Some(Err(Stop::Fault(Fault::new(format!(
            "cannot watch a timeout: {error}"
        ))))),
        _ if guest.cancel.is_cancelled() => Some(Err(Stop::Cancelled)),
        _ => start(&mut store, ready, ask),
    };
    drop(alarm);
    (store.into_data(), result)
}

fn start<T>(
    store: &mut Store<Guest>,
    ready: &Ready,
    ask: impl FnOnce(&mut Store<Guest>, &Instance, &Exports) -> wasmtime::Result<T>,
) -> Option<Result<T, Stop>> {
    match ready.instance.instantiate(&mut *store) {
        Ok(instance) => {
            let answer = ask(store, &instance, &ready.exports);
            Some(answer.map_err(|error| store.data().stop(&error, true)))
        }
        Err(error) if error.is::<PoolConcurrencyLimitError>() => None,
        Err(error) => Some(Err(store.data().stop(&error, false))),
    }
}

/// Asks a plugin what it is.
pub(super) fn describe(
    store: &mut Store<Guest>,
    instance: &Instance,
    exports: &Exports,
) -> wasmtime::Result<Description> {
    let describe =
        instance.get_typed_func::<(), (Description,)>(&mut *store, exports.describe()?)?;
    Ok(describe.call(store, ())?.0)
}

/// Calls the function for `call`, which is one of the component's world.
pub(super) fn answer(
    call: &Call,
    store: &mut Store<Guest>,
    instance: &Instance,
    exports: &Exports,
) -> wasmtime::Result<Result<Answer, Vec<Failure>>> {
    let export = exports.of(call)?;
    Ok(match call {
        Call::Run { config, needs } => {
            let run =
                instance.get_typed_func::<(Request<'_>,), Outcome<()>>(&mut *store, export)?;
            run.call(store, (Request { config, needs },))?
                .0
                .map(|()| Answer::Ran)
        }
        Call::Plan { config, needs } => {
            let plan = instance.get_typed_func::<(Request<'_>,), Outcome<Vec<PlannedAction>>>(
                &mut *store,
                export,
            )?;
            plan.call(store, (Request { config, needs },))?
                .0
                .map(Answer::Planned)
        }
        Call::Deploy {
            config,
            revision,
            instances,
            dry_run,
        } => {
            let deploy = instance
                .get_typed_func::<(Deployment<'_>,), Outcome<Vec<Change>>>(&mut *store, export)?;
            let deployment = Deployment {
                config,
                revision,
                instances,
                dry_run: *dry_run,
            };
            deploy.call(store, (deployment,))?.0.map(Answer::Changed)
        }
        Call::Rollback {
            config,
            to,
            instances,
            dry_run,
        } => {
            let rollback = instance
                .get_typed_func::<(RollbackRequest<'_>,), Outcome<Vec<Change>>>(
                    &mut *store,
                    export,
                )?;
            let request = RollbackRequest {
                config,
                to: to.as_deref(),
                instances,
                dry_run: *dry_run,
            };
            rollback.call(store, (request,))?.0.map(Answer::Changed)
        }
        Call::Command { .. } => {
            let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, export)?;
            match run.call(store, ())?.0 {
                Ok(()) => Ok(Answer::Ran),
                Err(()) => return Err(Ending::Exited(1).into()),
            }
        }
    })
}

/// Whether a guest ran out of the stack that its compiler keeps in linear memory. It begins at address 0 and grows
/// down, so the access that fails is one just below 0, in many calls.
fn is_below_stack(error: &wasmtime::Error) -> bool {
    const BELOW: u64 = 16 << 20;
    const DEEP: usize = 20;
    let text = format!("{error:?}");
    let address = text.split_once("wasm address 0x").and_then(|(_, rest)| {
        let digits = rest
            .split(|digit: char| !digit.is_ascii_hexdigit())
            .next()?;
        u64::from_str_radix(digits, 16).ok()
    });
    let calls = error
        .downcast_ref::<WasmBacktrace>()
        .map_or(0, |backtrace| backtrace.frames().len());
    calls >= DEEP && address.is_some_and(|address| address >= (1 << 32) - BELOW)
}

/// What a guest wrote to stderr when it panicked, if it did: from the last such line to the end.
fn panic_message(stderr: &[u8]) -> Option<String> {
    const LINES: usize = 20;
    let tail = &stderr[stderr.len().saturating_sub(16 << 10)..];
    let text = String::from_utf8_lossy(tail);
    let start = [" panicked at ", "panic: ", "fatal error: "]
        .iter()
        .filter_map(|mark| text.rfind(mark))
        .max()?;
    let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let lines = text[line..].trim_end().lines();
    let told = lines.filter(|line| !line.starts_with("note: run with `RUST_BACKTRACE"));
    Some(told.take(LINES).collect::<Vec<_>>().join("\n"))
}

/// A line a frame, innermost first: the demangled name, and the place where the component has debug information.
fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    let text = backtrace.to_string();
    let mut frames: Vec<String> = Vec::new();
    for line in text.lines().skip(1) {
        let line = line.trim();
        match (line.strip_prefix("at "), frames.last_mut()) {
            (Some(place), Some(frame)) => {
                frame.push_str(" at ");
                frame.push_str(place);
            }
            _ => {
                // `3: 0x1f2 - module!name`, or `- name` of an inlined function.
                let name = line.split_once("- ").map_or(line, |(_, name)| name);
                let name = name.split_once(".wasm!").map_or(name, |(_, name)| name);
                frames.push(name.to_owned());
            }
        }
    }
    frames
}

//! One execution: a guest's state, its start and its end.

use std::fmt;
use std::time::{Duration, Instant};

use wasmtime::{
    Instance, InstancePre, PoolConcurrencyLimitError, Store, Trap, UpdateDeadline, WasmBacktrace,
    component,
};

use super::engine::{Machine, MemoryUse, PER_CALL};
use super::interrupt::Cancel;
use super::program::Exports;
use super::trap::{frames, is_below_stack, panic_message};
use super::vfs::{FsError, Vfs};
use super::wasi::preview1::Descriptors;
use super::wasi::{Clocks, Console, Files, Random, Reports, Streams};
use super::{Call, Ended, Finished, GuestEvent, Job, Stop};
use crate::observe::Fault;

/// All that belongs to one guest, as its host functions see it.
pub(super) struct Guest {
    pub(super) vfs: Vfs,
    pub(super) files: Files,
    pub(super) streams: Streams,
    /// What a module has open: it uses neither `files` nor `streams`.
    pub(super) descriptors: Descriptors,
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
pub(super) enum Ready {
    Component {
        instance: component::InstancePre<Guest>,
        exports: Exports,
    },
    Module(InstancePre<Guest>),
}

/// A component that was started.
pub(super) enum Running<'a> {
    Component(component::Instance, &'a Exports),
    Module(Instance),
}

impl Ready {
    fn start(&self, store: &mut Store<Guest>) -> wasmtime::Result<Running<'_>> {
        match self {
            Ready::Component { instance, exports } => {
                let instance = instance.instantiate(store)?;
                Ok(Running::Component(instance, exports))
            }
            Ready::Module(instance) => {
                store.data_mut().open_descriptors()?;
                Ok(Running::Module(instance.instantiate(store)?))
            }
        }
    }
}

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
        let mut console = Console::new(job.environment, job.limits.output);
        if let Call::Command { arguments, stdin } = &mut call {
            console.arguments = std::mem::take(arguments);
            console.stdin = std::mem::take(stdin);
            console.start.clone_from(&job.layout.start);
        }
        let guest = Guest {
            vfs: Vfs::new(job.layout),
            files: Files::default(),
            streams: Streams::default(),
            descriptors: Descriptors::default(),
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
    ask: impl FnOnce(&mut Store<Guest>, &Running<'_>) -> wasmtime::Result<T>,
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
    ask: impl FnOnce(&mut Store<Guest>, &Running<'_>) -> wasmtime::Result<T>,
) -> Option<Result<T, Stop>> {
    match ready.start(store) {
        Ok(running) => {
            let answer = ask(store, &running);
            Some(answer.map_err(|error| store.data().stop(&error, true)))
        }
        Err(error) if error.is::<PoolConcurrencyLimitError>() => None,
        Err(error) => Some(Err(store.data().stop(&error, false))),
    }
}

//! Ends the process, or fails a system call, at a chosen step of those that change the disk.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What happens at a step.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Fault {
    /// SIGKILL, as a power switch for this process.
    Kill,
    /// This and all later steps of the thread fail with the error number.
    Fail(i32),
}

#[derive(Clone, Copy)]
struct Plan {
    fault: Fault,
    /// Steps that are still done.
    left: u64,
    /// A write that is hit has written half of its bytes.
    torn: bool,
}

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// From now on this thread's step number `after` (from 0) is hit.
pub(in crate::store) fn arm(fault: Fault, after: u64, torn: bool) {
    PLAN.set(Some(Plan {
        fault,
        left: after,
        torn,
    }));
}

/// Returns how many steps this thread has done since the last call.
pub(in crate::store) fn disarm() -> u64 {
    PLAN.set(None);
    STEPS.replace(0)
}

fn hit() -> Option<Plan> {
    STEPS.set(STEPS.get() + 1);
    let mut plan = PLAN.get()?;
    if plan.left > 0 {
        plan.left -= 1;
        PLAN.set(Some(plan));
        return None;
    }
    Some(plan)
}

fn strike(plan: Plan) -> io::Result<()> {
    match plan.fault {
        Fault::Fail(number) => Err(io::Error::from_raw_os_error(number)),
        Fault::Kill => {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL)?;
            unreachable!("nobody survives SIGKILL")
        }
    }
}

pub(in crate::store) fn step() -> io::Result<()> {
    hit().map_or(Ok(()), strike)
}

pub(in crate::store) fn write_step(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let Some(plan) = hit() else {
        return Ok(());
    };
    if plan.torn {
        file.write_all_at(&bytes[..bytes.len() / 2], offset)?;
    }
    strike(plan)
}

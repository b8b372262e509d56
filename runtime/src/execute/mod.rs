//! One action: from what it may see to its result. [`execute`] is the spine.

mod check;
mod done;
mod environment;
mod extra;
mod lookup;
mod mounts;
mod reason;
mod stopped;
mod store;

use std::time::Instant;

pub use check::{Verdict, check};
pub use done::{Done, Ending, How};
pub use environment::{Environment, Last};
use lookup::Found;
pub use lookup::planned_some;
pub use mounts::{Inputs, Mounts};
pub use reason::describe;
pub use stopped::stop_errors;
pub use store::decode_log;

use crate::error::{Error, ErrorKind};
use crate::observe::Fault;
use crate::plan::Action;
use crate::sandbox::Stop;

/// How often an execution is begun again when a file of the project changed under it.
const TRIES: usize = 4;

/// Brings one action up to date: from the cache if everything a former execution observed is as it was,
/// else by running it.
pub fn execute(environment: &Environment, action: &Action, mounts: &Mounts) -> Ending {
    let mut disturbed = None;
    for _ in 0..TRIES {
        match attempt(environment, action, mounts) {
            Err(fault) if fault.disturbed => disturbed = Some(fault),
            Err(fault) => return Ending::fault(action, &fault),
            Ok(ending) => return ending,
        }
    }
    let fault = disturbed.unwrap_or_else(|| Fault::new("gave up"));
    Ending::failed(
        Error::environment(format!(
            "action `{}` could not read a file that keeps changing",
            action.name
        ))
        .cause(fault)
        .hint("run again when nothing writes to it, or leave it out of `reads`"),
    )
}

fn attempt(environment: &Environment, action: &Action, mounts: &Mounts) -> Result<Ending, Fault> {
    let reason = match lookup::lookup(environment, action, mounts)? {
        Found::Hit(done) => return Ok(Ending::Done(done)),
        Found::Failure(ending) => return Ok(ending),
        Found::Miss(reason) => reason,
    };
    if environment.cancel.is_cancelled() {
        return Ok(Ending::Cancelled);
    }
    let start = Instant::now();
    let ended = match environment.run(action, mounts, 0) {
        Ok(ended) => ended,
        Err(error) => return Ok(Ending::failed(error)),
    };
    match &ended.result {
        Err(Stop::Fault(fault)) => return Err(fault.clone()),
        Err(Stop::Cancelled) => return Ok(Ending::Cancelled),
        _ => {}
    }
    match store::store(environment, action, ended, start.elapsed(), reason) {
        Ok(ending) => Ok(ending),
        Err(error) => Ok(Ending::failed(
            Error::new(
                ErrorKind::Environment,
                format!("cannot store the result of `{}`", action.name),
            )
            .hint(error.hint())
            .cause(error),
        )),
    }
}

//! The only place where guest code runs: action + effective grants → outputs + observations.

mod job;
mod wasi;
pub mod vfs;

pub use job::{
    Answer, Call, Cancel, Capability, Change, Description, Ended, Failure, FailureKind, Finished,
    GuestEvent, Instance, Job, Limits, Location, NeedSource, Operation, PlannedAction, PlannedNeed,
    Stop,
};

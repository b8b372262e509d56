//! The run record: the last good run of a project, in its folder of the cache. It makes a run with nothing
//! to do one sweep over files, and tells every other run what was true before.

mod action;
mod bytes;
mod file;
mod index;

pub use action::{ActionRecord, FactRecord, PathRef, SOURCE};
pub use bytes::{Reader, Writer};
pub use file::{Basis, RunRecord, Totals};
pub use index::{Index, PathIn};

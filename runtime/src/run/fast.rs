//! The fast path: if everything the last run rests on is as it was, nothing is opened, planned or looked up.

use std::time::{Duration, Instant};

use crate::event::Summary;
use crate::open::OpenOptions;
use crate::outputs::Manifest;
use crate::plan::variable_value;
use crate::project::{Folder, Swept, sweep};
use crate::record::RunRecord;
use crate::run::RunOptions;
use crate::run::open::request;

/// Rows that have a new identity and their old value (touched files, files that were too young to be
/// believed) are looked at again by the next run, which costs a read each; from this many on the record is
/// renewed instead.
const RENEW: usize = 100;

pub enum Fast {
    UpToDate(Summary),
    /// What was looked at already, for the run that must follow.
    Stale(Option<Box<Seen>>),
}

/// The last run's record, and what has become of its rows.
pub struct Seen {
    pub record: RunRecord,
    pub swept: Swept,
}

pub fn up_to_date(open: &OpenOptions, options: &RunOptions, start: Instant) -> Fast {
    if options.force || options.check {
        return Fast::Stale(None);
    }
    let file = open.record_file();
    let Some(record) = RunRecord::read(&file) else {
        return Fast::Stale(None);
    };
    let same_store =
        cofferdam_cache::Store::generation_at(&open.cache_dir) == Some(record.basis.generation);
    let holds = same_store && is_of(&record, open, options);
    let Ok(folder) = Folder::open(&open.folder) else {
        return Fast::Stale(None);
    };
    // What cannot be read is told by the run that needs it.
    let Ok(swept) = sweep(&folder, &record.rows, options.jobs.max(1)) else {
        return Fast::Stale(None);
    };
    if !(holds && swept.changes.is_empty()) {
        return Fast::Stale(Some(Box::new(Seen { record, swept })));
    }
    if swept.renewals() >= RENEW {
        // Without it the next run reads those files again.
        let _ = record.renew(&file, &swept);
    } else {
        touch(&file);
    }
    let actions = usize::try_from(record.totals.actions).unwrap_or(usize::MAX);
    Fast::UpToDate(Summary {
        actions,
        cached: actions,
        executed: 0,
        failed: 0,
        skipped: 0,
        elapsed: start.elapsed(),
        saved: Duration::from_micros(record.totals.microseconds),
    })
}

/// Whether the same was asked for, and what counts beside the project's files is as it was.
pub fn is_of(record: &RunRecord, open: &OpenOptions, options: &RunOptions) -> bool {
    record.basis.request == request(open, options)
        && record.basis.written == Manifest::digest(&open.manifest_file())
        && record
            .environment
            .iter()
            .all(|(name, value)| outside(open, name) == *value)
}

/// The present value of something in [`Plan::outside`](crate::plan::Plan::outside).
fn outside(open: &OpenOptions, name: &str) -> [u8; 32] {
    if name.starts_with('/') {
        return std::fs::read(name).map_or([0; 32], |bytes| *blake3::hash(&bytes).as_bytes());
    }
    variable_value((open.host_environment)(name).as_deref())
}

/// Collection keeps what a recently used record rests on: its age is the record's own.
fn touch(file: &std::path::Path) {
    let now = rustix::fs::Timespec {
        tv_sec: 0,
        tv_nsec: rustix::fs::UTIME_NOW,
    };
    let times = rustix::fs::Timestamps {
        last_access: now,
        last_modification: now,
    };
    let _ = rustix::fs::utimensat(rustix::fs::CWD, file, &times, rustix::fs::AtFlags::empty());
}

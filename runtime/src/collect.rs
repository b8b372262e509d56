//! Keeping the cache folder small: what the last runs of all projects rest on is used, the rest is kept by age.

use std::path::Path;
use std::time::{Duration, SystemTime};

use cofferdam_cache::{GcOptions, GcReport, Root, Store};

use crate::error::Error;
use crate::open::from_store;
use crate::outputs::Manifest;
use crate::record::RunRecord;
use crate::sandbox::Sandbox;

/// What a collection did.
#[derive(Clone, Copy, Debug)]
pub struct Collected {
    pub store: GcReport,
    /// Bytes of compiled code that nobody had used for a month.
    pub code: u64,
}

/// A cache grows to this many bytes before runs collect what they do not need.
pub const DEFAULT_SIZE: u64 = 20 << 30;

const CODE_AGE: Duration = Duration::from_secs(30 * 86_400);
const EVERY: Duration = Duration::from_secs(86_400);

/// Deletes what was not used lately until the store has at most `max_size` bytes. What a run in another process
/// is using stays.
pub fn collect(cache_dir: &Path, max_size: u64) -> Result<Collected, Error> {
    let store = Store::open(cache_dir).map_err(|error| from_store(&error))?;
    collect_in(&store, max_size)
}

fn collect_in(store: &Store, max_size: u64) -> Result<Collected, Error> {
    let options = GcOptions {
        max_size,
        roots: roots(&store.folder().join("projects")),
    };
    let report = store.gc(&options).map_err(|error| from_store(&error))?;
    let sandbox = Sandbox::new(store.code_dir(), Box::new(|_| {}));
    Ok(Collected {
        store: report,
        code: sandbox.collect(CODE_AGE)?,
    })
}

/// What each project's last run, and its written outputs, are made of.
fn roots(projects: &Path) -> Vec<Root> {
    let folders = std::fs::read_dir(projects).into_iter().flatten().flatten();
    let roots = folders.filter_map(|folder| {
        let file = folder.path().join("run");
        let last_use = std::fs::metadata(&file)
            .and_then(|metadata| metadata.modified())
            .ok()?;
        let actions = RunRecord::read(&file)?.actions()?;
        let written = Manifest::read(&folder.path().join("outputs"))
            .folders
            .into_values()
            .flatten();
        Some(Root {
            last_use,
            results: actions.iter().map(|action| action.full_key).collect(),
            trees: actions
                .iter()
                .map(|action| action.output)
                .chain(written)
                .collect(),
            blobs: Vec::new(),
        })
    });
    roots.collect()
}

/// After a run that stored something: merges small packs, and once a day collects what is over the usual size.
/// Its failures are nobody's concern: the next run tries again.
pub fn upkeep(store: &Store) {
    const MERGE: u64 = 256 << 20;
    let _ = store.maintain(MERGE);
    let marker = store.folder().join("collected");
    let age = std::fs::metadata(&marker)
        .and_then(|metadata| metadata.modified())
        .ok();
    let due = age.is_none_or(|time| {
        SystemTime::now()
            .duration_since(time)
            .is_ok_and(|age| age > EVERY)
    });
    if due && std::fs::write(&marker, b"").is_ok() && age.is_some() {
        let _ = collect_in(store, DEFAULT_SIZE);
    }
}

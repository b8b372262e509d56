//! Making the cache smaller: what a project rests on counts as used when that project last ran.

use std::fs;
use std::path::Path;
use std::time::Duration;

use cofferdam_cache::{GcOptions, GcReport, Root, Store};

use crate::error::Error;
use crate::outputs::Manifest;
use crate::record::RunRecord;
use crate::run::{MANIFEST, RECORD, from_store};
use crate::sandbox::Sandbox;

/// Compiled code that nobody used for so long goes.
const CODE_AGE: Duration = Duration::from_secs(60 * 60 * 24 * 30);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Collected {
    pub store: GcReport,
    /// Bytes of compiled code that were freed.
    pub code: u64,
}

/// Deletes what was used least recently until at most `max_size` bytes of results are left, and compiled code
/// that is out of use. What runs under way rest on stays.
pub fn collect(cache_dir: &Path, max_size: u64) -> Result<Collected, Error> {
    let store = Store::open(cache_dir).map_err(|error| from_store(&error))?;
    let options = GcOptions {
        max_size,
        roots: roots(cache_dir)?,
    };
    let report = store.gc(&options).map_err(|error| from_store(&error))?;
    let sandbox = Sandbox::new(store.code_dir(), Box::new(|_| {}));
    Ok(Collected {
        store: report,
        code: sandbox.collect(CODE_AGE)?,
    })
}

/// What the last run of each project used and wrote.
fn roots(cache_dir: &Path) -> Result<Vec<Root>, Error> {
    let projects = cache_dir.join("projects");
    if !projects.exists() {
        return Ok(Vec::new());
    }
    let failed = |error: std::io::Error| {
        Error::environment(format!("cannot read the folder `{}`", projects.display())).cause(error)
    };
    let mut roots = Vec::new();
    for entry in fs::read_dir(&projects).map_err(failed)? {
        let project = entry.map_err(failed)?.path();
        let file = project.join(RECORD);
        // A project whose last run failed has no record, and nothing that rests on one.
        let Ok(last_use) = fs::metadata(&file).and_then(|record| record.modified()) else {
            continue;
        };
        let record = RunRecord::read(&file);
        let actions = record
            .and_then(|record| record.actions())
            .unwrap_or_default();
        let written = Manifest::read(&project.join(MANIFEST)).folders;
        roots.push(Root {
            last_use,
            results: actions.iter().map(|action| action.full_key).collect(),
            trees: written.into_values().flatten().collect(),
            blobs: Vec::new(),
        });
    }
    Ok(roots)
}

//! Where a project and its part of the cache are.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_cache::{Lease, Store};

use crate::error::Error;
use crate::event::{Event, Events};
use crate::execute::How;
use crate::observe::Fault;
use crate::open::{OpenOptions, from_store};
use crate::plan::Parts;
use crate::project::Folder;
use crate::record::RunRecord;
use crate::run::RunOptions;
use crate::sandbox::Sandbox;
use crate::schedule::{End, Report};

/// What a run record must have been made for.
pub fn request(open: &OpenOptions, options: &RunOptions) -> [u8; 32] {
    let mut parts = Parts::default();
    parts.bytes(&open.binary);
    parts.number(u64::from(options.locked));
    parts.number(options.actions.len() as u64);
    for action in &options.actions {
        parts.text(action);
    }
    parts.finish()
}

/// An opened project: one process at a time writes to it.
pub struct Workspace<'a> {
    options: &'a OpenOptions,
    pub store: Arc<Store>,
    pub project_dir: PathBuf,
    _lease: Lease,
    _lock: File,
}

impl<'a> Workspace<'a> {
    /// Waits for another run of the same project to end.
    pub fn open(options: &'a OpenOptions, events: &Events) -> Result<Workspace<'a>, Vec<Error>> {
        let store = Store::open(&options.cache_dir).map_err(|error| vec![from_store(&error)])?;
        let lease = store.lease().map_err(|error| vec![from_store(&error)])?;
        let project_dir = options.project_dir();
        let lock = lock(&project_dir, events).map_err(|error| {
            vec![
                Error::environment(format!(
                    "cannot use the cache folder `{}`",
                    project_dir.display()
                ))
                .cause(error),
            ]
        })?;
        Ok(Workspace {
            options,
            store: Arc::new(store),
            project_dir,
            _lease: lease,
            _lock: lock,
        })
    }

    pub fn options(&self) -> &'a OpenOptions {
        self.options
    }

    pub fn sandbox(&self, events: &Events) -> Arc<Sandbox> {
        let events = events.clone();
        Arc::new(Sandbox::new(
            self.store.code_dir(),
            Box::new(move |event| events(event)),
        ))
    }

    pub fn folder(&self) -> Result<Folder, Fault> {
        Folder::open(&self.options.folder)
    }

    pub fn last_run(&self) -> Option<RunRecord> {
        RunRecord::read(&self.options.record_file())
    }

    pub fn forget_last_run(&self) {
        let _ = std::fs::remove_file(self.options.record_file());
    }

    pub fn generation(&self) -> Result<u64, Vec<Error>> {
        self.store
            .generation()
            .map_err(|error| vec![from_store(&error)])
    }

    pub fn reasons_file(&self) -> PathBuf {
        self.project_dir.join("reasons")
    }

    /// Keeps why the actions of this run ran, for `explain`. A run that executed nothing leaves the last ones.
    pub fn remember_reasons(&self, report: &Report) {
        let mut text = String::new();
        for (action, end) in report.actions.iter().zip(&report.ends) {
            if let Some(End::Done(done)) = end
                && let How::Executed(reason) = &done.how
            {
                text.push_str(&format!("{}\t{reason}\n", action.name));
            }
        }
        if !text.is_empty() {
            // Only `explain` reads it: without it, it says so.
            let _ = std::fs::write(self.reasons_file(), text);
        }
    }
}

fn lock(project_dir: &Path, events: &Events) -> std::io::Result<File> {
    std::fs::create_dir_all(project_dir)?;
    let file = File::create(project_dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {}
        Err(std::fs::TryLockError::Error(error)) => return Err(error),
    }
    events(Event::Notice {
        message: "waiting for another run of this project to end".to_owned(),
    });
    file.lock()?;
    Ok(file)
}

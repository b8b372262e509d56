//! `cofferdam clean`: the written outputs go, what the store knows stays.

use crate::error::Error;
use crate::event::Events;
use crate::observe::Fault;
use crate::open::OpenOptions;
use crate::outputs::Manifest;
use crate::run::Workspace;
use crate::run::written::take_away;
use crate::trees::Trees;

/// Deletes what actions wrote below the project's folder. Files that are not ours stay.
pub fn clean(open: &OpenOptions, events: &Events) -> Result<(), Vec<Error>> {
    let workspace = Workspace::open(open, events)?;
    let project = workspace
        .folder()
        .map_err(|fault: Fault| vec![Error::environment(fault.to_string())])?;
    let trees = Trees::new(workspace.store.clone());
    let mut manifest = Manifest::read(&open.manifest_file());
    let folders: Vec<String> = manifest.folders.keys().cloned().collect();
    for folder in folders {
        take_away(&mut manifest, &trees, &project, &folder, events).map_err(|error| vec![error])?;
    }
    Ok(())
}

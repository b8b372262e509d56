//! `cofferdam clean`: the written outputs go, what the store knows stays.

use crate::error::Error;
use crate::event::{Event, Events};
use crate::observe::Fault;
use crate::open::OpenOptions;
use crate::outputs::{Manifest, Request, place};
use crate::run::Workspace;
use crate::trees::Trees;

/// Deletes what actions wrote below the project's folder. Files that are not ours stay.
pub fn clean(open: &OpenOptions, events: &Events) -> Result<(), Vec<Error>> {
    let workspace = Workspace::open(open, events)?;
    let root = workspace
        .folder()
        .map_err(|fault: Fault| vec![Error::environment(fault.to_string())])?;
    let trees = Trees::new(workspace.store.clone());
    let mut manifest = Manifest::read(&open.manifest_file());
    let folders: Vec<String> = manifest.folders.keys().cloned().collect();
    for folder in folders {
        let placed = place(&Request {
            trees: &trees,
            root: root.descriptor(),
            folder: &folder,
            tree: None,
            owned: manifest.owned(&folder),
            known: &|_| None,
            threads: 1,
        });
        let placed = placed.map_err(|error| vec![error])?;
        manifest.end(&folder, None).map_err(|error| {
            vec![
                Error::environment("cannot write the list of outputs in the cache folder")
                    .cause(error),
            ]
        })?;
        events(Event::Wrote {
            folder,
            files: placed.written,
            deleted: placed.deleted,
        });
    }
    Ok(())
}

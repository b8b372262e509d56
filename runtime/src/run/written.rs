//! The written outputs of a run.

use std::collections::HashSet;
use std::sync::Mutex;

use cofferdam_cache::Digest;

use crate::config::ProjectSpec;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::execute::{Environment, Last};
use crate::outputs::{Directory, Manifest, Placed, Request, check_free, place};
use crate::plan::{ActionId, Plan};
use crate::project::{FileTable, Folder, Row, Swept};
use crate::run::Workspace;
use crate::schedule::{End, Report};
use crate::trees::Trees;

pub struct Outputs<'a> {
    plan: &'a Plan,
    last: Option<&'a Last>,
    swept: Option<Swept>,
    manifest: Mutex<Manifest>,
}

/// Deletes what was written to folders that the project file names no more, before anything looks at the project:
/// nobody is to see them. Tells whether the project's folder has changed.
pub fn take_away_unnamed(
    workspace: &Workspace,
    spec: &ProjectSpec,
    table: &FileTable,
    events: &Events,
) -> Result<bool, Vec<Error>> {
    let file = workspace.options().manifest_file();
    let mut manifest = Manifest::read(&file);
    let named: Vec<&str> = spec
        .actions
        .iter()
        .filter_map(|action| Some(action.writes.as_ref()?.value.as_str()))
        .collect();
    let mut unnamed: Vec<String> = manifest.folders.keys().cloned().collect();
    unnamed.retain(|folder| !named.contains(&folder.as_str()));
    let trees = Trees::new(workspace.store.clone());
    for folder in &unnamed {
        take_away(&mut manifest, &trees, table.folder(), folder, events)
            .map_err(|error| vec![error])?;
    }
    Ok(!unnamed.is_empty())
}

/// Deletes what was written to one folder. Files that are not ours stay.
pub fn take_away(
    manifest: &mut Manifest,
    trees: &Trees,
    project: &Folder,
    folder: &str,
    events: &Events,
) -> Result<(), Error> {
    let placed = place(&Request {
        trees,
        root: project.descriptor(),
        folder,
        tree: None,
        owned: manifest.owned(folder),
        known: &|_, _| None,
        threads: 1,
    })?;
    manifest
        .end(folder, None)
        .map_err(|error| unwritable(&error))?;
    events(Event::Wrote {
        folder: folder.to_owned(),
        files: 0,
        deleted: placed.deleted,
    });
    Ok(())
}

impl<'a> Outputs<'a> {
    pub fn new(
        workspace: &Workspace,
        plan: &'a Plan,
        last: Option<&'a Last>,
        swept: Option<Swept>,
    ) -> Outputs<'a> {
        Outputs {
            plan,
            last,
            swept,
            manifest: Mutex::new(Manifest::read(&workspace.options().manifest_file())),
        }
    }

    /// Makes the folders that are written, before anything runs, so that no action sees a difference between
    /// the first run and the next. Tells whether the project's folder has changed.
    pub fn make_folders(
        &self,
        selected: &[ActionId],
        table: &FileTable,
    ) -> Result<bool, Vec<Error>> {
        let mut changed = false;
        let mut manifest = self.manifest.lock().expect("no panic while locked");
        let mut open = selected.to_vec();
        let mut taking_part = HashSet::new();
        while let Some(id) = open.pop() {
            let action = &self.plan.actions[id as usize];
            if taking_part.insert(id) {
                open.extend(action.inputs());
                if let Some(folder) = &action.writes {
                    // What keeps it from being made is told when something is written there.
                    let made = Directory::make_below(table.folder().descriptor(), folder);
                    if made.unwrap_or(false) {
                        changed = true;
                        manifest
                            .begin(folder, Digest::empty_tree())
                            .map_err(|error| vec![unwritable(&error)])?;
                    }
                }
            }
        }
        Ok(changed)
    }

    /// Writes the outputs of all actions that are done and have a folder; gives the rows of all files.
    pub fn write(
        &self,
        environment: &Environment,
        report: &Report,
        threads: usize,
    ) -> Result<Vec<Row>, Vec<Error>> {
        let mut rows = Vec::new();
        let mut errors = Vec::new();
        for (action, end) in report.actions.iter().zip(&report.ends) {
            if let (Some(folder), Some(End::Done(done))) = (&action.writes, end) {
                match self.write_one(environment, folder, done.output, threads) {
                    Ok(placed) => rows.extend(placed.rows),
                    Err(error) => errors.push(error),
                }
            }
        }
        if errors.is_empty() {
            Ok(rows)
        } else {
            Err(errors)
        }
    }

    fn write_one(
        &self,
        environment: &Environment,
        folder: &str,
        tree: Digest,
        threads: usize,
    ) -> Result<Placed, Error> {
        let mut manifest = self.manifest.lock().expect("no panic while locked");
        let known = |path: &str, next: &mut usize| {
            let (last, swept) = (self.last?, self.swept.as_ref()?);
            let row = last.rows().find_near(path, *next)?;
            *next = row + 1;
            let sound = swept.holds(row) && last.rows().roles(row).output;
            sound.then(|| swept.row(last.rows(), row))
        };
        let before = manifest.owned(folder).to_vec();
        let request = Request {
            trees: &environment.trees,
            root: environment.table.folder().descriptor(),
            folder,
            tree: Some(tree),
            owned: &before,
            known: &known,
            threads,
        };
        check_free(&request)?;
        manifest
            .begin(folder, tree)
            .map_err(|error| unwritable(&error))?;
        let placed = place(&Request {
            owned: manifest.owned(folder),
            ..request
        })?;
        manifest
            .end(folder, Some(tree))
            .map_err(|error| unwritable(&error))?;
        for path in &placed.restored {
            (environment.events)(Event::Notice {
                message: format!("restored `{path}`: it was edited, and is written by an action"),
            });
        }
        if placed.written + placed.deleted > 0 {
            (environment.events)(Event::Wrote {
                folder: folder.to_owned(),
                files: placed.written,
                deleted: placed.deleted,
            });
        }
        Ok(placed)
    }
}

fn unwritable(error: &std::io::Error) -> Error {
    Error::environment("cannot write the list of outputs in the cache folder").cause(error)
}

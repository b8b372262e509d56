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

/// What is written below one folder.
pub struct Written {
    pub folder: String,
    /// One for each file, link and empty folder.
    pub rows: Vec<Row>,
    /// Where `rows` are only those that are new: what the last run's record has below the folder and is gone, with
    /// all below it. The other rows of the record still hold.
    pub gone: Option<Vec<String>>,
}

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
        standing: None,
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

    /// Writes the outputs of all actions that are done and have a folder. `same_plan`: the last run's record has
    /// the same actions, and wrote what the manifest tells.
    pub fn write(
        &self,
        environment: &Environment,
        report: &Report,
        same_plan: bool,
        threads: usize,
    ) -> Result<Vec<Written>, Vec<Error>> {
        let mut all = Vec::new();
        let mut errors = Vec::new();
        for (action, end) in report.actions.iter().zip(&report.ends) {
            if let (Some(folder), Some(End::Done(done))) = (&action.writes, end) {
                let standing = same_plan.then(|| self.standing(folder)).flatten();
                match self.write_one(environment, folder, done.output, standing, threads) {
                    Ok(placed) => all.push(Written {
                        folder: folder.to_string(),
                        rows: placed.rows,
                        gone: standing.map(|_| placed.gone),
                    }),
                    Err(error) => errors.push(error),
                }
            }
        }
        if errors.is_empty() {
            Ok(all)
        } else {
            Err(errors)
        }
    }

    /// The tree that the last run wrote to a folder, if all of it is still there.
    fn standing(&self, folder: &str) -> Option<Digest> {
        let (last, swept) = (self.last?, self.swept.as_ref()?);
        let rows = last.rows();
        let mut changes = swept.changes.iter();
        let edited =
            changes.any(|row| rows.roles(*row).output && is_below(rows.path(*row), folder));
        match self
            .manifest
            .lock()
            .expect("no panic while locked")
            .owned(folder)
        {
            [tree] if !edited => Some(*tree),
            _ => None,
        }
    }

    fn write_one(
        &self,
        environment: &Environment,
        folder: &str,
        tree: Digest,
        standing: Option<Digest>,
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
            standing,
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

/// Whether a path is the folder or in it.
pub fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn unwritable(error: &std::io::Error) -> Error {
    Error::environment("cannot write the list of outputs in the cache folder").cause(error)
}

//! One folder with releases: what is in it, and the few steps that change it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_plugin::files::{self, Kind};
use cofferdam_plugin::{At as _, Change, Failure, Operation, Result, real_path};

/// Names that an interrupted deployment leaves behind.
const UNFINISHED: &str = ".unfinished";

pub(crate) struct Instance {
    pub(crate) name: String,
    root: PathBuf,
    /// The names in `releases/`, sorted.
    pub(crate) releases: Vec<String>,
    /// What `current` leads to.
    pub(crate) current: Option<String>,
    /// The revisions that were current, oldest first, the current one last.
    pub(crate) history: Vec<String>,
    /// Relative to the root.
    leftovers: Vec<String>,
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct HistoryRecord {
    version: u32,
    revisions: Vec<String>,
}

const VERSION: u32 = 1;

impl Instance {
    pub(crate) fn read(instance: &cofferdam_plugin::Instance) -> Result<Instance> {
        let root = real_path(&instance.root);
        let mut found = Instance {
            name: instance.name.clone(),
            releases: Vec::new(),
            current: current(&root)?,
            history: history(&root)?,
            leftovers: Vec::new(),
            root,
        };
        for name in names(&found.root)? {
            if name.ends_with(UNFINISHED) {
                found.leftovers.push(name);
            }
        }
        for name in names(&found.root.join("releases"))? {
            match name.ends_with(UNFINISHED) {
                true => found.leftovers.push(format!("releases/{name}")),
                false => found.releases.push(name),
            }
        }
        // A switch whose record was not written any more.
        if let Some(current) = &found.current
            && found.history.last() != Some(current)
        {
            found.history.push(current.clone());
        }
        Ok(found)
    }

    pub(crate) fn has(&self, revision: &str) -> bool {
        self.releases.iter().any(|release| release == revision)
    }

    pub(crate) fn release(&self, revision: &str) -> PathBuf {
        self.root.join("releases").join(revision)
    }

    pub(crate) fn change(&self, operation: Operation, path: String, detail: String) -> Change {
        let instance = self.name.clone();
        Change {
            instance,
            operation,
            path,
            detail,
        }
    }

    /// Removes what an interrupted deployment left.
    pub(crate) fn sweep(&mut self, dry_run: bool) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for path in std::mem::take(&mut self.leftovers) {
            if !dry_run {
                remove(&self.root.join(&path))?;
            }
            let detail = "left by an interrupted deployment".to_owned();
            changes.push(self.change(Operation::Delete, path, detail));
        }
        Ok(changes)
    }

    /// Copies a tree to the place of a release: whole or not at all.
    pub(crate) fn add(&mut self, revision: &str, from: &Path) -> Result {
        let unfinished = self.release(&format!("{revision}{UNFINISHED}"));
        files::create_folder(&unfinished)?;
        for entry in files::walk(from)? {
            let to = unfinished.join(&entry.name);
            match entry.kind {
                Kind::Directory => files::create_folder(to)?,
                Kind::Symlink => files::copy(&entry.path, to)?,
                Kind::File => {
                    files::copy(&entry.path, &to)?;
                    if files::is_executable(&entry.path)? && !files::is_executable(&to)? {
                        files::set_executable(&to, true)?;
                    }
                }
            }
        }
        fs::rename(&unfinished, self.release(revision)).at(&unfinished)?;
        self.releases.push(revision.to_owned());
        Ok(())
    }

    pub(crate) fn remove(&mut self, revision: &str) -> Result {
        // Renamed first: half a release must not look like one.
        let unfinished = self.release(&format!("{revision}{UNFINISHED}"));
        fs::rename(self.release(revision), &unfinished).at(&unfinished)?;
        self.releases.retain(|release| release != revision);
        remove(&unfinished)
    }

    /// Makes a release the current one. Whoever follows `current` sees the old or the new, never neither.
    pub(crate) fn switch(&mut self, revision: &str) -> Result {
        let current = self.root.join("current");
        let unfinished = self.root.join(format!("current{UNFINISHED}"));
        files::symlink(format!("releases/{revision}"), &unfinished)?;
        fs::rename(&unfinished, &current).at(&current)?;
        self.current = Some(revision.to_owned());
        Ok(())
    }

    pub(crate) fn write_history(&self) -> Result {
        let record = HistoryRecord {
            version: VERSION,
            revisions: self.history.clone(),
        };
        let path = self.root.join("history.json");
        let unfinished = self.root.join(format!("history{UNFINISHED}"));
        files::write(&unfinished, cofferdam_plugin::json(&record))?;
        fs::rename(&unfinished, &path).at(&path)
    }
}

fn current(root: &Path) -> Result<Option<String>> {
    let path = root.join("current");
    match fs::read_link(&path) {
        Ok(target) => Ok(target
            .to_str()
            .and_then(|target| target.strip_prefix("releases/"))
            .map(str::to_owned)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) => {
            let message = "is not a link: move it away, it is where the current release is linked";
            Err(Failure::user(message).at(path).into())
        }
    }
}

fn history(root: &Path) -> Result<Vec<String>> {
    let path = root.join("history.json");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let record: HistoryRecord = serde_json::from_slice(&files::read(&path)?).at(&path)?;
    if record.version != VERSION {
        let message = format!(
            "has version {}, and this version of the plugin writes {VERSION}: deploy with the version that wrote it",
            record.version
        );
        return Err(Failure::user(message).at(path).into());
    }
    Ok(record.revisions)
}

/// Sorted; none when there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.at(folder)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.at(folder)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// A file, a link, or a folder with all in it.
fn remove(path: &Path) -> Result {
    let stat = fs::symlink_metadata(path).at(path)?;
    match stat.is_dir() {
        true => fs::remove_dir_all(path).at(path),
        false => fs::remove_file(path).at(path),
    }
}

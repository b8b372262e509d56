//! What happens to a project between two runs, or during one. Every edit is one that can be made to any project:
//! where it makes no sense it does nothing, so that a failing list of edits can be shortened.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::model::{Act, FOLDERS, PATHS, TARGETS, TEXTS};

#[derive(Clone, Debug)]
pub enum Edit {
    /// Made in the project's files.
    Source(Source),
    /// Made to what was written: path below a written folder.
    Output(Output),
    /// Of action `.0`.
    Replace(usize, Act),
    Tweak(usize, Tweak),
    /// Another action at the end, or the last one gone.
    Add(Act),
    RemoveLast,
    /// The plugin in the project has other bytes.
    Plugin,
    /// The host's variable has another value.
    Variable,
    Cache(Lost),
}

#[derive(Clone, Debug)]
pub enum Source {
    Write(usize, usize),
    /// In place, with the time it had before.
    Quietly(usize, usize),
    Touch(usize),
    Delete(usize),
    Rename(usize, usize),
    /// A file where a folder was, a folder where a file was.
    Swap(usize),
    Folder(usize),
    /// A link to a copy of itself.
    LinkToCopy(usize),
    Link(usize, usize),
    Program(usize),
}

#[derive(Clone, Debug)]
pub enum Output {
    /// Some file of the folder, by its number.
    Write(usize, usize, usize),
    Quietly(usize, usize),
    Delete(usize, usize),
    /// With all in it.
    DeleteFolder(usize),
    /// A file that no action makes.
    Foreign(usize),
}

#[derive(Clone, Debug)]
pub enum Tweak {
    Silent,
    Reads(Option<usize>),
    Need(usize),
    Base(Option<usize>),
    Writes(Option<usize>),
    Variable,
    Salt,
    Grant,
    Local,
}

/// What is lost of the cache.
#[derive(Clone, Copy, Debug)]
pub enum Lost {
    /// The last run's record.
    Record,
    /// All but compiled code, and with it what was written.
    All,
}

impl Source {
    pub fn apply(&self, folder: &Path) {
        // What cannot be done is not done.
        let _ = self.attempt(folder);
    }

    fn attempt(&self, folder: &Path) -> io::Result<()> {
        let path = |index: usize| folder.join(PATHS[index % PATHS.len()]);
        match *self {
            Source::Write(at, text) => write(&path(at), TEXTS[text % TEXTS.len()]),
            Source::Quietly(at, text) => quietly(&path(at), text),
            Source::Touch(at) => {
                let file = fs::File::options().write(true).open(path(at))?;
                file.set_modified(std::time::SystemTime::now())
            }
            Source::Delete(at) => remove(&path(at)),
            Source::Rename(from, to) => {
                make_parent(&path(to))?;
                fs::rename(path(from), path(to))
            }
            Source::Swap(at) => {
                let is_folder = fs::symlink_metadata(path(at))?.is_dir();
                remove(&path(at))?;
                if is_folder {
                    fs::write(path(at), "x")
                } else {
                    fs::create_dir(path(at))?;
                    fs::write(path(at).join("a"), "x")
                }
            }
            Source::Folder(at) => fs::create_dir_all(path(at)),
            Source::LinkToCopy(at) => {
                let copy = folder.join("copies").join(format!("{}", at % PATHS.len()));
                if fs::symlink_metadata(path(at))?.is_symlink() {
                    return Ok(());
                }
                make_parent(&copy)?;
                let _ = remove(&copy);
                fs::rename(path(at), &copy)?;
                symlink(up(at, &format!("copies/{}", at % PATHS.len())), path(at))
            }
            Source::Link(at, target) => {
                make_parent(&path(at))?;
                let _ = remove(&path(at));
                symlink(TARGETS[target % TARGETS.len()], path(at))
            }
            Source::Program(at) => {
                let stat = fs::symlink_metadata(path(at))?;
                if !stat.is_file() {
                    return Ok(());
                }
                let mode = stat.permissions().mode() ^ 0o111;
                fs::set_permissions(path(at), fs::Permissions::from_mode(mode))
            }
        }
    }
}

impl Output {
    /// In the project that is built. Foreign files are made in the other one too.
    pub fn apply(&self, live: &Path, shadow: &Path) {
        let _ = self.attempt(live, shadow);
    }

    fn attempt(&self, live: &Path, shadow: &Path) -> io::Result<()> {
        let folder = |index: usize| live.join(FOLDERS[index % FOLDERS.len()]);
        match *self {
            Output::Write(at, number, text) => match some_file(&folder(at), number) {
                Some(path) => write(&path, TEXTS[text % TEXTS.len()]),
                None => Ok(()),
            },
            Output::Quietly(at, number) => match some_file(&folder(at), number) {
                Some(path) => quietly(&path, 1),
                None => Ok(()),
            },
            Output::Delete(at, number) => match some_file(&folder(at), number) {
                Some(path) => fs::remove_file(path),
                None => Ok(()),
            },
            Output::DeleteFolder(at) => {
                let there = FOLDERS[at % FOLDERS.len()];
                let _ = remove(&shadow.join(there).join("foreign"));
                let _ = remove(&live.join(there));
                for above in Path::new(there).ancestors() {
                    let _ = fs::remove_dir(shadow.join(above));
                    let _ = fs::remove_dir(live.join(above));
                }
                Ok(())
            }
            Output::Foreign(at) => {
                if !folder(at).is_dir() {
                    return Ok(());
                }
                write(&folder(at).join("foreign"), "mine")?;
                write(
                    &shadow.join(FOLDERS[at % FOLDERS.len()]).join("foreign"),
                    "mine",
                )
            }
        }
    }
}

/// The path from a file's folder to another of the project.
fn up(at: usize, to: &str) -> String {
    format!(
        "{}{to}",
        "../".repeat(PATHS[at % PATHS.len()].matches('/').count())
    )
}

/// A file below a folder that is not foreign.
fn some_file(folder: &Path, number: usize) -> Option<std::path::PathBuf> {
    let mut files: Vec<_> = super::tree(folder)
        .into_iter()
        .filter(|(path, what)| what != "dir" && path != "foreign")
        .map(|(path, _)| path)
        .collect();
    files.sort();
    if files.is_empty() {
        None
    } else {
        Some(folder.join(&files[number % files.len()]))
    }
}

/// Other bytes of the same length, and the time that the file had.
fn quietly(path: &Path, text: usize) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(());
    }
    let before = fs::metadata(path)?;
    let letter = [b'x', b'y', b'z', b'w'][text % 4];
    fs::write(
        path,
        vec![letter; usize::try_from(before.len()).unwrap_or(0)],
    )?;
    fs::File::options()
        .write(true)
        .open(path)?
        .set_modified(before.modified()?)
}

/// Files and links among the folders on the way are replaced.
fn make_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.is_dir() => fs::create_dir_all(parent),
        _ => Ok(()),
    }
}

/// A link is replaced, not followed: it may lead anywhere.
fn write(path: &Path, text: &str) -> io::Result<()> {
    make_parent(path)?;
    if path.is_symlink() {
        fs::remove_file(path)?;
    }
    fs::write(path, text)
}

pub fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

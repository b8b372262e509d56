//! `std::fs` with errors that name the file, in orders that do not change, and copies that cost nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Failure, Result};

/// One name found by [`walk`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Relative to where the walk began, with `/`.
    pub name: String,
    pub path: PathBuf,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    File,
    Directory,
    Symlink,
}

pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    fs::read(path).map_err(|error| failure("cannot be read", path, error).into())
}

pub fn read_text(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    let bytes = read(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let bytes = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
        Failure::user("is not UTF-8")
            .at_position(path, line, 1)
            .into()
    })
}

/// Makes the folders on the way.
pub fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result {
    let path = path.as_ref();
    with_parent(path, || fs::write(path, bytes.as_ref()))
        .map_err(|error| failure("cannot be written", path, error).into())
}

/// With the folders on the way; nothing happens when it is there already.
pub fn create_folder(path: impl AsRef<Path>) -> Result {
    let path = path.as_ref();
    fs::create_dir_all(path).map_err(|error| failure("cannot be made", path, error).into())
}

/// Copies a file or a symbolic link, replaces what is there, makes the folders on the way and keeps
/// what makes a file a program. Between folders of the sandbox no byte is moved: a hard link is a reference.
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result {
    let (from, to) = (from.as_ref(), to.as_ref());
    let copied = with_parent(to, || match fs::hard_link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        Err(_) => copy_bytes(from, to),
        Ok(()) => Ok(()),
    });
    copied.map_err(|error| failure("cannot be copied", from, error).into())
}

fn copy_bytes(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        fs::remove_file(to)?;
        if fs::hard_link(from, to).is_ok() {
            return Ok(());
        }
    }
    if fs::symlink_metadata(from)?.is_symlink() {
        return make_symlink(&fs::read_link(from)?, to);
    }
    fs::copy(from, to).map(drop)
}

/// Copies all below one folder into another, empty folders too.
pub fn copy_tree(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result {
    let to = to.as_ref();
    create_folder(to)?;
    for entry in walk(from)? {
        match entry.kind {
            Kind::Directory => create_folder(to.join(&entry.name))?,
            Kind::File | Kind::Symlink => copy(&entry.path, to.join(&entry.name))?,
        }
    }
    Ok(())
}

/// All below a folder, in byte order of the names of each folder, a folder before what is in it.
/// Links are named, not followed.
pub fn walk(folder: impl AsRef<Path>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    walk_into(folder.as_ref(), "", &mut entries)?;
    Ok(entries)
}

/// The names of the files below a folder, relative to it. Links are left out.
pub fn list(folder: impl AsRef<Path>) -> Result<Vec<String>> {
    let files = walk(folder)?
        .into_iter()
        .filter(|entry| entry.kind == Kind::File);
    Ok(files.map(|entry| entry.name).collect())
}

fn walk_into(folder: &Path, prefix: &str, entries: &mut Vec<Entry>) -> Result {
    let mut found =
        read_folder(folder).map_err(|error| failure("cannot be listed", folder, error))?;
    found.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, kind) in found {
        let entry = Entry {
            path: folder.join(&name),
            name: format!("{prefix}{name}"),
            kind,
        };
        let below =
            (kind == Kind::Directory).then(|| (entry.path.clone(), format!("{}/", entry.name)));
        entries.push(entry);
        if let Some((path, prefix)) = below {
            walk_into(&path, &prefix, entries)?;
        }
    }
    Ok(())
}

fn read_folder(folder: &Path) -> io::Result<Vec<(String, Kind)>> {
    let entries = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        let kind = entry.file_type()?;
        let kind = if kind.is_dir() {
            Kind::Directory
        } else if kind.is_symlink() {
            Kind::Symlink
        } else {
            Kind::File
        };
        let name = entry.file_name().into_string().map_err(|name| {
            io::Error::other(format!("the name `{}` is not UTF-8", name.display()))
        })?;
        Ok((name, kind))
    });
    entries.collect()
}

/// A symbolic link at `path` with this text.
pub fn symlink(target: impl AsRef<Path>, path: impl AsRef<Path>) -> Result {
    let path = path.as_ref();
    with_parent(path, || make_symlink(target.as_ref(), path))
        .map_err(|error| failure("cannot be linked", path, error).into())
}

/// Whether a file is a program. Follows links.
pub fn is_executable(path: impl AsRef<Path>) -> Result<bool> {
    Ok(modes::is_executable(path.as_ref())?)
}

pub fn set_executable(path: impl AsRef<Path>, executable: bool) -> Result {
    Ok(modes::set_executable(path.as_ref(), executable)?)
}

fn with_parent<T>(path: &Path, act: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match (act(), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(parent)?;
            act()
        }
        (result, _) => result,
    }
}

fn failure(what: &str, path: &Path, error: io::Error) -> Failure {
    let mut failure = Failure::from(error);
    failure.message = format!("{what}: {}", failure.message);
    failure.at(path)
}

#[cfg(target_family = "wasm")]
fn make_symlink(target: &Path, path: &Path) -> io::Result<()> {
    use std::ffi::{CString, c_char, c_int};

    // std's own function is unstable on WASI; this is what it calls.
    unsafe extern "C" {
        fn symlink(target: *const c_char, path: *const c_char) -> c_int;
    }
    let text = |path: &Path| CString::new(path.as_os_str().as_encoded_bytes());
    let (target, path) = (text(target)?, text(path)?);
    // SAFETY: wasi-libc's `symlink` reads two NUL-terminated strings, which live until it returns.
    match unsafe { symlink(target.as_ptr(), path.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(unix)]
fn make_symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(target_family = "wasm")]
mod modes {
    use std::path::Path;

    use crate::Failure;
    use crate::bindings::shared::cofferdam::plugin::modes;

    pub(super) fn is_executable(path: &Path) -> Result<bool, Failure> {
        modes::is_executable(&path.to_string_lossy()).map_err(Failure::user)
    }

    pub(super) fn set_executable(path: &Path, executable: bool) -> Result<(), Failure> {
        modes::set_executable(&path.to_string_lossy(), executable).map_err(Failure::user)
    }
}

#[cfg(unix)]
mod modes {
    use std::fs;
    use std::io;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::failure;
    use crate::Failure;

    pub(super) fn is_executable(path: &Path) -> Result<bool, Failure> {
        let stat = fs::metadata(path).map_err(|error| failure("cannot be read", path, error))?;
        Ok(stat.permissions().mode() & 0o111 != 0)
    }

    pub(super) fn set_executable(path: &Path, executable: bool) -> Result<(), Failure> {
        let set = || -> io::Result<()> {
            let mut permissions = fs::metadata(path)?.permissions();
            let bits = permissions.mode() & !0o111;
            permissions.set_mode(if executable { bits | 0o111 } else { bits });
            fs::set_permissions(path, permissions)
        };
        set().map_err(|error| failure("cannot be changed", path, error))
    }
}

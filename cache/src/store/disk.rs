//! Every change of the disk, one function for each system call: the tests end the process, or fail the call,
//! at every one of them.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

use super::StoreError;

#[cfg(test)]
use super::tests::fault::{step, write_step};

#[cfg(not(test))]
#[inline(always)]
fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(not(test))]
#[inline(always)]
fn write_step(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Ok(())
}

fn done<T>(result: io::Result<T>, verb: &'static str, path: &Path) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::io(verb, path, error))
}

/// A new file, open for reading and writing.
pub(super) fn create(path: &Path) -> Result<File, StoreError> {
    let open = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(path)
    };
    done(step().and_then(|()| open()), "create", path)
}

/// One `write`, repeated only when the system took less than it was given.
pub(super) fn write_at(
    file: &File,
    path: &Path,
    bytes: &[u8],
    offset: u64,
) -> Result<(), StoreError> {
    let write = || file.write_all_at(bytes, offset);
    done(
        write_step(file, bytes, offset).and_then(|()| write()),
        "write",
        path,
    )
}

pub(super) fn truncate(file: &File, path: &Path, length: u64) -> Result<(), StoreError> {
    let cut = || file.set_len(length);
    done(step().and_then(|()| cut()), "cut", path)
}

pub(super) fn make_read_only(file: &File, path: &Path) -> Result<(), StoreError> {
    let change = || file.set_permissions(Permissions::from_mode(0o444));
    done(step().and_then(|()| change()), "make read-only", path)
}

pub(super) fn set_modified(file: &File, path: &Path, time: SystemTime) -> Result<(), StoreError> {
    let change = || file.set_modified(time);
    done(step().and_then(|()| change()), "touch", path)
}

pub(super) fn sync(file: &File, path: &Path) -> Result<(), StoreError> {
    done(step().and_then(|()| file.sync_data()), "sync", path)
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    let rename = || fs::rename(from, to);
    done(step().and_then(|()| rename()), "create", to)
}

/// A file that is already gone is no error.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    let remove = || match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    done(step().and_then(|()| remove()), "delete", path)
}

/// A folder that is already there is no error.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let make = || match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    };
    done(step().and_then(|()| make()), "create", path)
}

//! What can go wrong with a cache folder, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::folder::FORMAT;

/// A fault of the folder or the disk. Damage and absence are not errors: a damaged record reads as absent.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the cache `{}` has format {found}, this version reads format {FORMAT}", path.display())]
    Format { path: PathBuf, found: u32 },
    #[error("`{}` holds files but is not a cache", path.display())]
    Foreign { path: PathBuf },
    #[error("no space left to {operation} `{}`", path.display())]
    Full {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("may not {operation} `{}`", path.display())]
    ReadOnly {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("too many open files to {operation} `{}`", path.display())]
    TooManyFiles {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl StoreError {
    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> StoreError {
        let path = path.to_owned();
        match Errno::from_io_error(&source) {
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => StoreError::Full {
                operation,
                path,
                source,
            },
            Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => StoreError::ReadOnly {
                operation,
                path,
                source,
            },
            Some(Errno::MFILE | Errno::NFILE) => StoreError::TooManyFiles {
                operation,
                path,
                source,
            },
            _ => StoreError::Io {
                operation,
                path,
                source,
            },
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            StoreError::Format { found, .. } if *found > FORMAT => {
                "use the newer version that made it, or choose another cache folder"
            }
            StoreError::Format { .. } => "delete it (it only saves work), or choose another folder",
            StoreError::Foreign { .. } => "choose an empty or a new folder for the cache",
            StoreError::Full { .. } => {
                "free some space, or collect the cache with a smaller size limit"
            }
            StoreError::ReadOnly { .. } => {
                "make the cache folder writable, or choose another cache folder"
            }
            StoreError::TooManyFiles { .. } => "raise the limit of open files (`ulimit -n`)",
            StoreError::Io { .. } => {
                "check the disk; the cache may be deleted at any time, it only saves work"
            }
        }
    }
}

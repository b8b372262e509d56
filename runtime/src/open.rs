//! What the caller says of a project, its cache and itself.

use std::path::PathBuf;

use crate::error::Error;

/// A plugin that is part of the program.
pub struct Builtin {
    pub name: &'static str,
    /// blake3 of the component.
    pub digest: [u8; 32],
    pub bytes: &'static [u8],
}

/// The value of a host variable, if it is set.
pub type HostEnvironment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

pub struct OpenOptions {
    pub folder: PathBuf,
    pub cache_dir: PathBuf,
    pub builtins: &'static [Builtin],
    /// Looks a host variable up, for those that the project file passes on.
    pub host_environment: HostEnvironment,
    /// Identifies this build of the program: another one does not trust the last run's record.
    pub binary: [u8; 32],
}

impl OpenOptions {
    /// The project's own folder in the cache: its last run, its manifest.
    pub fn project_dir(&self) -> PathBuf {
        let path = std::fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let name = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex();
        self.cache_dir.join("projects").join(&name.as_str()[..32])
    }

    pub fn manifest_file(&self) -> PathBuf {
        self.project_dir().join("outputs")
    }

    pub fn record_file(&self) -> PathBuf {
        self.project_dir().join("run")
    }
}

/// An error of the cache folder, with what to do about it.
pub fn from_store(error: &cofferdam_cache::StoreError) -> Error {
    Error::environment("cannot use the cache")
        .cause(error)
        .hint(error.hint())
}

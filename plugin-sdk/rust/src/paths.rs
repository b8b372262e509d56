//! The folders of the sandbox. Outside of it, in a test, they are those of the thread's harness.

use std::path::{Path, PathBuf};

/// The project's folder, as far as the action's `reads` show it.
pub fn src() -> PathBuf {
    real_path("/src")
}

/// The output of a need.
pub fn input(name: &str) -> PathBuf {
    real_path("/in").join(name)
}

/// What the action leaves behind.
pub fn out() -> PathBuf {
    real_path("/out")
}

/// The working tree: what the action starts from, with its own changes.
pub fn build() -> PathBuf {
    real_path("/build")
}

/// Thrown away afterwards.
pub fn tmp() -> PathBuf {
    real_path("/tmp")
}

/// Where `/src/a.md` is. In the sandbox, the same path.
pub fn real_path(path: &str) -> PathBuf {
    match root::current() {
        Some(root) => root.join(path.trim_start_matches('/')),
        None => PathBuf::from(path),
    }
}

/// The path as the sandbox knows it: `/src/a.md`. The opposite of [`real_path`].
pub fn guest_path(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let inner = root::current().and_then(|root| path.strip_prefix(root).ok().map(Path::to_owned));
    match inner {
        Some(inner) => format!("/{}", inner.display()),
        None => path.display().to_string(),
    }
}

#[cfg(target_family = "wasm")]
mod root {
    pub(crate) fn current() -> Option<std::path::PathBuf> {
        None
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) mod root {
    use std::cell::RefCell;
    use std::path::PathBuf;

    thread_local! {
        static ROOT: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
    }

    pub(crate) fn current() -> Option<PathBuf> {
        ROOT.with_borrow(Clone::clone)
    }

    /// Returns what was set before.
    pub(crate) fn set(root: Option<PathBuf>) -> Option<PathBuf> {
        ROOT.replace(root)
    }
}

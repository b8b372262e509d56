//! Where the project and the cache are, and what the runtime is to know of this process.

use std::env;
use std::path::{Path, PathBuf};

use cofferdam_runtime::{Error, OpenOptions};

use crate::arguments::Global;
use crate::builtins::BUILTINS;

pub const PROJECT_FILE: &str = "cofferdam.toml";

/// The project that the arguments mean.
pub fn open(global: &Global) -> Result<OpenOptions, Vec<Error>> {
    let folder = folder(global).map_err(|error| vec![error])?;
    open_in(global, folder)
}

/// The project that the arguments mean, or the folder itself if it is none: for what needs no project.
pub fn open_or_here(global: &Global) -> Result<OpenOptions, Vec<Error>> {
    let here = || global.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    open_in(global, folder(global).unwrap_or_else(|_| here()))
}

fn open_in(global: &Global, folder: PathBuf) -> Result<OpenOptions, Vec<Error>> {
    Ok(OpenOptions {
        folder,
        cache_dir: cache_dir(global).map_err(|error| vec![error])?,
        builtins: BUILTINS,
        host_environment: Box::new(|name| env::var(name).ok()),
        binary: identity(),
    })
}

/// `-C`, else the nearest folder upwards that has a project file.
fn folder(global: &Global) -> Result<PathBuf, Error> {
    if let Some(folder) = &global.folder {
        if folder.join(PROJECT_FILE).is_file() {
            return Ok(folder.clone());
        }
        return Err(Error::config(format!(
            "there is no `{PROJECT_FILE}` in `{}`",
            folder.display()
        ))
        .hint(format!(
            "`cofferdam -C {} init` writes one",
            folder.display()
        )));
    }
    let current = env::current_dir()
        .map_err(|error| Error::environment("cannot tell the current folder").cause(error))?;
    let found = current
        .ancestors()
        .find(|folder| folder.join(PROJECT_FILE).is_file());
    found.map(Path::to_path_buf).ok_or_else(|| {
        Error::config(format!(
            "there is no `{PROJECT_FILE}` in `{}` or above",
            current.display()
        ))
        .hint("`cofferdam init` writes one; `-C DIR` names the project's folder")
    })
}

/// `--cache-dir`, else `COFFERDAM_CACHE_DIR`, else the platform's folder.
pub fn cache_dir(global: &Global) -> Result<PathBuf, Error> {
    let given = global
        .cache_dir
        .clone()
        .or_else(|| variable("COFFERDAM_CACHE_DIR"));
    let dir = given.or_else(|| platform_cache(variable)).ok_or_else(|| {
        Error::environment("cannot tell where the cache is: `HOME` is not set")
            .hint("say it with `--cache-dir DIR` or `COFFERDAM_CACHE_DIR`")
    })?;
    std::path::absolute(&dir).map_err(|error| {
        Error::environment(format!("cannot use the cache folder `{}`", dir.display())).cause(error)
    })
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn platform_cache(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        return Some(variable("HOME")?.join("Library/Caches/cofferdam"));
    }
    // The XDG base directory specification ignores relative paths.
    let xdg = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let caches = match xdg {
        Some(xdg) => xdg,
        None => variable("HOME")?.join(".cache"),
    };
    Some(caches.join("cofferdam"))
}

/// Tells this build of the program from another without reading all of it: its version, and its file's
/// place, size and times. Zeros if the file cannot be found, which only costs trust in the last run.
#[cfg(unix)]
fn identity() -> [u8; 32] {
    use std::os::unix::fs::MetadataExt;

    let Ok(file) = env::current_exe().and_then(std::fs::metadata) else {
        return [0; 32];
    };
    let text = format!(
        "{} {} {} {} {}.{} {}.{}",
        env!("CARGO_PKG_VERSION"),
        file.dev(),
        file.ino(),
        file.len(),
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec()
    );
    cofferdam_cache::Digest::of(text.as_bytes()).hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_cache_is_where_the_platform_keeps_caches() {
        let set = |pairs: &'static [(&str, &str)]| {
            platform_cache(move |name| {
                pairs
                    .iter()
                    .find(|pair| pair.0 == name)
                    .map(|pair| PathBuf::from(pair.1))
            })
        };
        assert_eq!(
            set(&[("HOME", "/h")]),
            Some(PathBuf::from("/h/.cache/cofferdam"))
        );
        assert_eq!(
            set(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]),
            Some(PathBuf::from("/c/cofferdam"))
        );
        assert_eq!(
            set(&[("HOME", "/h"), ("XDG_CACHE_HOME", "c")]),
            Some(PathBuf::from("/h/.cache/cofferdam"))
        );
        assert_eq!(set(&[]), None);
    }

    #[test]
    fn a_binary_is_itself() {
        assert_eq!(identity(), identity());
        assert_ne!(identity(), [0; 32]);
    }
}

//! Tells of changes below the project's folder.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cofferdam_runtime::{Error, OpenOptions};
use notify::{Config, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use crate::commands::watch::wake::Wake;

/// Between two looks where the system cannot watch.
const LOOKS: Duration = Duration::from_secs(1);

/// Folders whose changes are no reason to run: Git's, the cache, written outputs.
pub struct Ignored {
    project: PathBuf,
    folders: Vec<PathBuf>,
}

impl Ignored {
    pub fn new(open: &OpenOptions) -> Ignored {
        let project = real(&open.folder);
        Ignored {
            folders: vec![project.join(".git"), real(&open.cache_dir)],
            project,
        }
    }

    /// `folder` is relative to the project's.
    pub fn add(&mut self, folder: &str) {
        let folder = self.project.join(folder);
        if folder != self.project && !self.folders.contains(&folder) {
            self.folders.push(folder);
        }
    }

    fn holds(&self, path: &Path) -> bool {
        self.folders.iter().any(|folder| path.starts_with(folder))
    }
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Watches until it is dropped.
pub struct Eye {
    _watcher: Box<dyn Watcher>,
}

impl Eye {
    /// By the system's own means; where those are exhausted, by looking every second.
    pub fn open(
        folder: &Path,
        ignored: Arc<Mutex<Ignored>>,
        wakes: Sender<Wake>,
    ) -> Result<Eye, Error> {
        let folder = real(folder);
        let tell = move |event: notify::Result<notify::Event>| {
            let matters = match &event {
                Ok(event) if event.need_rescan() => true,
                Ok(event) if matches!(event.kind, EventKind::Access(_)) => false,
                Ok(event) => {
                    let ignored = ignored.lock().unwrap_or_else(PoisonError::into_inner);
                    !event.paths.iter().all(|path| ignored.holds(path))
                }
                // What could not be seen may have changed.
                Err(_) => true,
            };
            if matters {
                // Nobody waits any more.
                let _ = wakes.send(Wake::Changed);
            }
        };
        let native = watch::<RecommendedWatcher>(&folder, tell.clone(), Config::default());
        let watcher = native.or_else(|_| {
            watch::<PollWatcher>(&folder, tell, Config::default().with_poll_interval(LOOKS))
        });
        let watcher = watcher.map_err(|error| {
            Error::environment(format!("cannot watch the folder `{}`", folder.display()))
                .cause(error)
        })?;
        Ok(Eye { _watcher: watcher })
    }
}

fn watch<W: Watcher + 'static>(
    folder: &Path,
    tell: impl Fn(notify::Result<notify::Event>) + Send + 'static,
    config: Config,
) -> notify::Result<Box<dyn Watcher>> {
    let mut watcher = W::new(tell, config)?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(Box::new(watcher))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// Longer than any test should take; a change that is told of ends the wait at once.
    const PATIENCE: Duration = Duration::from_secs(20);

    fn project(folder: &Path) -> OpenOptions {
        OpenOptions {
            folder: folder.to_path_buf(),
            cache_dir: folder.join("cache"),
            builtins: &[],
            host_environment: Box::new(|_| None),
            binary: [0; 32],
        }
    }

    fn open(folder: &Path) -> (Eye, Receiver<Wake>) {
        let (sender, wakes) = channel();
        let mut ignored = Ignored::new(&project(folder));
        ignored.add("dist");
        (
            Eye::open(folder, Arc::new(Mutex::new(ignored)), sender).unwrap(),
            wakes,
        )
    }

    #[test]
    fn changes_are_told_but_reading_and_outputs_are_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("dist")).unwrap();
        std::fs::create_dir_all(folder.path().join("docs")).unwrap();
        std::fs::write(folder.path().join("docs/a.md"), "a").unwrap();
        let (eye, wakes) = open(folder.path());

        std::fs::read(folder.path().join("docs/a.md")).unwrap();
        std::fs::write(folder.path().join("dist/a.html"), "a").unwrap();
        std::fs::write(folder.path().join("docs/a.md"), "b").unwrap();
        assert_eq!(wakes.recv_timeout(PATIENCE), Ok(Wake::Changed));
        drop(eye);
    }

    #[test]
    fn only_outputs_change_and_nobody_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("dist")).unwrap();
        let (eye, wakes) = open(folder.path());
        std::fs::write(folder.path().join("dist/a.html"), "a").unwrap();
        // Told in order: the second change is the first that is heard of.
        std::fs::write(folder.path().join("stop"), "").unwrap();
        assert_eq!(wakes.recv_timeout(PATIENCE), Ok(Wake::Changed));
        drop(eye);
        assert!(
            wakes.iter().count() <= 3,
            "creating, writing and closing `stop`"
        );
    }
}

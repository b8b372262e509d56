//! Runs a plugin's functions natively, in folders of their own.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bindings::shared::cofferdam::plugin::types as wit;
use crate::export::call;
use crate::files::{self, Kind};
use crate::paths::root;
use crate::request::FromHost;
use crate::{Failure, Failures, Instance, Result, json};

/// The sandbox's folders as temporary folders, for the thread that made it, until it is dropped.
/// What is wrong with a test's own set-up panics.
///
/// ```
/// # use cofferdam_plugin::{Harness, NoConfig, Request, Result, files, out, src};
/// fn run(request: Request<NoConfig>) -> Result {
///     files::copy(src().join("a.txt"), out().join("b.txt"))
/// }
///
/// let harness = Harness::new();
/// harness.file("/src/a.txt", "hello");
/// harness.run(run, "{}").unwrap();
/// assert_eq!(harness.text("/out/b.txt"), "hello");
/// ```
#[derive(Debug)]
pub struct Harness {
    root: PathBuf,
    /// That of a harness around this one.
    outer: Option<PathBuf>,
}

impl Default for Harness {
    fn default() -> Harness {
        Harness::new()
    }
}

impl Harness {
    pub fn new() -> Harness {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = env::temp_dir().join(format!("cofferdam-harness-{}-{number}", process::id()));
        for folder in ["src", "in", "out", "build", "tmp", "target"] {
            fs::create_dir_all(root.join(folder)).expect("a temporary folder can be made");
        }
        let outer = root::set(Some(root.clone()));
        Harness { root, outer }
    }

    /// The real path of one of the sandbox.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Writes a file: `/src/a.md`, `/in/pages/index.html`.
    pub fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Harness {
        files::write(self.path(path), bytes).expect("the file can be written");
        self
    }

    pub fn folder(&self, path: &str) -> &Harness {
        files::create_folder(self.path(path)).expect("the folder can be made");
        self
    }

    pub fn read(&self, path: &str) -> Vec<u8> {
        files::read(self.path(path)).unwrap_or_else(|failures| panic!("{failures}"))
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).expect("the file is text")
    }

    /// All files below a folder, by their names relative to it. A link's bytes are `-> ` and its text.
    pub fn tree(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries =
            files::walk(self.path(folder)).unwrap_or_else(|failures| panic!("{failures}"));
        let files = entries.into_iter().filter_map(|entry| {
            let bytes = match entry.kind {
                Kind::Directory => return None,
                Kind::File => fs::read(&entry.path).expect("the file can be read"),
                Kind::Symlink => link_text(&entry.path),
            };
            Some((entry.name, bytes))
        });
        files.collect()
    }

    /// Calls `run` or `plan` as the host does: with JSON, the needs being the folders below `/in` by name.
    /// `/out` is not emptied before.
    pub fn run<Q, T>(&self, function: impl Fn(Q) -> Result<T>, config: &str) -> Result<T>
    where
        Q: FromHost<Sent = wit::Request>,
    {
        let mut needs: Vec<String> = fs::read_dir(self.path("/in"))
            .expect("the harness has `/in`")
            .map(|entry| {
                let name = entry.expect("`/in` can be listed").file_name();
                name.into_string().expect("needs have names in UTF-8")
            })
            .collect();
        needs.sort();
        self.run_with(function, config, &needs)
    }

    /// [`Harness::run`] with the needs in this order.
    pub fn run_with<Q, T>(
        &self,
        function: impl Fn(Q) -> Result<T>,
        config: &str,
        needs: &[impl ToString],
    ) -> Result<T>
    where
        Q: FromHost<Sent = wit::Request>,
    {
        let needs = needs.iter().map(ToString::to_string).collect();
        let config = canonical(config);
        call(function, wit::Request { config, needs }).map_err(Failures)
    }

    /// Calls `deploy` as the host does, for instances whose folders are `/target/NAME`.
    pub fn deploy_to<Q, T>(
        &self,
        deploy: impl Fn(Q) -> Result<T>,
        config: &str,
        revision: &str,
        instances: &[&str],
        dry_run: bool,
    ) -> Result<T>
    where
        Q: FromHost<Sent = wit::Deployment>,
    {
        let sent = wit::Deployment {
            config: canonical(config),
            revision: revision.to_owned(),
            instances: self.instances(instances),
            dry_run,
        };
        call(deploy, sent).map_err(Failures)
    }

    /// Calls `rollback` as the host does.
    pub fn roll_back<Q, T>(
        &self,
        rollback: impl Fn(Q) -> Result<T>,
        config: &str,
        to: Option<&str>,
        instances: &[&str],
        dry_run: bool,
    ) -> Result<T>
    where
        Q: FromHost<Sent = wit::RollbackRequest>,
    {
        let sent = wit::RollbackRequest {
            config: canonical(config),
            to: to.map(str::to_owned),
            instances: self.instances(instances),
            dry_run,
        };
        call(rollback, sent).map_err(Failures)
    }

    fn instances(&self, names: &[&str]) -> Vec<Instance> {
        let instance = |name: &&str| {
            let root = format!("/target/{name}");
            self.folder(&root);
            let name = (*name).to_owned();
            Instance { name, root }
        };
        names.iter().map(instance).collect()
    }

    /// Makes `/out` empty.
    pub fn clear(&self) {
        fs::remove_dir_all(self.path("/out")).expect("`/out` can be removed");
        self.folder("/out");
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        root::set(self.outer.take());
        // A folder left behind in the system's temporary folder is no reason to fail a test.
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn link_text(path: &Path) -> Vec<u8> {
    let target = fs::read_link(path).expect("the link can be read");
    format!("-> {}", target.display()).into_bytes()
}

/// As the host sends it: keys sorted.
fn canonical(config: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(config)
        .map_err(|error| Failure::internal(error.to_string()))
        .unwrap_or_else(|failure| panic!("the test's config is not JSON: {failure}"));
    json(&value)
}

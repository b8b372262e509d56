//! Real guests in the sandbox.

mod bad_components;
mod commands;
mod compiled;
mod modules;
mod plugins;
mod stops;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use cofferdam_cache::Digest;

use super::vfs::{BuiltFile, BuiltNode, LowerId, Mount, MountKind};
use super::*;
use crate::observe::{Content, Kind, Listing, Lower, Stat};

#[path = "../../../../plugins/guests.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with build scripts, which use more of it"
)]
mod guests;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// The component of the crate `tests/guests/NAME`.
fn build_guest(name: &str) -> Vec<u8> {
    let file = guests::Builder::component_of(workspace(), "tests/guests", name)
        .unwrap_or_else(|message| panic!("{message}"));
    std::fs::read(file).expect("cargo wrote the component")
}

/// The core module of the program in `tests/guests/NAME`.
fn build_module(name: &str) -> Vec<u8> {
    let file = guests::Builder::module_of(workspace(), "tests/guests", name)
        .unwrap_or_else(|message| panic!("{message}"));
    std::fs::read(file).expect("cargo wrote the module")
}

/// Kept from one run of the tests to the next.
fn code_folder() -> std::path::PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    guests::target_folder(&program).join("sandbox-code")
}

static PROBE_BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| build_guest("probe"));
static PROBE: LazyLock<Component> = LazyLock::new(|| component("probe", PROBE_BYTES.clone()));
/// The same program for WASI preview 1.
static MODULE: LazyLock<Component> = LazyLock::new(|| component("probe", build_module("probe")));

/// For all tests: each component is compiled once.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(code_folder(), Box::new(|_| {})));

fn component(name: &str, bytes: impl Into<Arc<[u8]>>) -> Component {
    let bytes = bytes.into();
    Component {
        name: name.into(),
        digest: Digest::of(&bytes),
        bytes: Arc::new(move || Ok(Cow::Owned(bytes.to_vec()))),
    }
}

/// A folder in memory. A file called `broken` cannot be read.
struct Folder(BTreeMap<String, String>);

impl Lower for Folder {
    fn stat(&self, path: &str) -> Result<Stat, Fault> {
        if let Some(text) = self.0.get(path) {
            return Ok(Stat {
                kind: Kind::File,
                size: text.len() as u64,
            });
        }
        Ok(match path.is_empty() || !self.list(path)?.is_empty() {
            true => Stat {
                kind: Kind::Directory,
                size: 0,
            },
            false => Stat::ABSENT,
        })
    }

    fn list(&self, path: &str) -> Result<Listing, Fault> {
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let below = self.0.keys().filter_map(|key| key.strip_prefix(&prefix));
        let entries: BTreeMap<&str, Kind> = below
            .map(|rest| match rest.split_once('/') {
                Some((folder, _)) => (folder, Kind::Directory),
                None => (rest, Kind::File),
            })
            .collect();
        Ok(entries
            .into_iter()
            .map(|(name, kind)| (name.into(), kind))
            .collect())
    }

    fn link(&self, path: &str) -> Result<Arc<str>, Fault> {
        Err(Fault::new(format!("`{path}` is no link")))
    }

    fn digest(&self, path: &str) -> Result<(Digest, bool), Fault> {
        Ok((self.read(path)?.digest, false))
    }

    fn read(&self, path: &str) -> Result<Content, Fault> {
        if path.ends_with("broken") {
            return Err(Fault::new("cannot read `broken`: input/output error"));
        }
        let bytes = self.0[path].as_bytes();
        Ok(Content {
            digest: Digest::of(bytes),
            executable: false,
            bytes: bytes.into(),
        })
    }
}

/// A call and what surrounds it: `/src` with `files`, and an empty `/out` in which relative paths start.
struct Setting {
    files: Vec<(&'static str, &'static str)>,
    environment: Vec<(String, String)>,
    limits: Limits,
    quotas: Quotas,
    seed: [u8; 32],
    entropy: bool,
    cancel: Cancel,
    stdin: &'static str,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            files: vec![("a", "one"), ("b", "two"), ("c/d", "three")],
            environment: Vec::new(),
            limits: Limits::default(),
            quotas: Quotas::default(),
            seed: [7; 32],
            entropy: false,
            cancel: Cancel::default(),
            stdin: "",
        }
    }
}

impl Setting {
    fn layout(&self) -> Layout {
        let files = self
            .files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let source = LowerId {
            number: 0,
            tree: Arc::new(Folder(files.collect())),
            stored: false,
        };
        let mount = |at: &str, kind| Mount {
            at: at.into(),
            kind,
        };
        Layout {
            mounts: vec![
                mount("/src", MountKind::Tree { lower: source }),
                mount(
                    "/out",
                    MountKind::Overlay {
                        lowers: Vec::new(),
                        keep: true,
                    },
                ),
            ],
            start: "/out".into(),
            quotas: self.quotas,
        }
    }

    fn call(&self, program: &Program, call: Call, events: &(dyn Fn(GuestEvent) + Sync)) -> Ended {
        self.call_in(program, call, self.layout(), events)
    }

    fn call_in(
        &self,
        program: &Program,
        call: Call,
        layout: Layout,
        events: &(dyn Fn(GuestEvent) + Sync),
    ) -> Ended {
        SANDBOX.execute(
            program,
            Job {
                call,
                layout,
                environment: self.environment.clone(),
                seed: self.seed,
                ahead: 0,
                entropy: self.entropy,
                limits: self.limits,
                cancel: &self.cancel,
                events,
            },
        )
    }

    /// Runs the probe with the words of `arguments`.
    fn probe(&self, arguments: &str) -> Ended {
        self.run(&PROBE, self.layout(), arguments)
    }

    /// Runs the probe as a core module.
    fn module(&self, arguments: &str) -> Ended {
        self.run(&MODULE, self.layout(), arguments)
    }

    fn run(&self, program: &Component, layout: Layout, arguments: &str) -> Ended {
        let program = SANDBOX.load(program).expect("the probe is a command");
        let mut words = vec!["probe".to_owned()];
        words.extend(arguments.split(' ').map(str::to_owned));
        let call = Call::Command {
            arguments: words,
            stdin: self.stdin.as_bytes().to_vec(),
        };
        self.call_in(&program, call, layout, &|_| {})
    }
}

/// The probe's stdout; it must have ended well.
fn said(ended: &Ended) -> &str {
    if let Err(stop) = &ended.result {
        panic!("{stop:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    std::str::from_utf8(&ended.stdout).expect("the probe prints text")
}

fn stop(ended: Ended) -> Stop {
    match ended.result {
        Ok(_) => panic!("it ended well: {}", String::from_utf8_lossy(&ended.stdout)),
        Err(stop) => stop,
    }
}

/// The text of a file in the top folder of `/out`.
fn written(ended: &Ended, name: &str) -> String {
    let (at, delta) = &ended.built.deltas[0];
    assert_eq!(&**at, "/out");
    let found = delta
        .entries
        .iter()
        .find(|(entry, _)| entry.as_str() == name);
    match found {
        Some((
            _,
            BuiltNode::File {
                file: BuiltFile::Bytes(bytes),
                ..
            },
        )) => String::from_utf8(bytes.to_vec()).expect("the probe writes text"),
        _ => panic!("no file `{name}` was written"),
    }
}

//! What an execution costs: a guest is instantiated, runs, and its file system is taken down again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use cofferdam_cache::Digest;
use cofferdam_runtime::observe::{Content, Fault, Kind, Listing, Lower, Stat};
use cofferdam_runtime::sandbox::vfs::{Layout, LowerId, Mount, MountKind, Quotas};
use cofferdam_runtime::sandbox::{Call, Component, Job, Limits, Program, Sandbox};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "../../plugins/guests.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with build scripts, which use more of it"
)]
mod guests;

/// How many files the largest folder has.
const FILES: usize = 5_000;
const FILE_SIZE: usize = 4096;

fn executions(criterion: &mut Criterion) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let probe = guests::Builder::component_of(workspace, "tests/guests", "probe")
        .expect("the probe is built");
    let bytes: Arc<[u8]> = std::fs::read(probe).expect("the probe is there").into();
    let code = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::new(code.path().to_owned(), Box::new(|_| {}));
    let component = Component {
        name: "probe".to_owned(),
        digest: Digest::of(&bytes),
        bytes: Arc::new(move || Ok(Cow::Owned(bytes.to_vec()))),
    };
    let probe = sandbox.load(&component).expect("the probe is a command");
    let source: Arc<Folder> = Arc::new(Folder::new());

    let mut measure = |name: &str, arguments: &[String]| {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| run(&sandbox, &probe, Arc::clone(&source), black_box(arguments)));
        });
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    measure("a command that does nothing", &[]);
    measure(
        "three files in, one out",
        &words("join /src/0 /src/1 /src/2 /out/a"),
    );
    measure("list a folder of 5,000", &words("list /src"));
    let read_all: Vec<String> = (0..FILES)
        .flat_map(|file| words(&format!("try /src/{file}")))
        .collect();
    measure("read 5,000 files of 4 KiB", &read_all);
}

fn run(sandbox: &Sandbox, program: &Program, source: Arc<Folder>, arguments: &[String]) {
    let mount = |at: &str, kind| Mount {
        at: at.into(),
        kind,
    };
    let source = LowerId {
        number: 0,
        tree: source,
        stored: false,
    };
    let layout = Layout {
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
        start: "/".into(),
        quotas: Quotas::default(),
    };
    let mut all = vec!["probe".to_owned()];
    all.extend_from_slice(arguments);
    let ended = sandbox.execute(
        program,
        Job {
            call: Call::Command {
                arguments: all,
                stdin: Vec::new(),
            },
            layout,
            environment: Vec::new(),
            seed: [7; 32],
            ahead: 0,
            entropy: false,
            limits: Limits::default(),
            cancel: &Default::default(),
            events: &|_| {},
        },
    );
    assert!(
        ended.result.is_ok(),
        "the guest failed: {}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

/// Files in memory, so that no disk is measured.
struct Folder {
    files: BTreeMap<String, Content>,
    names: Listing,
}

impl Folder {
    fn new() -> Folder {
        let content = |file: usize| {
            let bytes = format!("{file:>FILE_SIZE$}").into_bytes();
            Content {
                digest: Digest::of(&bytes),
                executable: false,
                bytes: bytes.into(),
            }
        };
        let files: BTreeMap<String, Content> = (0..FILES)
            .map(|file| (file.to_string(), content(file)))
            .collect();
        let names = files
            .keys()
            .map(|name| (name.as_str().into(), Kind::File))
            .collect();
        Folder { files, names }
    }
}

impl Lower for Folder {
    fn stat(&self, path: &str) -> Result<Stat, Fault> {
        let kind = if path.is_empty() {
            Kind::Directory
        } else {
            Kind::Absent
        };
        let file = self.files.get(path);
        Ok(file.map_or(Stat { kind, size: 0 }, |file| Stat {
            kind: Kind::File,
            size: file.digest.size,
        }))
    }

    fn list(&self, _: &str) -> Result<Listing, Fault> {
        Ok(Arc::clone(&self.names))
    }

    fn link(&self, path: &str) -> Result<Arc<str>, Fault> {
        Err(Fault::new(format!("`{path}` is no link")))
    }

    fn digest(&self, path: &str) -> Result<(Digest, bool), Fault> {
        Ok((self.files[path].digest, false))
    }

    fn read(&self, path: &str) -> Result<Content, Fault> {
        Ok(self.files[path].clone())
    }
}

criterion_group!(benches, executions);
criterion_main!(benches);

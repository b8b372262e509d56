//! What the tests share: a guest with short words for what it does.

mod bytes;
mod corners;
mod delta;
mod escapes;
mod memory;
mod observed;
mod oracle;
mod quotas;
mod real;
mod replay;
mod script;

use std::collections::BTreeMap;
use std::sync::Arc;

use memory::{Memory, Thing};
use proptest::prelude::ProptestConfig;

use super::*;
use crate::observe::{Facets, Fact, Fault, Kind, Observations};

const READ: Mode = Mode {
    read: true,
    write: false,
    mutate_directory: false,
};
const WRITE: Mode = Mode {
    read: true,
    write: true,
    mutate_directory: false,
};
const PLAIN: OpenFlags = OpenFlags {
    create: false,
    directory: false,
    exclusive: false,
    truncate: false,
};
const CREATE: OpenFlags = OpenFlags {
    create: true,
    ..PLAIN
};
const EXCLUSIVE: OpenFlags = OpenFlags {
    create: true,
    exclusive: true,
    ..PLAIN
};
const REWRITE: OpenFlags = OpenFlags {
    create: true,
    truncate: true,
    ..PLAIN
};
const TRUNCATE: OpenFlags = OpenFlags {
    truncate: true,
    ..PLAIN
};
const DIRECTORY: OpenFlags = OpenFlags {
    directory: true,
    ..PLAIN
};

fn lower(number: u16, tree: &Arc<Memory>) -> LowerId {
    LowerId {
        number,
        tree: tree.clone(),
        stored: true,
    }
}

fn tree(at: &str, lower: LowerId) -> Mount {
    Mount {
        at: at.into(),
        kind: MountKind::Tree { lower },
    }
}

fn overlay(at: &str, lowers: Vec<LowerId>) -> Mount {
    Mount {
        at: at.into(),
        kind: MountKind::Overlay { lowers, keep: true },
    }
}

fn scratch(at: &str) -> Mount {
    Mount {
        at: at.into(),
        kind: MountKind::Overlay {
            lowers: Vec::new(),
            keep: false,
        },
    }
}

/// `PROPTEST_CASES` asks for more than the usual number of cases.
fn cases(usual: u32) -> ProptestConfig {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig {
            cases: usual,
            ..config
        },
    }
}

/// A guest that holds `/` open. Paths are relative to it.
struct Guest {
    vfs: Vfs,
    root: Handle,
}

impl Guest {
    fn new(mounts: Vec<Mount>) -> Guest {
        Guest::with(mounts, Quotas::default())
    }

    fn with(mounts: Vec<Mount>, quotas: Quotas) -> Guest {
        let mut vfs = Vfs::new(Layout {
            mounts,
            start: "/".into(),
            quotas,
        });
        let mut preopens = vfs.preopens().unwrap();
        let (start, _) = preopens.pop().unwrap();
        vfs.close(start);
        let (root, _) = preopens.pop().unwrap();
        Guest { vfs, root }
    }

    /// `/src` over a tree, `/build` over the same, empty `/out` and `/tmp` that is not kept.
    fn usual(things: &[&str]) -> (Guest, Arc<Memory>) {
        let below = Memory::of(things);
        let id = lower(0, &below);
        let mounts = vec![
            tree("/src", id.clone()),
            overlay("/build", vec![id]),
            overlay("/out", vec![]),
            scratch("/tmp"),
        ];
        (Guest::new(mounts), below)
    }

    fn open(&mut self, path: &str, flags: OpenFlags, mode: Mode) -> Result<Handle> {
        self.vfs.open_at(&self.root, path, true, flags, mode)
    }

    fn read(&mut self, path: &str) -> Result<String> {
        let file = self.open(path, PLAIN, READ)?;
        let text = self.read_open(&file);
        self.vfs.close(file);
        text
    }

    fn read_open(&mut self, file: &Handle) -> Result<String> {
        let chunk = self.vfs.read(file, 0, usize::MAX)?;
        assert!(chunk.eof);
        Ok(String::from_utf8_lossy(&chunk).into_owned())
    }

    fn write(&mut self, path: &str, text: &str) -> Result<()> {
        let file = self.open(path, REWRITE, WRITE)?;
        let written = self.vfs.write(&file, 0, text.as_bytes());
        self.vfs.close(file);
        assert_eq!(written?, text.len());
        Ok(())
    }

    fn append(&mut self, path: &str, text: &str) -> Result<()> {
        let file = self.open(path, PLAIN, WRITE)?;
        let written = self.vfs.append(&file, text.as_bytes());
        self.vfs.close(file);
        written.map(drop)
    }

    /// Names, directories with `/`, links with `@`, others with `!`.
    fn list(&mut self, path: &str) -> Result<String> {
        let dir = self.open(path, DIRECTORY, READ)?;
        let names = self.list_open(&dir);
        self.vfs.close(dir);
        names
    }

    fn list_open(&mut self, dir: &Handle) -> Result<String> {
        let entries = self.vfs.list(dir)?;
        let name = |index| {
            let entry = entries.get(index)?;
            let mark = match entry.kind {
                Kind::Directory => "/",
                Kind::Symlink => "@",
                Kind::Other => "!",
                _ => "",
            };
            Some(format!("{}{mark}", entry.name))
        };
        let names: Option<Vec<String>> = (0..entries.len()).map(name).collect();
        Ok(names.unwrap().join(" "))
    }

    fn stat(&mut self, path: &str) -> Result<FileStat> {
        self.vfs.stat_at(&self.root, path, false)
    }

    fn mkdir(&mut self, path: &str) -> Result<()> {
        self.vfs.create_directory_at(&self.root, path)
    }

    fn rmdir(&mut self, path: &str) -> Result<()> {
        self.vfs.remove_directory_at(&self.root, path)
    }

    fn unlink(&mut self, path: &str) -> Result<()> {
        self.vfs.unlink_file_at(&self.root, path)
    }

    fn rename(&mut self, old: &str, new: &str) -> Result<()> {
        self.vfs.rename_at(&self.root, old, &self.root, new)
    }

    fn link(&mut self, old: &str, new: &str) -> Result<()> {
        self.vfs.link_at(&self.root, false, old, &self.root, new)
    }

    fn symlink(&mut self, target: &str, path: &str) -> Result<()> {
        self.vfs.symlink_at(target, &self.root, path)
    }

    fn readlink(&mut self, path: &str) -> Result<String> {
        self.vfs.readlink_at(&self.root, path)
    }

    /// Everything below a directory, as [`Memory::of`] writes it, read without observing more than that.
    fn dump(&mut self, path: &str) -> Vec<String> {
        let mut lines = Vec::new();
        self.dump_into(path, "", &mut lines);
        lines
    }

    fn dump_into(&mut self, top: &str, path: &str, lines: &mut Vec<String>) {
        let full = |path: &str| format!("{top}/{path}");
        let names = self.list(&full(path)).unwrap();
        for name in names.split_whitespace() {
            let at = match path {
                "" => name.to_owned(),
                _ => format!("{path}/{name}"),
            };
            if let Some(at) = at.strip_suffix('/') {
                lines.push(format!("{at}/"));
                self.dump_into(top, at, lines);
            } else if let Some(at) = at.strip_suffix('@') {
                let target = self.readlink(&full(at)).unwrap();
                lines.push(format!("{at}->{target}"));
            } else if at.ends_with('!') {
                lines.push(at);
            } else {
                let text = self.read(&full(&at)).unwrap();
                lines.push(format!("{at}={text}"));
            }
        }
    }

    /// The delta of one mount, and all that was observed.
    fn finish(self, at: &str) -> (Vec<String>, Observations) {
        let built = self.vfs.finish();
        let delta = built.deltas.iter().find(|(mount, _)| **mount == *at);
        let mut lines = Vec::new();
        write_delta(&delta.unwrap().1, "", &mut lines);
        (lines, built.observations)
    }
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    match result {
        Err(FsError::Code(code)) => code,
        other => panic!("expected an error code, not {other:?}"),
    }
}

/// `path=text`, `path*=text` (executable), `path=HASH` (stored), `path/`, `path//` (opaque), `path->target`,
/// `-path` (whiteout).
fn write_delta(delta: &Delta, prefix: &str, lines: &mut Vec<String>) {
    for (name, node) in &delta.entries {
        let path = format!("{prefix}{name}");
        match node {
            BuiltNode::File { file, executable } => {
                let mark = if *executable { "*" } else { "" };
                let value = match file {
                    BuiltFile::Stored(digest) => format!("#{}", digest.short()),
                    BuiltFile::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                };
                lines.push(format!("{path}{mark}={value}"));
            }
            BuiltNode::Directory { entries, opaque } => {
                lines.push(format!("{path}/{}", if *opaque { "/" } else { "" }));
                write_delta(entries, &format!("{path}/"), lines);
            }
            BuiltNode::Symlink { target } => lines.push(format!("{path}->{target}")),
            BuiltNode::Whiteout => lines.push(format!("-{path}")),
        }
    }
}

/// `path kind facet…` for each fact; trees other than 0 with their number before it.
fn facts(observations: &Observations) -> Vec<String> {
    let fact = |((number, path), fact): (&(u16, Box<str>), &Fact)| {
        let mut line = match number {
            0 => path.to_string(),
            _ => format!("{number}:{path}"),
        };
        line += &format!(" {:?}", fact.kind).to_lowercase();
        for (name, _) in (fact.facets - Facets::KIND).iter_names() {
            line += &format!(" {}", name.to_lowercase());
        }
        line
    };
    observations.facts.iter().map(fact).collect()
}

/// Every fact is what the tree says by itself.
fn assert_true(observations: &Observations, trees: &[&Memory]) {
    for ((number, path), fact) in &observations.facts {
        let now = Fact::observe(trees[usize::from(*number)], path, fact.facets).unwrap();
        assert_eq!(*fact, now, "`{path}` of tree {number}");
    }
}

/// A tree with a delta laid over it, as `cache` would do it.
fn lay_over(below: &mut BTreeMap<String, Thing>, delta: &Delta, stored: &Memory, prefix: &str) {
    for (name, node) in &delta.entries {
        let path = format!("{prefix}{name}");
        let inside = format!("{path}/");
        let hide = |below: &mut BTreeMap<String, Thing>| {
            below.retain(|known, _| *known != path && !known.starts_with(&inside));
        };
        match node {
            BuiltNode::Whiteout => hide(below),
            BuiltNode::Symlink { target } => {
                hide(below);
                below.insert(path, Thing::Link(target.to_string()));
            }
            BuiltNode::File { file, executable } => {
                hide(below);
                let bytes = match file {
                    BuiltFile::Bytes(bytes) => bytes.to_vec(),
                    BuiltFile::Stored(digest) => find_stored(stored, digest),
                };
                let executable = *executable;
                below.insert(path, Thing::File { bytes, executable });
            }
            BuiltNode::Directory { entries, opaque } => {
                let is_merged = below.get(&path) == Some(&Thing::Directory) && !opaque;
                if !is_merged {
                    hide(below);
                }
                below.insert(path, Thing::Directory);
                lay_over(below, entries, stored, &inside);
            }
        }
    }
}

fn find_stored(stored: &Memory, digest: &cofferdam_cache::Digest) -> Vec<u8> {
    let mut things = stored.snapshot().into_values();
    let found = things.find_map(|thing| match thing {
        Thing::File { bytes, .. } if cofferdam_cache::Digest::of(&bytes) == *digest => Some(bytes),
        _ => None,
    });
    found.expect("a stored digest is of a file below")
}

/// A guest's store may move to another thread.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<(Vfs, Handle, Entries, Chunk, FsError)>();
};

fn fault<T: std::fmt::Debug>(result: Result<T>) -> Fault {
    match result {
        Err(FsError::Fault(fault)) => fault,
        other => panic!("expected a fault, not {other:?}"),
    }
}

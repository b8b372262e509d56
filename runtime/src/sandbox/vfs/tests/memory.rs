//! A tree below that lives in memory, can change, can fail, and counts what it is asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use cofferdam_cache::Digest;

use crate::observe::{Content, Fault, Kind, Listing, Lower, Stat};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Thing {
    File { bytes: Vec<u8>, executable: bool },
    Directory,
    Link(String),
    Other,
}

#[derive(Default)]
pub(super) struct Memory {
    things: Mutex<BTreeMap<String, Thing>>,
    /// Paths that answer with a fault.
    broken: Mutex<Vec<String>>,
    pub asked: AtomicU64,
    /// Contents that were read.
    pub read: AtomicU64,
}

impl Memory {
    /// `a/b=text`, `a/b*=text` (executable), `a/`, `a->target`, `a!` (a device). Parents are made.
    pub(super) fn of(things: &[&str]) -> Arc<Memory> {
        let memory = Memory::default();
        for thing in things {
            memory.put_text(thing);
        }
        Arc::new(memory)
    }

    fn put_text(&self, text: &str) {
        if let Some((path, target)) = text.split_once("->") {
            self.put(path, Thing::Link(target.into()));
        } else if let Some((path, bytes)) = text.split_once('=') {
            let executable = path.ends_with('*');
            let bytes = bytes.as_bytes().to_vec();
            self.put(
                path.trim_end_matches('*'),
                Thing::File { bytes, executable },
            );
        } else if let Some(path) = text.strip_suffix('/') {
            self.put(path, Thing::Directory);
        } else if let Some(path) = text.strip_suffix('!') {
            self.put(path, Thing::Other);
        } else {
            panic!("`{text}` is no thing");
        }
    }

    /// Replaces what is there; what is in the way becomes a directory.
    pub(super) fn put(&self, path: &str, thing: Thing) {
        self.remove(path);
        let mut things = self.things.lock().unwrap();
        for (end, _) in path.match_indices('/') {
            let parent = things.entry(path[..end].into());
            let parent = parent.or_insert(Thing::Directory);
            *parent = Thing::Directory;
        }
        things.insert(path.into(), thing);
    }

    pub(super) fn remove(&self, path: &str) {
        let below = format!("{path}/");
        let mut things = self.things.lock().unwrap();
        things.retain(|known, _| known != path && !known.starts_with(&below));
    }

    pub(super) fn snapshot(&self) -> BTreeMap<String, Thing> {
        self.things.lock().unwrap().clone()
    }

    pub(super) fn remove_all_and_put(&self, things: BTreeMap<String, Thing>) {
        *self.things.lock().unwrap() = things;
    }

    pub(super) fn from_snapshot(things: BTreeMap<String, Thing>) -> Arc<Memory> {
        Arc::new(Memory {
            things: Mutex::new(things),
            ..Memory::default()
        })
    }

    pub(super) fn break_at(&self, path: &str) {
        self.broken.lock().unwrap().push(path.into());
    }

    fn get(&self, path: &str) -> Result<Option<Thing>, Fault> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self
            .broken
            .lock()
            .unwrap()
            .iter()
            .any(|broken| broken == path)
        {
            return Err(Fault::new(format!("`{path}` cannot be read: EIO")));
        }
        if path.is_empty() {
            return Ok(Some(Thing::Directory));
        }
        Ok(self.things.lock().unwrap().get(path).cloned())
    }
}

fn kind(thing: &Thing) -> Kind {
    match thing {
        Thing::File { .. } => Kind::File,
        Thing::Directory => Kind::Directory,
        Thing::Link(_) => Kind::Symlink,
        Thing::Other => Kind::Other,
    }
}

impl Lower for Memory {
    fn stat(&self, path: &str) -> Result<Stat, Fault> {
        Ok(match self.get(path)? {
            None => Stat::ABSENT,
            Some(thing) => Stat {
                kind: kind(&thing),
                size: match &thing {
                    Thing::File { bytes, .. } => bytes.len() as u64,
                    Thing::Link(text) => text.len() as u64,
                    _ => 0,
                },
            },
        })
    }

    fn list(&self, path: &str) -> Result<Listing, Fault> {
        match self.get(path)? {
            Some(Thing::Directory) => {}
            other => return Err(Fault::new(format!("list of {other:?} at `{path}`"))),
        }
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let things = self.things.lock().unwrap();
        let mut rows: Vec<(Box<str>, Kind)> = Vec::new();
        for (known, thing) in things.range(prefix.clone()..) {
            let Some(name) = known.strip_prefix(&prefix) else {
                break;
            };
            if !name.contains('/') {
                rows.push((name.into(), kind(thing)));
            }
        }
        rows.sort();
        Ok(rows.into())
    }

    fn link(&self, path: &str) -> Result<Arc<str>, Fault> {
        match self.get(path)? {
            Some(Thing::Link(text)) => Ok(text.as_str().into()),
            other => Err(Fault::new(format!("link of {other:?} at `{path}`"))),
        }
    }

    fn digest(&self, path: &str) -> Result<(Digest, bool), Fault> {
        match self.get(path)? {
            Some(Thing::File { bytes, executable }) => Ok((Digest::of(&bytes), executable)),
            other => Err(Fault::new(format!("digest of {other:?} at `{path}`"))),
        }
    }

    fn read(&self, path: &str) -> Result<Content, Fault> {
        self.read.fetch_add(1, Ordering::Relaxed);
        let (digest, executable) = self.digest(path)?;
        match self.get(path)? {
            Some(Thing::File { bytes, .. }) => Ok(Content {
                digest,
                executable,
                bytes: bytes.into(),
            }),
            other => Err(Fault::new(format!("read of {other:?} at `{path}`"))),
        }
    }
}

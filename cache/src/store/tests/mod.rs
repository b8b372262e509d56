//! Tests of the store as a whole.

mod collect;
mod crash;
mod damage;
pub(super) mod fault;
mod faults;
mod model;
mod processes;
mod store;

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::{ActionResult, Store, StoreError};
use crate::{Digest, Key, Name, Node, Tree};

thread_local! {
    static AHEAD: Cell<u32> = const { Cell::new(0) };
}

/// Seconds that this thread's clock is ahead of the system's.
pub(super) fn clock_ahead() -> u32 {
    AHEAD.get()
}

fn advance_clock(seconds: u32) {
    AHEAD.set(AHEAD.get() + seconds);
}

/// Bytes that are the same for the same seed and do not compress, or do.
fn bytes(seed: u64, length: usize, compressible: bool) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&seed.to_le_bytes())
        .update(&[u8::from(compressible)]);
    let mut reader = hasher.finalize_xof();
    let part = if compressible { length.min(40) } else { length };
    reader.fill(&mut bytes[..part]);
    let (pattern, rest) = bytes.split_at_mut(part);
    for chunk in rest.chunks_mut(part.max(1)) {
        chunk.copy_from_slice(&pattern[..chunk.len()]);
    }
    bytes
}

fn key(number: u64) -> Key {
    Key(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

/// An action with a file of each sort in its output, a layer, texts and a path set.
struct Sample {
    number: u64,
    files: Vec<Vec<u8>>,
    tree: Tree,
    result: ActionResult,
}

impl Sample {
    fn new(number: u64) -> Sample {
        let files = vec![
            bytes(number, 300, false),
            bytes(number, 3000, true),
            bytes(number, 70_000, true),
            format!("stdout of {number}").into_bytes(),
        ];
        let entries = files.iter().enumerate().map(|(number, file)| {
            let name = Name::new(&format!("file{number}")).expect("a name");
            let digest = Digest::of(file);
            let executable = number == 1;
            (name, Node::File { digest, executable })
        });
        let tree = Tree::new(entries.collect()).expect("names differ");
        let encoded = Digest::of(&tree.encode());
        let result = ActionResult {
            output: Some(encoded),
            layers: vec![("build".to_owned(), encoded)],
            stdout: Digest::of(&files[3]),
            stderr: Digest::of(b""),
            log: Digest::of(b""),
            exit_code: 0,
            extra: number.to_le_bytes().to_vec(),
            blobs: vec![Digest::of(&files[0])],
        };
        Sample {
            number,
            files,
            tree,
            result,
        }
    }

    fn key(&self) -> Key {
        key(self.number)
    }

    fn path_set_key(&self) -> Key {
        key(self.number + (1 << 32))
    }

    fn path_set(&self) -> Vec<u8> {
        format!("path set of {}", self.number).into_bytes()
    }

    fn store(&self, store: &Store) -> Result<(), StoreError> {
        let mut batch = store.batch()?;
        for file in &self.files {
            batch.put(file)?;
        }
        batch.put_tree(self.tree.clone())?;
        let path_set = batch.put(&self.path_set())?;
        batch.put_path_set(&self.path_set_key(), &path_set)?;
        batch.put_result(&self.key(), &self.result)?;
        batch.commit()
    }

    /// All bytes that are there are right; whether all are there.
    fn check(&self, store: &Store) -> bool {
        let mut whole = true;
        let blobs = self.files.iter().cloned();
        for wanted in blobs.chain([self.tree.encode(), self.path_set()]) {
            match store.get(&Digest::of(&wanted)).expect("reading works") {
                Some(found) => assert_eq!(*found, *wanted),
                None => whole = false,
            }
        }
        match store.result(&self.key()).expect("looking up works") {
            Some(found) => {
                assert_eq!(found, self.result);
                whole &= store.complete(&found).expect("looking up works");
            }
            None => whole = false,
        }
        let sets = store
            .path_sets(&self.path_set_key())
            .expect("looking up works");
        assert!(sets.is_empty() || sets == [Digest::of(&self.path_set())]);
        whole && !sets.is_empty()
    }
}

/// All files of a cache, in the order of their paths.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn pack_count(folder: &Path) -> usize {
    let is_pack = |path: &PathBuf| path.extension().is_some_and(|end| end == "pack");
    files(folder).iter().filter(|path| is_pack(path)).count()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder is made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}

fn open(folder: &Path) -> Store {
    Store::open(folder).expect("the store opens")
}

//! Any sequence of uses and mishaps equals a model that may forget but never lies.

use std::collections::{HashMap, HashSet};
use std::io::{Seek, SeekFrom, Write};

use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::{TempDir, tempdir};

use super::{advance_clock, bytes, files, key};
use crate::{ActionResult, Digest, GcOptions, Lease, Store, StoreError};

#[derive(Clone, Debug)]
enum Step {
    Put { seed: u64, size: usize },
    Result { key: u64, blob: u64, size: usize },
    PathSet { key: u64, blob: u64 },
    Collect { max_size: u64 },
    Merge,
    Verify { repair: bool },
    Reopen,
    Lease,
    Wait { seconds: u32 },
    Flip { file: Index, byte: Index, bit: u8 },
    Cut { file: Index, length: Index },
    Delete { file: Index },
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..2000_usize, 1 => 60_000..70_000_usize, 1 => 1_000_000..1_100_000_usize]
}

fn use_of_it() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..30_u64, size()).prop_map(|(seed, size)| Step::Put { seed, size }),
        4 => (0..8_u64, 0..30_u64, size())
            .prop_map(|(key, blob, size)| Step::Result { key, blob, size }),
        2 => (0..4_u64, 0..30_u64).prop_map(|(key, blob)| Step::PathSet { key, blob }),
        1 => Just(Step::Merge),
        1 => Just(Step::Verify { repair: false }),
        2 => Just(Step::Reopen),
        1 => Just(Step::Lease),
        1 => (0..10_000_u32).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Collect { max_size: u64::MAX }),
    ]
}

fn mishap() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..3_000_000_u64).prop_map(|max_size| Step::Collect { max_size }),
        1 => Just(Step::Verify { repair: true }),
        3 => (any::<Index>(), any::<Index>(), 0..8_u8)
            .prop_map(|(file, byte, bit)| Step::Flip { file, byte, bit }),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(file, length)| Step::Cut { file, length }),
        1 => any::<Index>().prop_map(|file| Step::Delete { file }),
    ]
}

struct Model {
    folder: TempDir,
    store: Option<Store>,
    lease: Option<Lease>,
    /// What was put since the store could last have lost it.
    blobs: HashMap<Digest, Vec<u8>>,
    results: HashMap<u64, ActionResult>,
    /// All that was ever true.
    all_results: HashMap<u64, HashSet<Vec<u8>>>,
    all_path_sets: HashMap<u64, HashSet<Digest>>,
    last_path_set: HashMap<u64, Digest>,
}

impl Model {
    fn new() -> Model {
        let folder = tempdir().unwrap();
        Model {
            store: Some(Store::open(folder.path()).unwrap()),
            folder,
            lease: None,
            blobs: HashMap::new(),
            results: HashMap::new(),
            all_results: HashMap::new(),
            all_path_sets: HashMap::new(),
            last_path_set: HashMap::new(),
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("the store is open")
    }

    fn forget(&mut self) {
        self.blobs.clear();
        self.results.clear();
        self.last_path_set.clear();
    }

    fn put(&mut self, seed: u64, size: usize) -> Digest {
        let blob = bytes(seed, size, seed.is_multiple_of(2));
        let digest = self.put_bytes(&blob);
        // Damage of a copy that was there is noticed when it is read; it is then written anew.
        if self.store().get(&digest).unwrap().is_none() {
            self.put_bytes(&blob);
        }
        self.blobs.insert(digest, blob);
        digest
    }

    fn put_bytes(&self, blob: &[u8]) -> Digest {
        let mut batch = self.store().batch().unwrap();
        let digest = batch.put(blob).unwrap();
        batch.commit().unwrap();
        assert_eq!(digest, Digest::of(blob));
        digest
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Put { seed, size } => drop(self.put(seed, size)),
            Step::Result {
                key: number,
                blob,
                size,
            } => {
                let stdout = self.put(blob, size);
                let result = ActionResult {
                    output: None,
                    layers: Vec::new(),
                    stdout,
                    stderr: Digest::of(b""),
                    log: Digest::of(b""),
                    exit_code: 0,
                    extra: vec![7; size % 100],
                    blobs: Vec::new(),
                };
                let mut batch = self.store().batch().unwrap();
                batch.put_result(&key(number), &result).unwrap();
                batch.commit().unwrap();
                self.all_results
                    .entry(number)
                    .or_default()
                    .insert(result.encode());
                self.results.insert(number, result);
            }
            Step::PathSet { key: number, blob } => {
                let digest = self.put(blob, 100);
                let mut batch = self.store().batch().unwrap();
                batch.put_path_set(&key(number + 100), &digest).unwrap();
                batch.commit().unwrap();
                self.all_path_sets.entry(number).or_default().insert(digest);
                self.last_path_set.insert(number, digest);
            }
            Step::Collect { max_size } => {
                if max_size < u64::MAX {
                    self.forget();
                } else {
                    // Blobs that nothing names may go.
                    self.blobs.clear();
                }
                let options = GcOptions {
                    max_size,
                    roots: Vec::new(),
                };
                self.store().gc(&options).unwrap();
            }
            Step::Merge => drop(self.store().maintain(u64::MAX).unwrap()),
            Step::Verify { repair } => drop(self.store().verify(repair).unwrap()),
            Step::Reopen => {
                self.store = None;
                self.reopen();
            }
            Step::Lease => {
                self.lease = match self.lease.take() {
                    None => Some(self.store().lease().unwrap()),
                    Some(_) => None,
                };
            }
            Step::Wait { seconds } => advance_clock(seconds),
            Step::Flip { file, byte, bit } => self.harm(file, |file, length| {
                if length > 0 {
                    let at = byte.index(length) as u64;
                    let mut one = [0];
                    std::os::unix::fs::FileExt::read_exact_at(file, &mut one, at).unwrap();
                    file.seek(SeekFrom::Start(at)).unwrap();
                    file.write_all(&[one[0] ^ 1 << bit]).unwrap();
                }
            }),
            Step::Cut { file, length: part } => self.harm(file, |file, length| {
                file.set_len(part.index(length + 1) as u64).unwrap();
            }),
            Step::Delete { file } => {
                self.forget();
                let files = files(self.folder.path());
                std::fs::remove_file(&files[file.index(files.len())]).unwrap();
                self.store().refresh().unwrap();
            }
        }
    }

    fn harm(&mut self, file: Index, harm: impl FnOnce(&mut std::fs::File, usize)) {
        self.forget();
        let files = files(self.folder.path());
        let path = &files[file.index(files.len())];
        let mut permissions = std::fs::metadata(path).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
        std::fs::set_permissions(path, permissions).unwrap();
        let mut file = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
        harm(&mut file, length);
    }

    fn reopen(&mut self) {
        let format = self.folder.path().join("format");
        self.store = match Store::open(self.folder.path()) {
            Ok(store) => Some(store),
            Err(StoreError::Format { .. }) => {
                std::fs::write(format, "cofferdam cache 1\n").unwrap();
                Some(Store::open(self.folder.path()).unwrap())
            }
            Err(error) => panic!("{error}"),
        };
    }

    fn check(&self, known: &HashMap<Digest, Vec<u8>>) {
        let store = self.store();
        for (digest, wanted) in known {
            match store.get(digest).unwrap() {
                Some(found) => assert!(*found == **wanted, "wrong bytes"),
                None => assert!(!self.blobs.contains_key(digest), "{digest:?} is forgotten"),
            }
        }
        for (number, all) in &self.all_results {
            let found = store.result(&key(*number)).unwrap();
            if let Some(result) = &found {
                assert!(all.contains(&result.encode()), "a result nobody stored");
            }
            if let Some(wanted) = self.results.get(number) {
                assert_eq!(found.as_ref(), Some(wanted));
                assert!(store.complete(wanted).unwrap());
            }
        }
        for (number, all) in &self.all_path_sets {
            let found = store.path_sets(&key(number + 100)).unwrap();
            assert!(found.iter().all(|digest| all.contains(digest)));
            if let Some(last) = self.last_path_set.get(number) {
                assert_eq!(found.first(), Some(last));
            }
        }
    }
}

fn run(steps: Vec<Step>) {
    let mut model = Model::new();
    let mut known = HashMap::new();
    for step in steps {
        model.step(step);
        known.extend(model.blobs.clone());
        model.check(&known);
    }
    // Whatever happened, everything can be stored anew and is then there, also for the next process.
    model.store = None;
    model.reopen();
    model.check(&known);
    for blob in known.values() {
        let digest = model.put_bytes(blob);
        model.blobs.insert(digest, blob.clone());
    }
    model.check(&known);
    model.store().verify(true).unwrap();
    assert_eq!(model.store().verify(false).unwrap().damage, []);
    model.store = None;
    model.reopen();
    model.check(&known);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn without_mishaps_nothing_is_forgotten(steps in prop::collection::vec(use_of_it(), 1..40)) {
        run(steps);
    }

    #[test]
    fn fault_with_mishaps_nothing_is_wrong(
        steps in prop::collection::vec(prop_oneof![3 => use_of_it(), 1 => mishap()], 1..40)
    ) {
        run(steps);
    }
}

//! Storing and finding again.

use std::io::{Read, Seek, SeekFrom};

use proptest::prelude::*;
use tempfile::tempdir;

use super::{Sample, advance_clock, bytes, files, key, open, pack_count};
use crate::store::frames::FRAME;
use crate::{ActionResult, Digest, Store, StoreError};

#[test]
fn what_is_stored_is_found_by_everyone() {
    let folder = tempdir().unwrap();
    let (store, other) = (open(folder.path()), open(folder.path()));
    let sample = Sample::new(1);
    assert!(!sample.check(&store));
    sample.store(&store).unwrap();
    assert!(sample.check(&store));
    other.refresh().unwrap();
    assert!(sample.check(&other));
    assert!(sample.check(&open(folder.path())));
    drop(store);
    assert!(sample.check(&other));
    assert!(sample.check(&open(folder.path())));
    let report = other.verify(false).unwrap();
    assert_eq!(
        (report.damage.len(), report.results, report.incomplete),
        (0, 1, 0)
    );
}

#[test]
fn blobs_of_every_size_come_back() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let around = |size: usize| [size - 1, size, size + 1];
    let mut sizes = vec![0, 1, 2, 3 * FRAME, 5 * FRAME + 7];
    sizes.extend(
        around(64 << 10)
            .into_iter()
            .chain(around(FRAME))
            .chain(around(2 * FRAME)),
    );
    for (seed, size) in sizes.into_iter().enumerate() {
        for compressible in [true, false] {
            let blob = bytes(seed as u64, size, compressible);
            let mut batch = store.batch().unwrap();
            let digest = batch.put(&blob).unwrap();
            batch.commit().unwrap();
            assert_eq!(digest, Digest::of(&blob));
            assert!(store.contains(&digest).unwrap());
            assert!(*store.get(&digest).unwrap().unwrap() == *blob);
            let mut reader = store.open_blob(&digest).unwrap().unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert!(read == blob);
            let wrong = Digest {
                size: digest.size + 1,
                ..digest
            };
            assert!(store.get(&wrong).unwrap().is_none());
        }
    }
}

#[test]
fn files_are_stored_as_they_are() {
    let folder = tempdir().unwrap();
    let store = open(&folder.path().join("cache"));
    for size in [0, 100, 65_535, 65_536, 3 << 20] {
        let path = folder.path().join("file");
        let content = bytes(size as u64, size, false);
        std::fs::write(&path, &content).unwrap();
        for _ in 0..2 {
            let mut batch = store.batch().unwrap();
            assert_eq!(batch.put_file(&path).unwrap(), Digest::of(&content));
            batch.commit().unwrap();
        }
        assert!(*store.get(&Digest::of(&content)).unwrap().unwrap() == *content);
    }
}

#[test]
fn the_same_bytes_are_stored_once() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let sample = Sample::new(1);
    sample.store(&store).unwrap();
    let before = store.stats().unwrap();
    sample.store(&store).unwrap();
    let after = store.stats().unwrap();
    assert_eq!(
        (before.blobs, before.large, before.path_sets),
        (after.blobs, after.large, after.path_sets)
    );
    // Unused for long, they might be collected before they are named: small ones are written anew.
    advance_clock(3 * 3600);
    sample.store(&store).unwrap();
    assert_eq!(store.stats().unwrap().blobs, 2 * after.blobs);
}

#[test]
fn a_batch_that_is_dropped_leaves_no_result() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let sample = Sample::new(1);
    let mut batch = store.batch().unwrap();
    batch.put_result(&sample.key(), &sample.result).unwrap();
    drop(batch);
    assert_eq!(store.result(&sample.key()).unwrap(), None);
}

#[test]
fn the_newest_complete_result_wins() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let put = |result: &ActionResult| {
        let mut batch = store.batch().unwrap();
        batch.put_result(&key(1), result).unwrap();
        batch.commit().unwrap();
    };
    let sample = Sample::new(1);
    let missing = Sample::new(2).result;
    sample.store(&store).unwrap();
    put(&missing);
    assert_eq!(store.result(&key(1)).unwrap().unwrap(), sample.result);
    let newer = ActionResult {
        exit_code: 3,
        ..sample.result.clone()
    };
    put(&newer);
    assert_eq!(store.result(&key(1)).unwrap().unwrap(), newer);
    assert!(!store.complete(&missing).unwrap());
}

#[test]
fn path_sets_come_newest_first_and_at_most_sixteen() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let put = |number: u64| {
        let mut batch = store.batch().unwrap();
        let digest = batch.put(&number.to_le_bytes()).unwrap();
        batch.put_path_set(&key(7), &digest).unwrap();
        batch.commit().unwrap();
        digest
    };
    let mut expected: Vec<_> = (0..20).map(put).collect();
    expected.push(put(5));
    expected.reverse();
    let fifth = expected[0];
    expected.retain(|digest| *digest != fifth);
    expected.insert(0, fifth);
    expected.truncate(16);
    assert_eq!(store.path_sets(&key(7)).unwrap(), expected);
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.path_sets(&key(7)).unwrap(), expected);
    store
        .gc(&crate::GcOptions {
            max_size: u64::MAX,
            roots: Vec::new(),
        })
        .unwrap();
    assert_eq!(store.path_sets(&key(7)).unwrap(), expected);
}

#[test]
fn packs_are_merged_and_compressed() {
    let folder = tempdir().unwrap();
    for number in 0..20 {
        let store = open(folder.path());
        Sample::new(number).store(&store).unwrap();
    }
    let store = open(folder.path());
    let before = store.stats().unwrap();
    let generation = store.generation().unwrap();
    assert_eq!(before.packs, 20);
    assert_eq!(store.maintain(0).unwrap(), 0);
    let merged = store.maintain(u64::MAX).unwrap();
    assert_eq!(merged, 12);
    let after = store.stats().unwrap();
    assert_eq!((after.packs, pack_count(folder.path())), (9, 9));
    assert_eq!(store.generation().unwrap(), generation);
    assert!(after.pack_bytes < before.pack_bytes);
    assert_eq!(store.maintain(u64::MAX).unwrap(), 0);
    let fresh = open(folder.path());
    for store in [&store, &fresh] {
        assert!((0..20).all(|number| Sample::new(number).check(store)));
        assert!(store.verify(false).unwrap().damage.is_empty());
    }
}

#[test]
fn a_full_pack_is_followed_by_another() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let mut batch = store.batch().unwrap();
    let blob = |seed| bytes(seed, 60_000, false);
    for seed in 0..600 {
        batch.put(&blob(seed)).unwrap();
    }
    batch.commit().unwrap();
    assert_eq!(pack_count(folder.path()), 2);
    let other = open(folder.path());
    for store in [&store, &other] {
        assert!((0..600).all(|seed| store.contains(&Digest::of(&blob(seed))).unwrap()));
        assert!(*store.get(&Digest::of(&blob(0))).unwrap().unwrap() == *blob(0));
    }
}

#[test]
fn fault_another_format_is_refused_and_so_is_a_foreign_folder() {
    let folder = tempdir().unwrap();
    drop(open(folder.path()));
    for (text, found) in [("cofferdam cache 2\n", 2), ("cofferdam cache 0\n", 0)] {
        std::fs::write(folder.path().join("format"), text).unwrap();
        let error = Store::open(folder.path()).err().unwrap();
        assert!(matches!(error, StoreError::Format { found: number, .. } if number == found));
        assert!(!error.hint().is_empty());
    }
    let foreign = tempdir().unwrap();
    std::fs::write(foreign.path().join("letter"), "dear").unwrap();
    let error = Store::open(foreign.path()).err().unwrap();
    assert!(matches!(error, StoreError::Foreign { .. }));
    assert_eq!(files(foreign.path()).len(), 1);
}

#[test]
fn fault_a_folder_that_cannot_be_made_is_a_clear_error() {
    let error = Store::open(std::path::Path::new("/proc/cofferdam"))
        .err()
        .unwrap();
    assert!(error.to_string().contains("`/proc/cofferdam`"), "{error}");
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("cache")).err().unwrap();
    assert!(error.to_string().contains("file/cache"), "{error}");
}

#[test]
fn the_generation_is_read_without_opening() {
    let folder = tempdir().unwrap();
    assert_eq!(Store::generation_at(folder.path()), None);
    let store = open(folder.path());
    let generation = store.generation().unwrap();
    assert_eq!(Store::generation_at(folder.path()), Some(generation));
    std::fs::write(folder.path().join("generation"), "?").unwrap();
    assert_eq!(Store::generation_at(folder.path()), None);
    let healed = store.generation().unwrap();
    assert_eq!(Store::generation_at(folder.path()), Some(healed));
    assert_eq!(store.generation().unwrap(), healed);
}

#[test]
fn fault_leftovers_of_an_interrupted_creation_are_no_obstacle() {
    let folder = tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tmp")).unwrap();
    let store = open(folder.path());
    Sample::new(1).store(&store).unwrap();
    assert!(Sample::new(1).check(&store));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_reader_seeks_anywhere(
        size in 65_536_usize..3_000_000,
        compressible: bool,
        places in prop::collection::vec((0_u64..3_200_000, 0_usize..100_000), 1..12),
    ) {
        let folder = tempdir().unwrap();
        let store = open(folder.path());
        let blob = bytes(1, size, compressible);
        let mut batch = store.batch().unwrap();
        let digest = batch.put(&blob).unwrap();
        let mut reader = store.open_blob(&digest).unwrap().unwrap();
        for (place, length) in places {
            let mut read = Vec::new();
            reader.seek(SeekFrom::Start(place)).unwrap();
            (&mut reader).take(length as u64).read_to_end(&mut read).unwrap();
            let from = (place as usize).min(size);
            prop_assert!(read == blob[from..(from + length).min(size)]);
        }
    }

    #[test]
    fn results_decode_to_what_was_encoded(
        exit_code: u8,
        output: Option<[u8; 32]>,
        layers in prop::collection::vec((".*", any::<[u8; 32]>(), any::<u64>()), 0..4),
        blobs in prop::collection::vec((any::<[u8; 32]>(), any::<u64>()), 0..9),
        extra: Vec<u8>,
        cut: prop::sample::Index,
    ) {
        let digest = |hash, size| Digest { hash, size };
        let result = ActionResult {
            output: output.map(|hash| digest(hash, 3)),
            layers: layers.into_iter().map(|(name, hash, size)| (name, digest(hash, size))).collect(),
            stdout: Digest::of(b"a"),
            stderr: Digest::of(b"b"),
            log: Digest::of(b"c"),
            exit_code,
            extra,
            blobs: blobs.into_iter().map(|(hash, size)| digest(hash, size)).collect(),
        };
        let encoded = result.encode();
        prop_assert_eq!(ActionResult::decode(&encoded), Ok(result));
        prop_assert!(ActionResult::decode(&encoded[..cut.index(encoded.len())]).is_err());
    }
}

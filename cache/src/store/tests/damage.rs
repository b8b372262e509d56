//! Every byte of a store is damaged once, every file cut and deleted: nothing wrong is ever served.

use std::path::{Path, PathBuf};

use tempfile::tempdir;

use super::{Sample, copy, files, open};
use crate::{Digest, Store, StoreError};

/// A store with a sealed pack, and one that its writer left when it died.
fn sample_store(folder: &Path) -> [Sample; 3] {
    let samples = [Sample::new(1), Sample::new(2), Sample::new(3)];
    let store = open(folder);
    samples[0].store(&store).unwrap();
    samples[1].store(&store).unwrap();
    drop(store);
    let store = open(folder);
    samples[2].store(&store).unwrap();
    drop(store);
    let index = files(folder)
        .into_iter()
        .rfind(|path| path.extension().is_some_and(|end| end == "idx"));
    std::fs::remove_file(index.unwrap()).unwrap();
    samples
}

/// Opens a damaged store, looks at all, stores all again, repairs it, and finds all.
fn survives(folder: &Path, samples: &[Sample], what: &str) {
    let store = match Store::open(folder) {
        Ok(store) => store,
        Err(StoreError::Format { .. }) if what.contains("format") => return,
        Err(error) => panic!("{what}: {error}"),
    };
    for sample in samples {
        sample.check(&store);
        sample.check(&store);
    }
    for sample in samples {
        sample.store(&store).unwrap();
        assert!(sample.check(&store), "{what}");
    }
    drop(store);
    let store = open(folder);
    store.verify(true).unwrap();
    let report = store.verify(false).unwrap();
    assert!(report.damage.is_empty(), "{what}: {:?}", report.damage);
    assert!(samples.iter().all(|sample| sample.check(&store)), "{what}");
}

fn each_file(mut damage: impl FnMut(&Path, &Path, &[Sample])) {
    let original = tempdir().unwrap();
    let samples = sample_store(original.path());
    for path in files(original.path()) {
        let name = path.strip_prefix(original.path()).unwrap();
        damage(original.path(), name, &samples);
    }
}

fn copied(original: &Path, name: &Path) -> (tempfile::TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    copy(original, folder.path());
    let path = folder.path().join(name);
    (folder, path)
}

fn overwrite(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn fault_a_flipped_bit_anywhere() {
    let mut cases = 0;
    each_file(|original, name, samples| {
        let bytes = std::fs::read(original.join(name)).unwrap();
        // Every byte of what is not payload, and some of the rest.
        let step = if bytes.len() > 4000 { 97 } else { 13 };
        for at in (0..bytes.len()).filter(|at| at % step == 0 || *at < 64) {
            let (folder, path) = copied(original, name);
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            overwrite(&path, &flipped);
            survives(
                folder.path(),
                samples,
                &format!("byte {at} of {}", name.display()),
            );
            cases += 1;
        }
    });
    assert!(cases > 300, "{cases}");
}

#[test]
fn fault_a_file_cut_anywhere() {
    each_file(|original, name, samples| {
        let bytes = std::fs::read(original.join(name)).unwrap();
        let parts = [
            0,
            1,
            63,
            64,
            65,
            100,
            bytes.len() / 2,
            bytes.len().saturating_sub(1),
        ];
        for length in parts.into_iter().filter(|length| *length < bytes.len()) {
            let (folder, path) = copied(original, name);
            overwrite(&path, &bytes[..length]);
            survives(
                folder.path(),
                samples,
                &format!("{length} bytes of {}", name.display()),
            );
        }
    });
}

#[test]
fn fault_a_file_that_is_missing_or_grew() {
    each_file(|original, name, samples| {
        let (folder, path) = copied(original, name);
        std::fs::remove_file(&path).unwrap();
        survives(folder.path(), samples, &format!("no {}", name.display()));
        let (folder, path) = copied(original, name);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(&[7; 100]);
        overwrite(&path, &bytes);
        survives(
            folder.path(),
            samples,
            &format!("more of {}", name.display()),
        );
    });
}

/// Whoever meets the damage may end before it has made anything anew.
#[test]
fn fault_a_blob_that_was_met_damaged_is_missed_by_the_next_process() {
    let folder = tempdir().unwrap();
    let samples = sample_store(folder.path());
    drop(open(folder.path()));
    let small = Digest::of(&samples[0].files[0]);
    for path in files(&folder.path().join("packs")) {
        let mut bytes = std::fs::read(&path).unwrap();
        let wanted = &samples[0].files[0];
        if let Some(at) = bytes.windows(wanted.len()).position(|part| part == wanted) {
            bytes[at + 7] ^= 1;
            overwrite(&path, &bytes);
        }
    }
    let store = open(folder.path());
    assert!(
        store.contains(&small).unwrap(),
        "nobody has read it until now"
    );
    assert!(store.get(&small).unwrap().is_none());
    drop(store);
    let store = open(folder.path());
    assert!(!store.contains(&small).unwrap());
    assert!(!store.complete(&samples[0].result).unwrap());
    assert!(samples[1].check(&store) && samples[2].check(&store));
    drop(store);
    survives(folder.path(), &samples, "a damaged blob");
}

#[test]
fn fault_a_folder_that_is_missing() {
    for name in ["tmp", "packs", "large", "leases", "code", "projects"] {
        let folder = tempdir().unwrap();
        let samples = sample_store(folder.path());
        std::fs::remove_dir_all(folder.path().join(name)).unwrap();
        survives(folder.path(), &samples, &format!("no {name}"));
    }
}

#[test]
fn fault_an_index_of_another_pack_is_not_believed() {
    let folder = tempdir().unwrap();
    let samples = sample_store(folder.path());
    drop(open(folder.path()));
    let indexes = files(folder.path())
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "idx"));
    let indexes: Vec<_> = indexes.collect();
    let text = std::fs::read(&indexes[0]).unwrap();
    std::fs::write(&indexes[1], text).unwrap();
    survives(folder.path(), &samples, "exchanged index");
}

#[test]
fn fault_damage_in_the_middle_of_a_pack_loses_only_itself() {
    let folder = tempdir().unwrap();
    let samples = sample_store(folder.path());
    let packs = files(folder.path())
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "pack"));
    let pack = packs.into_iter().next().unwrap();
    std::fs::remove_file(pack.with_extension("idx")).unwrap();
    let mut bytes = std::fs::read(&pack).unwrap();
    bytes[64] ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    let store = open(folder.path());
    assert!(!samples[0].check(&store));
    assert!(samples[1].check(&store) && samples[2].check(&store));
}

#[test]
fn fault_a_blob_that_holds_a_record_does_not_pass_for_one() {
    let folder = tempdir().unwrap();
    let sample = Sample::new(1);
    let store = open(folder.path());
    sample.store(&store).unwrap();
    drop(store);
    // All records of one pack as a blob of another, whose header is then damaged.
    let pack = files(folder.path())
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "pack"));
    let records = std::fs::read(pack.unwrap()).unwrap();
    let other = tempdir().unwrap();
    let store = open(other.path());
    let mut batch = store.batch().unwrap();
    batch.put(&records).unwrap();
    batch.commit().unwrap();
    drop(store);
    for path in files(&other.path().join("packs")) {
        if path.extension().is_some_and(|end| end == "idx") {
            std::fs::remove_file(path).unwrap();
        } else {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[70] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    assert!(open(other.path()).result(&sample.key()).unwrap().is_none());
}

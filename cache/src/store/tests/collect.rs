//! Collection, leases, roots.

use std::time::{Duration, SystemTime};

use tempfile::tempdir;

use super::{Sample, advance_clock, files, open, pack_count};
use crate::store::folder::now;
use crate::{Digest, GcOptions, Root, Store};

const HOUR: u32 = 3600;

fn collect(store: &Store, max_size: u64) -> crate::GcReport {
    let options = GcOptions {
        max_size,
        roots: Vec::new(),
    };
    store.gc(&options).unwrap()
}

/// Samples of which each was stored two hours after the one before.
fn aged(store: &Store, count: u64) -> Vec<Sample> {
    let samples: Vec<_> = (0..count).map(Sample::new).collect();
    for sample in &samples {
        sample.store(store).unwrap();
        advance_clock(2 * HOUR);
    }
    samples
}

fn present(store: &Store, samples: &[Sample]) -> Vec<bool> {
    samples.iter().map(|sample| sample.check(store)).collect()
}

fn bytes_on_disk(store: &Store) -> u64 {
    let stats = store.stats().unwrap();
    stats.pack_bytes + stats.large_bytes
}

#[test]
fn the_least_recently_used_goes_first() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let samples = aged(&store, 6);
    let all = bytes_on_disk(&store);
    let report = collect(&store, u64::MAX);
    assert_eq!((report.results_kept, report.results_removed), (6, 0));
    let report = collect(&store, all / 2);
    assert!(report.after <= all / 2 && bytes_on_disk(&store) <= report.after);
    assert_eq!(report.results_kept + report.results_removed, 6);
    let present = present(&store, &samples);
    assert!(
        present.is_sorted() && present[5] && !present[0],
        "{present:?}"
    );
    assert!(store.verify(false).unwrap().damage.is_empty());
}

#[test]
fn a_hit_counts_as_a_use() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let samples = aged(&store, 4);
    let all = bytes_on_disk(&store);
    assert!(store.result(&samples[0].key()).unwrap().is_some());
    let report = collect(&store, all / 2);
    assert!(report.results_removed > 0);
    assert!(store.complete(&samples[0].result).unwrap());
    // The touch is part of the record now: a second collection knows as much.
    collect(&store, all / 3);
    assert!(store.complete(&samples[0].result).unwrap());
    assert!(!store.complete(&samples[1].result).unwrap());
}

#[test]
fn nothing_is_left_of_what_nobody_needs() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    aged(&store, 3);
    let generation = store.generation().unwrap();
    let report = collect(&store, 0);
    assert_eq!(
        (report.after, report.results_kept, report.results_removed),
        (0, 0, 3)
    );
    assert_eq!((bytes_on_disk(&store), pack_count(folder.path())), (0, 0));
    assert!(files(&folder.path().join("large")).is_empty());
    assert_ne!(store.generation().unwrap(), generation);
    let generation = store.generation().unwrap();
    collect(&store, 0);
    assert_eq!(
        store.generation().unwrap(),
        generation,
        "nothing was deleted"
    );
}

#[test]
fn a_lease_protects_what_was_used_since() {
    let folder = tempdir().unwrap();
    let (store, other) = (open(folder.path()), open(folder.path()));
    let samples = aged(&store, 3);
    let lease = store.lease().unwrap();
    samples[1].check(&store);
    let fresh = Sample::new(9);
    fresh.store(&store).unwrap();
    let report = collect(&other, 0);
    assert_eq!((report.results_kept, report.results_removed), (2, 2));
    // Also for those who look only now.
    let third = open(folder.path());
    for store in [&store, &other, &third] {
        store.refresh().unwrap();
        assert!(fresh.check(store) && store.complete(&samples[1].result).unwrap());
        assert!(!samples[0].check(store) && !samples[2].check(store));
    }
    drop(lease);
    assert!(files(&folder.path().join("leases")).is_empty());
    collect(&store, 0);
    other.refresh().unwrap();
    assert_eq!(other.stats().unwrap().results, 0);
}

#[test]
fn fault_a_lease_of_a_dead_process_protects_nothing() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    aged(&store, 1);
    std::fs::write(folder.path().join("leases/dead.lease"), "1\n").unwrap();
    assert_eq!(collect(&store, 0).results_removed, 1);
    assert!(files(&folder.path().join("leases")).is_empty());
}

#[test]
fn roots_are_kept_as_long_as_they_were_used() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let samples = aged(&store, 4);
    let last_use = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(now()));
    let root = Root {
        last_use,
        results: vec![samples[0].key()],
        trees: vec![Digest::of(&samples[1].tree.encode())],
        blobs: vec![
            Digest::of(&samples[2].files[0]),
            Digest::of(b"never stored"),
        ],
    };
    let lease = store.lease().unwrap();
    let options = GcOptions {
        max_size: 0,
        roots: vec![root.clone()],
    };
    let report = store.gc(&options).unwrap();
    drop(lease);
    assert_eq!((report.results_kept, report.results_removed), (1, 3));
    assert!(store.complete(&samples[0].result).unwrap());
    assert!(store.result(&samples[1].key()).unwrap().is_none());
    let tree = &samples[1].tree;
    assert!(
        samples[1]
            .files
            .iter()
            .all(|file| store.contains(&Digest::of(file)).unwrap())
    );
    assert!(store.tree(&Digest::of(&tree.encode())).unwrap().is_some());
    assert!(store.contains(&Digest::of(&samples[2].files[0])).unwrap());
    assert!(!store.contains(&Digest::of(&samples[2].files[1])).unwrap());
}

#[test]
fn an_incomplete_result_is_not_kept() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let mut batch = store.batch().unwrap();
    let sample = Sample::new(1);
    batch.put_result(&sample.key(), &sample.result).unwrap();
    batch.commit().unwrap();
    let report = collect(&store, u64::MAX);
    assert_eq!((report.results_kept, report.results_removed), (0, 1));
    assert!(store.result(&sample.key()).unwrap().is_none());
}

#[test]
fn a_view_from_before_a_collection_still_works() {
    let folder = tempdir().unwrap();
    let (store, other) = (open(folder.path()), open(folder.path()));
    let samples = aged(&store, 3);
    drop(store);
    other.refresh().unwrap();
    let store = open(folder.path());
    collect(&store, 0);
    // Small blobs are read from files that are open; large ones are gone. Nothing is wrong.
    let whole = present(&other, &samples);
    assert_eq!(whole, [false; 3]);
    for sample in &samples {
        sample.store(&other).unwrap();
    }
    assert_eq!(present(&other, &samples), [true; 3]);
    store.refresh().unwrap();
    assert_eq!(present(&store, &samples), [true; 3]);
}

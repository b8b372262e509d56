//! Processes and threads that store and collect at once.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tempfile::tempdir;

use super::{Sample, bytes, open};
use crate::{Digest, GcOptions};

const VARIABLE: &str = "COFFERDAM_TEST_PROCESS";

/// Does nothing unless a test of this module has started it as a process.
#[test]
fn child() {
    let Ok(orders) = std::env::var(VARIABLE) else {
        return;
    };
    let (name, folder) = orders.split_once(':').unwrap();
    let folder = Path::new(folder);
    match name {
        "collect" => collect(folder),
        number => store(folder, number.parse().unwrap()),
    }
}

/// Stores and finds what it stored, whatever others collect: it holds a lease.
fn store(folder: &Path, first: u64) {
    let store = open(folder);
    let _lease = store.lease().unwrap();
    for number in first..first + 60 {
        // Half of the samples are common to all.
        let sample = Sample::new(if number % 2 == 0 { number % 60 } else { number });
        sample.store(&store).unwrap();
        assert!(sample.check(&store), "{number}");
        if number % 7 == 0 {
            store.maintain(u64::MAX).unwrap();
        }
    }
    for number in first..first + 60 {
        let sample = Sample::new(if number % 2 == 0 { number % 60 } else { number });
        assert!(sample.check(&store), "{number}");
    }
}

fn collect(folder: &Path) {
    for round in 0..40 {
        let store = open(folder);
        Sample::new(1000 + round).store(&store).unwrap();
        let options = GcOptions {
            max_size: 0,
            roots: Vec::new(),
        };
        store.gc(&options).unwrap();
    }
}

#[test]
fn fault_two_store_while_two_collect() {
    let folder = tempdir().unwrap();
    let start = |name: &str| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::processes::child", "--nocapture"])
            .env(VARIABLE, format!("{name}:{}", folder.path().display()))
            .spawn()
            .unwrap()
    };
    let children = [
        start("100"),
        start("collect"),
        start("200"),
        start("collect"),
    ];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let store = open(folder.path());
    let report = store.verify(false).unwrap();
    assert_eq!((report.damage.len(), report.incomplete), (0, 0));
    assert_eq!(store.stats().unwrap().leases, 0);
}

#[test]
fn threads_share_a_store() {
    let folder = tempdir().unwrap();
    let store = Arc::new(open(folder.path()));
    let threads = (0..8_u64).map(|thread| {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            for number in 0..40 {
                let sample = Sample::new(number / (1 + thread % 2));
                sample.store(&store).unwrap();
                assert!(sample.check(&store));
                if thread == 7 && number % 10 == 0 {
                    store.maintain(u64::MAX).unwrap();
                    store.refresh().unwrap();
                }
            }
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert!((0..40).all(|number| Sample::new(number).check(&store)));
    assert!(store.verify(false).unwrap().damage.is_empty());
}

#[test]
fn another_process_is_seen_while_it_writes() {
    let folder = tempdir().unwrap();
    let (writer, reader) = (open(folder.path()), open(folder.path()));
    for seed in 0..50 {
        let blob = bytes(seed, 500, false);
        let mut batch = writer.batch().unwrap();
        batch.put(&blob).unwrap();
        batch.commit().unwrap();
        assert!(*reader.get(&Digest::of(&blob)).unwrap().unwrap() == *blob);
    }
}

//! Every system call that changes the disk fails once: an error that says what to do, and nothing lost.

use std::path::Path;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};
use tempfile::tempdir;

use super::fault::{Fault, arm, disarm};
use super::{Sample, advance_clock, open};
use crate::{GcOptions, Store, StoreError};

fn kind_fits(error: &StoreError, number: Errno) -> bool {
    match number {
        Errno::NOSPC => matches!(error, StoreError::Full { .. }),
        Errno::ROFS => matches!(error, StoreError::ReadOnly { .. }),
        Errno::MFILE => matches!(error, StoreError::TooManyFiles { .. }),
        _ => matches!(error, StoreError::Io { .. }),
    }
}

/// Runs `work` with each of its steps failing in turn, on a new store that `before` has prepared.
fn at_every_step(
    before: impl Fn(&Store),
    work: impl Fn(&Store) -> Result<(), StoreError>,
    after: impl Fn(&Store),
) {
    for number in [Errno::NOSPC, Errno::ROFS, Errno::MFILE, Errno::IO] {
        for torn in [false, true] {
            for step in 0.. {
                let folder = tempdir().unwrap();
                let store = open(folder.path());
                before(&store);
                disarm();
                arm(Fault::Fail(number.raw_os_error()), step, torn);
                let done = work(&store);
                let steps = disarm();
                if let Err(error) = &done {
                    assert!(kind_fits(error, number), "{number:?} at {step}: {error}");
                    assert!(!error.hint().is_empty());
                }
                after(&store);
                drop(store);
                let store = open(folder.path());
                after(&store);
                assert!(store.verify(false).unwrap().damage.is_empty());
                if steps <= step {
                    assert!(done.is_ok());
                    break;
                }
            }
        }
    }
}

#[test]
fn fault_of_the_disk_while_storing() {
    let sample = Sample::new(1);
    at_every_step(
        |_| {},
        |store| {
            sample.store(store)?;
            store.sync()
        },
        |store| {
            if store.result(&sample.key()).unwrap().is_some() {
                assert!(sample.check(store), "a result is there before its blobs");
            }
            sample.store(store).unwrap();
            assert!(sample.check(store));
        },
    );
}

#[test]
fn fault_of_the_disk_while_collecting() {
    let samples: Vec<_> = (0..4).map(Sample::new).collect();
    at_every_step(
        |store| {
            for sample in &samples {
                sample.store(store).unwrap();
                store.maintain(0).unwrap();
                advance_clock(7200);
            }
        },
        |store| {
            let stats = store.stats()?;
            let options = GcOptions {
                max_size: (stats.pack_bytes + stats.large_bytes) / 2,
                roots: Vec::new(),
            };
            store.gc(&options).map(drop)
        },
        |store| {
            assert!(samples[3].check(store), "what was used last is kept");
            for sample in &samples {
                sample.check(store);
                sample.store(store).unwrap();
                assert!(sample.check(store));
            }
        },
    );
}

#[test]
fn fault_of_the_disk_while_opening() {
    for number in [Errno::NOSPC, Errno::ROFS, Errno::IO] {
        for step in 0.. {
            let folder = tempdir().unwrap();
            disarm();
            arm(Fault::Fail(number.raw_os_error()), step, true);
            let failed = Store::open(folder.path()).err();
            let steps = disarm();
            if let Some(error) = &failed {
                assert!(kind_fits(error, number), "{error}");
            }
            let store = open(folder.path());
            Sample::new(1).store(&store).unwrap();
            assert!(Sample::new(1).check(&store));
            if steps <= step {
                assert!(failed.is_none());
                break;
            }
        }
    }
}

const VARIABLE: &str = "COFFERDAM_TEST_DESCRIPTORS";

/// Works with few descriptors. Does nothing unless a test of this module has started it as a process.
#[test]
fn child() {
    let Ok(orders) = std::env::var(VARIABLE) else {
        return;
    };
    let (limit, folder) = orders.split_once(':').unwrap();
    let limit = limit.parse().ok();
    let most = Rlimit {
        current: limit,
        maximum: limit,
    };
    setrlimit(Resource::Nofile, most).unwrap();
    let work = || {
        let store = Store::open(Path::new(folder))?;
        let _lease = store.lease()?;
        for number in 0..5 {
            let sample = Sample::new(number);
            sample.store(&store)?;
            for file in &sample.files {
                if let Some(found) = store.get(&crate::Digest::of(file))? {
                    assert_eq!(*found, **file);
                }
            }
        }
        let options = GcOptions {
            max_size: 0,
            roots: Vec::new(),
        };
        store.gc(&options).map(drop)
    };
    match work() {
        Ok(()) => println!("enough"),
        Err(StoreError::TooManyFiles { .. }) => println!("too few"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn fault_without_descriptors() {
    let (mut enough, mut too_few) = (0, 0);
    for limit in 3..24 {
        let folder = tempdir().unwrap();
        for number in 0..3 {
            Sample::new(number).store(&open(folder.path())).unwrap();
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::faults::child", "--nocapture"])
            .env(VARIABLE, format!("{limit}:{}", folder.path().display()))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{limit}: {text}{errors}");
        enough += usize::from(text.contains("enough"));
        too_few += usize::from(text.contains("too few"));
        let store = open(folder.path());
        for number in 0..5 {
            let sample = Sample::new(number);
            sample.check(&store);
            sample.store(&store).unwrap();
            assert!(sample.check(&store));
        }
    }
    assert!(enough > 0 && too_few > 3, "{enough} {too_few}");
}

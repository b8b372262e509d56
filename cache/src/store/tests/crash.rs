//! A process is killed at every step at which it changes the disk; the next one finds everything right.
//!
//! The process is this test binary, which runs [`child`] alone.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::tempdir;

use super::fault::{Fault, arm};
use super::{Sample, advance_clock, copy, open};
use crate::{GcOptions, Store};

const VARIABLE: &str = "COFFERDAM_TEST_CRASH";
const ACKNOWLEDGED: &str = "acknowledged";

/// What the process to be killed does.
fn work(name: &str, folder: &Path) {
    match name {
        "store" => {
            let store = open(folder);
            let _lease = store.lease().unwrap();
            Sample::new(7).store(&store).unwrap();
            println!("{ACKNOWLEDGED}");
            store.sync().unwrap();
        }
        "collect" => {
            advance_clock(10 * 7200);
            let store = open(folder);
            let options = GcOptions {
                max_size: size(&store) / 2,
                roots: Vec::new(),
            };
            store.gc(&options).unwrap();
        }
        "merge" => {
            open(folder).maintain(u64::MAX).unwrap();
        }
        "repair" => {
            open(folder).verify(true).unwrap();
        }
        other => panic!("no work `{other}`"),
    }
}

fn size(store: &Store) -> u64 {
    let stats = store.stats().unwrap();
    stats.pack_bytes + stats.large_bytes
}

/// Does nothing unless a test of this module has started it as a process.
#[test]
fn child() {
    let Ok(orders) = std::env::var(VARIABLE) else {
        return;
    };
    let orders: Vec<&str> = orders.splitn(4, ':').collect();
    let [name, step, torn, folder] = orders[..] else {
        panic!("orders are name, step, torn, folder");
    };
    arm(Fault::Kill, step.parse().unwrap(), torn == "true");
    work(name, Path::new(folder));
}

/// Kills the work at every step on a copy of `original`, and calls `after` with what is left and
/// whether the work had been acknowledged.
fn at_every_step(name: &str, original: &Path, after: impl Fn(&Path, bool)) {
    for torn in [false, true] {
        for step in 0.. {
            let folder = tempdir().unwrap();
            copy(original, folder.path());
            let orders = format!("{name}:{step}:{torn}:{}", folder.path().display());
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::tests::crash::child", "--nocapture"])
                .env(VARIABLE, orders)
                .stderr(Stdio::inherit())
                .output()
                .unwrap();
            let killed = output.status.signal() == Some(9);
            assert!(killed || output.status.success(), "{:?}", output.status);
            let text = String::from_utf8_lossy(&output.stdout);
            after(folder.path(), text.contains(ACKNOWLEDGED));
            if !killed {
                assert!(step > 3, "{name} was hit {step} times only");
                break;
            }
        }
    }
}

fn nothing_is_damaged(store: &Store) {
    let report = store.verify(false).unwrap();
    assert_eq!(report.damage, []);
}

#[test]
fn fault_killed_while_storing_a_result() {
    let nothing = tempdir().unwrap();
    let sample = Sample::new(7);
    at_every_step("store", nothing.path(), |folder, acknowledged| {
        let store = open(folder);
        let found = store.result(&sample.key()).unwrap().is_some();
        assert!(found || !acknowledged, "what was acknowledged survives");
        assert_eq!(
            sample.check(&store),
            found,
            "a result is there with all that it names"
        );
        nothing_is_damaged(&store);
        sample.store(&store).unwrap();
        assert!(sample.check(&store));
        drop(store);
        let store = open(folder);
        assert!(sample.check(&store));
        nothing_is_damaged(&store);
    });
}

/// Many packs, of which the later ones were written later.
fn many_packs(folder: &Path, count: u64) -> Vec<Sample> {
    let samples: Vec<_> = (0..count).map(Sample::new).collect();
    for sample in &samples {
        let store = open(folder);
        sample.store(&store).unwrap();
        advance_clock(7200);
    }
    samples
}

#[test]
fn fault_killed_while_collecting() {
    let original = tempdir().unwrap();
    let samples = many_packs(original.path(), 4);
    at_every_step("collect", original.path(), |folder, _| {
        let store = open(folder);
        for sample in &samples {
            let found = store.result(&sample.key()).unwrap();
            let complete = found.is_some_and(|result| store.complete(&result).unwrap());
            assert_eq!(sample.check(&store), complete);
        }
        assert!(samples[3].check(&store), "what was used last is kept");
        nothing_is_damaged(&store);
        let options = GcOptions {
            max_size: size(&store) / 2,
            roots: Vec::new(),
        };
        store.gc(&options).unwrap();
        for sample in &samples {
            sample.store(&store).unwrap();
            assert!(sample.check(&store));
        }
        nothing_is_damaged(&store);
    });
}

#[test]
fn fault_killed_while_merging() {
    let original = tempdir().unwrap();
    let samples = many_packs(original.path(), 17);
    at_every_step("merge", original.path(), |folder, _| {
        let store = open(folder);
        assert!(
            samples.iter().all(|sample| sample.check(&store)),
            "nothing is lost"
        );
        nothing_is_damaged(&store);
        store.maintain(u64::MAX).unwrap();
        assert!(samples.iter().all(|sample| sample.check(&store)));
        assert!(store.stats().unwrap().packs <= 16);
    });
}

#[test]
fn fault_killed_while_recovering_and_repairing() {
    let original = tempdir().unwrap();
    let samples = many_packs(original.path(), 3);
    // The first pack has a damaged blob, the second no index and a torn tail.
    let packs = super::files(&original.path().join("packs"));
    let packs: Vec<_> = packs
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "pack"))
        .collect();
    let mut bytes = std::fs::read(packs[0]).unwrap();
    bytes[130] ^= 1;
    std::fs::write(packs[0], bytes).unwrap();
    let mut bytes = std::fs::read(packs[1]).unwrap();
    bytes.extend_from_slice(&[1; 77]);
    std::fs::write(packs[1], bytes).unwrap();
    std::fs::remove_file(packs[1].with_extension("idx")).unwrap();
    at_every_step("repair", original.path(), |folder, _| {
        let store = open(folder);
        assert!(!samples[0].check(&store));
        assert!(samples[1].check(&store) && samples[2].check(&store));
        store.verify(true).unwrap();
        nothing_is_damaged(&store);
        samples[0].store(&store).unwrap();
        assert!(samples.iter().all(|sample| sample.check(&store)));
    });
}

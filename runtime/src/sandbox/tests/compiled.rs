//! The folder of compiled code.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// The smallest command: it does nothing.
const NOTHING: &str = "(component
    (core module $m (func (export \"f\") (result i32) (i32.const 0)))
    (core instance $i (instantiate $m))
    (func $f (result (result)) (canon lift (core func $i \"f\")))
    (instance $run (export \"run\" (func $f)))
    (export \"wasi:cli/run@0.2.0\" (instance $run)))";

fn nothing() -> Component {
    component("nothing", wat::parse_str(NOTHING).expect("right"))
}

/// How many components a sandbox on `folder` compiles to run `NOTHING`, and that it runs.
fn compilations(folder: &Path) -> usize {
    compilations_of(&nothing(), folder)
}

fn compilations_of(component: &Component, folder: &Path) -> usize {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let sandbox = Sandbox::new(
        folder.to_owned(),
        Box::new(move |event| {
            if matches!(event, Event::Compiled { .. }) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }),
    );
    let program = sandbox.load(component).expect("a command");
    let ended = sandbox.execute(
        &program,
        Job {
            call: Call::Command {
                arguments: Vec::new(),
                stdin: Vec::new(),
            },
            layout: Setting::default().layout(),
            environment: Vec::new(),
            seed: [0; 32],
            ahead: 0,
            entropy: false,
            limits: Limits::default(),
            cancel: &Cancel::default(),
            events: &|_| {},
        },
    );
    said(&ended);
    drop(sandbox);
    seen.load(Ordering::Relaxed)
}

fn only(folder: &Path, extension: &str) -> PathBuf {
    let entries = fs::read_dir(folder)
        .expect("listed")
        .map(|entry| entry.expect("read").path());
    let mut found = entries.filter(|path| path.extension().is_some_and(|found| found == extension));
    let path = found.next().expect("there is one");
    assert!(found.next().is_none());
    path
}

#[test]
fn compiles_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    assert_eq!(compilations(&folder), 1);
    assert_eq!(compilations(&folder), 0);
    let mode = fs::metadata(&folder).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn what_is_known_needs_neither_bytes_nor_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    compilations(&folder);
    let sandbox = Sandbox::new(folder, Box::new(|_| {}));
    let unseen = Component {
        bytes: Arc::new(|| panic!("the bytes are not needed")),
        ..nothing()
    };
    assert_eq!(
        sandbox.load(&unseen).expect("known").world(),
        World::Command
    );
    assert!(!sandbox.machines.exist());
}

#[test]
fn threads_and_processes_share_one_compilation() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    let total: usize = std::thread::scope(|scope| {
        // Each has a sandbox of its own, as processes do.
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| compilations(&folder)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    assert_eq!(total, 1);
}

#[test]
fn fault_damaged_code_is_compiled_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    compilations(&folder);
    let code = only(&folder, "code");
    let whole = fs::read(&code).expect("read");
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes.truncate(100),
        Vec::clear,
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        },
        |bytes| bytes[..4].copy_from_slice(b"MZ\0\0"),
    ];
    for damage in damages {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&code, bytes).expect("written");
        assert_eq!(compilations(&folder), 1);
    }
    // Only the time differs: it is read, found right, and sealed anew.
    fs::write(&code, fs::read(&code).expect("read")).expect("written");
    assert_eq!(compilations(&folder), 0);
    fs::write(only(&folder, "seal"), "nonsense").expect("written");
    assert_eq!(compilations(&folder), 1);
    fs::write(only(&folder, "facts"), "nonsense").expect("written");
    assert_eq!(compilations(&folder), 0);
}

#[test]
fn escape_code_that_others_could_have_written_is_not_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    compilations(&folder);
    let code = only(&folder, "code");
    fs::set_permissions(&code, fs::Permissions::from_mode(0o666)).expect("changed");
    assert_eq!(compilations(&folder), 1);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("changed");
    let sandbox = Sandbox::new(folder, Box::new(|_| {}));
    let error = sandbox.load(&nothing()).err().expect("refused");
    assert_eq!(error.kind, ErrorKind::Environment);
    assert!(
        error
            .message
            .ends_with("can be written by others, and what lies there is run")
    );
}

#[test]
fn unused_code_is_collected() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    compilations(&folder);
    let sandbox = Sandbox::new(folder.clone(), Box::new(|_| {}));
    assert_eq!(
        sandbox
            .collect(Duration::from_secs(3600))
            .expect("collected"),
        0
    );
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(7200);
    for extension in ["code", "seal", "lock", "facts"] {
        let file = fs::File::options()
            .write(true)
            .open(only(&folder, extension))
            .expect("opened");
        file.set_modified(long_ago).expect("set");
    }
    assert!(
        sandbox
            .collect(Duration::from_secs(3600))
            .expect("collected")
            > 0
    );
    sandbox
        .collect(Duration::from_secs(3600))
        .expect("collected");
    assert_eq!(fs::read_dir(&folder).expect("listed").count(), 0);
    assert_eq!(compilations(&folder), 1);
}

#[test]
fn a_module_is_compiled_once_and_mended_as_a_component_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    let bytes = wat::parse_str("(module (func (export \"_start\")))").expect("right");
    let module = component("module", bytes);
    assert_eq!(compilations_of(&module, &folder), 1);
    assert_eq!(compilations_of(&module, &folder), 0);
    assert_eq!(compilations(&folder), 1);
    let code = fs::read_dir(&folder)
        .expect("listed")
        .map(|entry| entry.expect("read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "code")
        });
    for file in code {
        fs::write(&file, b"damaged").expect("written");
    }
    assert_eq!(compilations_of(&module, &folder), 1);
}

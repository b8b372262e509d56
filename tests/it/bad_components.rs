//! Components that are broken, hostile or not what was agreed to: each is an error that says what to do, no other
//! action suffers, and nothing of it is kept.

use cofferdam_runtime::{Error, ErrorKind};

use crate::fixture::{Project, component, with_scripted};

/// Besides `a`, an action that is well.
const APART: &str = "[actions.apart]\nplugin = \"scripted\"\nconfig = { steps = [\"read /src/x\"] }\nwrites = \"apart\"\n";

/// A project whose plugin `bad` is these bytes.
fn of_bytes(bytes: &[u8]) -> Project {
    let project = Project::new(&format!(
        "[plugins]\nbad = \"path:bad.wasm\"\n[actions.a]\nplugin = \"bad\"\n{APART}"
    ));
    project.write("x", "X");
    project.write("bad.wasm", bytes);
    project
}

/// It cannot even be planned; a component in its place that is right mends all.
#[track_caller]
fn refused(bytes: &[u8], kind: ErrorKind, says: &str) -> Error {
    let project = of_bytes(bytes);
    for _ in 0..2 {
        let ran = project.run();
        let error = ran.error(kind, says);
        assert_eq!((ran.executed(), ran.cached()), (vec![], vec![]));
        let at = error.at.as_ref().expect("a place").to_string();
        assert!(at.starts_with("cofferdam.toml:"), "{at}");
    }
    let error = project.run().error(kind, says).clone();
    project.write("bad.wasm", component("scripted"));
    project.configure(&format!(
        "[plugins]\nbad = \"path:bad.wasm\"\n[actions.a]\nplugin = \"bad\"\nconfig = {{ steps = [] }}\n{APART}"
    ));
    assert_eq!(project.run().good().executed(), ["a", "apart"]);
    error
}

/// A custom section at the end of a component.
fn with_section(mut component: Vec<u8>, name: &str, content: &str) -> Vec<u8> {
    let short = |length: usize| u8::try_from(length).expect("short");
    component.extend([0, short(1 + name.len() + content.len()), short(name.len())]);
    component.extend(name.bytes().chain(content.bytes()));
    component
}

#[test]
fn bad_input_what_is_no_component() {
    refused(
        b"#!/bin/sh\necho hello\n",
        ErrorKind::Plugin,
        "is not WebAssembly",
    );
    refused(b"", ErrorKind::Plugin, "is not WebAssembly");
    let module = refused(
        b"\0asm\x01\0\0\0",
        ErrorKind::Plugin,
        "is a core WebAssembly module",
    );
    assert!(module.hints[0].contains("wasm32-wasip1"), "{module:?}");
    let empty = refused(
        b"\0asm\x0d\0\x01\0",
        ErrorKind::Plugin,
        "neither a plugin nor a command",
    );
    assert!(!empty.causes.is_empty(), "{empty:?}");
    let whole = component("scripted");
    refused(&whole[..whole.len() / 2], ErrorKind::Plugin, "");
}

#[test]
fn bad_input_a_plugin_of_a_later_version() {
    let later = with_section(component("probe"), "cofferdam:api", "9.1");
    let error = refused(&later, ErrorKind::Plugin, "needs plugin API 9.1");
    assert_eq!(error.hints, ["update cofferdam"]);
}

#[test]
fn bad_input_a_component_of_another_kind() {
    let error = refused(&component("probe"), ErrorKind::Config, "");
    assert!(!error.hints.is_empty(), "{error:?}");
    refused(&component("scripted_deployer"), ErrorKind::Config, "");
    let project = of_bytes(&component("scripted"));
    project.configure("[tools]\nbad = \"path:bad.wasm\"\n[actions.a]\nrun = [\"bad\"]\n");
    project
        .run()
        .error(ErrorKind::Config, "is a plugin, not a program to run");
}

#[test]
fn bad_input_a_component_that_is_not_there() {
    let project = of_bytes(b"");
    project.remove("bad.wasm");
    let ran = project.run();
    let error = ran.error(ErrorKind::Config, "bad.wasm");
    assert!(error.at.is_some(), "{error:?}");
    project.write("bad.wasm/x", "a folder");
    project.run().error(ErrorKind::Config, "bad.wasm");
}

#[test]
fn bad_input_a_component_that_is_not_as_locked() {
    let project = Project::with(&with_scripted(APART), &[("x", "X")]);
    project.configure("[plugins]\nother = \"builtin:scripted\"\n[actions.a]\nplugin = \"other\"\nconfig = { steps = [] }\n");
    project.run().good();
    let lock = project.read("cofferdam.lock");
    let (_, digest) = lock.split_once("blake3 = \"").expect("a digest");
    let digit = digest.chars().next().expect("digits");
    let other = if digit == '0' { '1' } else { '0' };
    project.write(
        "cofferdam.lock",
        lock.replace(
            &format!("blake3 = \"{digit}"),
            &format!("blake3 = \"{other}"),
        ),
    );
    let ran = project.run();
    let error = ran.error(ErrorKind::Config, "is not the component that was locked");
    let at = error.at.as_ref().expect("a place").to_string();
    assert!(at.starts_with("cofferdam.lock:"), "{at}");
    assert_eq!(error.causes.len(), 2, "{error:?}");
    assert_eq!(ran.executed(), [""; 0]);
}

#[test]
fn bad_input_a_component_that_asks_for_more_than_is_granted() {
    let error = refused(
        &component("probe_suite"),
        ErrorKind::Denied,
        "was denied a capability",
    );
    assert!(error.hints[0].contains("https://example.org"), "{error:?}");
}

/// An action that runs and fails; what it left is not there, nobody else fails, and it is tried again.
#[track_caller]
fn fails(steps: &str, keys: &str, kind: ErrorKind, says: &str) -> Error {
    let project = Project::with(
        &format!(
            "[actions.a]\nplugin = \"scripted\"\nconfig = {{ steps = [\"write /out/left x\", {steps}] }}\nwrites = \"out\"\n{keys}\n\
             [actions.after]\nplugin = \"scripted\"\nneeds = [\"a\"]\nconfig = {{ steps = [] }}\n{APART}"
        ),
        &[("x", "X")],
    );
    let mut last = None;
    for _ in 0..2 {
        let ran = project.run_with(|options| options.keep_going = true);
        assert_eq!((ran.failed(), ran.skipped()), (vec!["a"], vec!["after"]));
        last = Some(ran.error(kind, says).clone());
        assert!(!project.exists("out/left"));
        assert!(project.exists("apart/transcript"));
    }
    last.expect("two runs")
}

#[test]
fn bad_input_an_endless_loop() {
    let error = fails(
        "\"loop\"",
        "timeout = \"100ms\"",
        ErrorKind::Plugin,
        "did not end within 100ms",
    );
    assert!(error.hints[0].contains("`timeout`"), "{error:?}");
}

#[test]
fn bad_input_endless_recursion() {
    let error = fails("\"recurse\"", "", ErrorKind::Plugin, "used up its stack");
    assert!(!error.hints.is_empty(), "{error:?}");
}

#[test]
fn bad_input_a_memory_bomb() {
    let error = fails(
        "\"hoard\"",
        "memory = \"32MiB\"",
        ErrorKind::Plugin,
        "its limit of 32 MiB",
    );
    assert!(error.hints[0].contains("`memory`"), "{error:?}");
}

#[test]
fn bad_input_a_panic_and_an_exit() {
    let error = fails("\"panic boom\"", "", ErrorKind::Plugin, "crashed");
    assert!(error.causes[0].contains("boom"), "{error:?}");
    fails("\"exit 3\"", "", ErrorKind::User, "exited with code");
}

#[test]
fn bad_input_printing_and_logging_without_end() {
    fails("\"flood\"", "", ErrorKind::Plugin, "printed more than");
    fails("\"chatter\"", "", ErrorKind::Plugin, "was ended: it");
}

#[test]
fn bad_input_an_output_that_is_declared_and_missing() {
    fails(
        "\"write /out/other x\"",
        "outputs = [\"page.html\"]",
        ErrorKind::User,
        "page.html",
    );
}

/// The guest hears that it is too much, the way a full disk would tell it.
#[test]
fn bad_input_files_without_end() {
    let project = Project::new(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { silent = true, steps = [\"must many /tmp 2000000\"] }\n",
    );
    project
        .run()
        .error(ErrorKind::User, "`must many /tmp 2000000`");
}

#[test]
fn bad_input_files_larger_than_any_disk() {
    let project = Project::new(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"write /out/x 1\", \"truncate /out/x 1000000000000000\", \"patch /out/x 1000000000000000 X\", \"read /out/x\"] }\nwrites = \"out\"\n",
    );
    project.run().good();
    let told = project.read("out/transcript");
    let ends: Vec<bool> = told.lines().map(|line| line.contains("error")).collect();
    assert_eq!(ends, [false, true, true, false], "{told}");
    assert_eq!(project.read("out/x"), "1");
}

//! What is refused before anything runs, and with which words.

use super::*;
use wasmparser::Parser;

fn refusal(bytes: Vec<u8>) -> Error {
    match SANDBOX.load(&component("bad", bytes)) {
        Ok(program) => panic!("it was accepted as {:?}", program.world()),
        Err(error) => error,
    }
}

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).expect("the test's own text is right")
}

/// A component with these exports and imports, which cannot do anything.
fn shaped(exports: &[&str], imports: &[&str]) -> Vec<u8> {
    let mut wat = String::from("(component\n");
    for import in imports {
        wat += &format!("(import \"{import}\" (instance (export \"f\" (func))))\n");
    }
    wat += "(core module $m (func (export \"f\")))\n(core instance $i (instantiate $m))\n";
    for export in exports {
        if export.contains(':') {
            wat += "(func $f (canon lift (core func $i \"f\")))\n(instance $run (export \"run\" (func $f)))\n";
            wat += &format!("(export \"{export}\" (instance $run))\n");
        } else {
            wat += &format!("(func (export \"{export}\") (canon lift (core func $i \"f\")))\n");
        }
    }
    text(&(wat + ")"))
}

/// A custom section at the end of a component.
fn with_section(mut component: Vec<u8>, name: &str, content: &str) -> Vec<u8> {
    let size = 1 + name.len() + content.len();
    component.extend([
        0,
        u8::try_from(size).expect("short"),
        u8::try_from(name.len()).expect("short"),
    ]);
    component.extend(name.bytes().chain(content.bytes()));
    component
}

#[test]
fn bad_input_what_is_not_wasm() {
    for bytes in [b"#!/bin/sh\n".to_vec(), Vec::new(), b"\0asm".to_vec()] {
        assert!(
            refusal(bytes)
                .message
                .starts_with("`bad` is not WebAssembly")
        );
    }
}

#[test]
fn bad_input_a_module_that_is_no_program() {
    let error = refusal(text("(module (func (export \"_initialize\")))"));
    assert_eq!(
        error.message,
        "`bad` is a core WebAssembly module without `_start`: neither a program nor a component"
    );
    assert_eq!(error.causes, ["it exports `_initialize`"]);
    assert!(error.hints[0].contains("wasm32-wasip1"));
    assert_eq!(refusal(text("(module)")).causes, ["it exports nothing"]);
}

/// A program that imports these functions, each `MODULE NAME`.
fn importing(imports: &[&str]) -> Vec<u8> {
    let mut wat = String::from("(module\n");
    for import in imports {
        let (module, name) = import.split_once(' ').expect("two words");
        wat += &format!("(import \"{module}\" \"{name}\" (func))\n");
    }
    text(&(wat + "(func (export \"_start\")))"))
}

#[test]
fn bad_input_modules_for_other_hosts() {
    for (import, is, instead) in [
        ("wasi_unstable fd_write", "`wasi_unstable`", "later version"),
        ("wasix_32v1 proc_fork", "WASIX", "wasm32-wasip1"),
        ("wbg __wbindgen_throw", "wasm-bindgen", "wasm32-wasip1"),
        ("./x_bg.js __wbg_log_123", "wasm-bindgen", "wasm32-wasip1"),
        ("gojs runtime.wasmExit", "Go for JavaScript", "GOOS=wasip1"),
        (
            "wasi:cli/exit@0.2.0 exit",
            "inside of a component",
            "wasm-tools component new",
        ),
        ("env seed", "AssemblyScript", "wasi-shim"),
        (
            "env emscripten_resize_heap",
            "Emscripten",
            "-sSTANDALONE_WASM",
        ),
        ("a b", "Emscripten", "-sSTANDALONE_WASM"),
        ("wasi thread-spawn", "uses threads", "wasm32-wasip1"),
    ] {
        let error = refusal(importing(&["wasi_snapshot_preview1 fd_write", import]));
        assert_eq!(error.kind, ErrorKind::Plugin);
        assert!(error.message.contains(is), "{import}: {error}");
        assert!(error.hints[0].contains(instead), "{import}: {error:?}");
    }
    let shared = text("(module (memory 1 1 shared) (func (export \"_start\")))");
    assert!(refusal(shared).message.contains("uses threads"));
}

#[test]
fn bad_input_a_module_that_imports_what_nobody_provides() {
    let error = refusal(importing(&[
        "wasi_snapshot_preview1 fd_read",
        "wasi_snapshot_preview1 fd_levitate",
        "wasi_nn load",
    ]));
    assert_eq!(
        error.message,
        "`bad` imports what nobody here provides: \
            `wasi_snapshot_preview1.fd_levitate`, `wasi_nn.load`"
    );
    assert_eq!(
        error.causes,
        ["provided are the 46 functions of `wasi_snapshot_preview1`"]
    );
    let error = refusal(importing(&["wasi_snapshot_preview1 sock_open"]));
    assert_eq!(error.kind, ErrorKind::Denied);
}

#[test]
fn bad_input_a_module_whose_functions_have_other_types() {
    let typed = importing(&["wasi_snapshot_preview1 fd_read"]);
    let start = text("(module (func (export \"_start\") (param i32)))");
    for module in [typed, start] {
        let program = SANDBOX
            .load(&component("bad", module))
            .expect("the names are right");
        let error = SANDBOX.prepare(&program).expect_err("the types are not");
        assert_eq!(
            error.message,
            "`bad` does not fit the interfaces that it imports"
        );
    }
}

#[test]
fn bad_input_damaged_modules() {
    let whole = importing(&["wasi_snapshot_preview1 fd_read"]);
    for length in 9..whole.len() - 1 {
        assert_eq!(refusal(whole[..length].to_vec()).kind, ErrorKind::Plugin);
    }
}

#[test]
fn bad_input_damaged_components() {
    let whole = shaped(&["wasi:cli/run@0.2.0"], &[]);
    for length in 8..whole.len() / 2 {
        assert_eq!(refusal(whole[..length].to_vec()).kind, ErrorKind::Plugin);
    }
    let mut flipped = PROBE_BYTES.clone();
    for byte in flipped.iter_mut().skip(5_000).step_by(997) {
        *byte ^= 0x55;
    }
    assert!(Parser::is_component(&flipped));
    let error = match SANDBOX.load(&component("bad", flipped)) {
        Err(error) => error,
        Ok(program) => SANDBOX.prepare(&program).expect_err("its code is garbage"),
    };
    assert_eq!(error.kind, ErrorKind::Plugin);
    assert!(!error.causes.is_empty());
}

#[test]
fn bad_input_a_world_that_is_none_of_ours() {
    let error = refusal(shaped(&["greet", "part"], &[]));
    assert!(
        error
            .message
            .contains("none of `describe`, `run`, `plan`, `deploy`, `wasi:cli/run@0.2`")
    );
    assert_eq!(error.causes, ["it exports `greet`, `part`"]);
    assert_eq!(refusal(shaped(&[], &[])).causes, ["it exports nothing"]);
    // The world of later versions of WASI.
    assert!(
        refusal(shaped(&["wasi:cli/run@0.3.0"], &[]))
            .message
            .contains("neither a plugin nor a command")
    );
}

#[test]
fn bad_input_half_a_world() {
    for (exports, missing, world) in [
        (&["describe"][..], "run", "action"),
        (&["run"], "describe", "action"),
        (&["plan"], "describe", "planner"),
        (&["plan", "run"], "describe", "suite"),
        (&["describe", "deploy"], "rollback", "deployer"),
        (&["describe", "rollback"], "deploy", "deployer"),
    ] {
        let message = refusal(shaped(exports, &[])).message;
        assert_eq!(
            message,
            format!("`bad` lacks the export `{missing}` that the world `{world}` has")
        );
    }
}

#[test]
fn bad_input_right_names_of_wrong_types() {
    let error = refusal(shaped(&["describe", "run"], &[]));
    assert_eq!(error.kind, ErrorKind::Plugin);
    assert_eq!(error.message, "`bad` cannot say what it is");
}

#[test]
fn bad_input_another_api_version() {
    let command = || shaped(&["wasi:cli/run@0.2.0"], &[]);
    let told = |version: &str| refusal(with_section(command(), "cofferdam:api", version));
    let error = told("0.2");
    assert_eq!(
        error.message,
        "`bad` needs plugin API 0.2; this version of cofferdam speaks 0.1"
    );
    assert_eq!(error.hints, ["update cofferdam"]);
    assert!(told("1.0").message.contains("needs plugin API 1.0"));
    assert!(told("0.0").message.contains("was made for plugin API 0.0"));
    assert!(told("new").message.contains("names no plugin API version"));
    let fine = with_section(command(), "cofferdam:api", "0.1\n");
    assert_eq!(
        SANDBOX
            .load(&component("good", fine))
            .expect("our own version")
            .world(),
        World::Command
    );
}

#[test]
fn bad_input_the_api_version_is_found_in_the_module_inside() {
    let wat = "(component (core module (@custom \"cofferdam:api\" \"9.9\"))
        (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func (export \"describe\") (canon lift (core func $i \"f\"))))";
    assert!(refusal(text(wat)).message.contains("needs plugin API 9.9"));
}

#[test]
fn bad_input_imports_that_nobody_provides() {
    let error = refusal(shaped(
        &["wasi:cli/run@0.2.0"],
        &["wasi:keyvalue/store@0.2.0", "wasi:io/streams@0.2.6"],
    ));
    assert_eq!(
        error.message,
        "`bad` imports what nobody here provides: `wasi:keyvalue/store@0.2.0`"
    );
    assert!(error.causes[0].contains("`wasi:io/streams@0.2`"));
    let error = refusal(shaped(&["wasi:cli/run@0.2.0"], &["wasi:io/streams@0.3.0"]));
    assert!(error.message.contains("`wasi:io/streams@0.3.0`"));
}

#[test]
fn bad_input_the_network_is_denied() {
    let error = refusal(shaped(
        &["wasi:cli/run@0.2.0"],
        &["wasi:sockets/tcp@0.2.3", "wasi:http/types@0.2.3"],
    ));
    assert_eq!(error.kind, ErrorKind::Denied);
    assert_eq!(
        error.message,
        "`bad` was denied the network: it imports `wasi:sockets/tcp@0.2.3`, `wasi:http/types@0.2.3`"
    );
}

#[test]
fn bad_input_a_function_that_our_interfaces_lack() {
    let program = SANDBOX
        .load(&component(
            "bad",
            shaped(&["wasi:cli/run@0.2.0"], &["wasi:io/streams@0.2.99"]),
        ))
        .expect("the interface is there");
    let error = SANDBOX.prepare(&program).expect_err("its function is not");
    assert_eq!(
        error.message,
        "`bad` does not fit the interfaces that it imports"
    );
    assert!(
        error.causes[0].contains("wasi:io/streams@0.2.99"),
        "{error}"
    );
}

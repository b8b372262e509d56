//! Core modules of WASI preview 1 see, leave and end as components do.

use super::*;

fn run(arguments: &str) -> Ended {
    Setting::default().module(arguments)
}

fn run_bytes(bytes: Vec<u8>) -> Ended {
    let program = SANDBOX.load(&component("small", bytes)).expect("a program");
    let call = Call::Command {
        arguments: vec!["small".into()],
        stdin: b"in".to_vec(),
    };
    Setting::default().call(&program, call, &|_| {})
}

fn run_text(wat: &str) -> Ended {
    run_bytes(wat::parse_str(wat).expect("the test's own text is right"))
}

#[test]
fn a_program_is_the_same_as_a_module_and_as_a_component() {
    for arguments in [
        "join /src/a /src/b /src/c/d joined read joined list /src list /src/c stat /src/a",
        "write x 1 append x 2 append /x 3 read x here",
        "repeat 300000 big stat big",
        "variable GREETING variables stdin print out complain err",
        "try /src/nowhere try /src/c read /src/a",
        "clock",
    ] {
        let setting = Setting {
            environment: vec![("GREETING".into(), "hello".into())],
            stdin: "from outside",
            ..Setting::default()
        };
        let component = setting.probe(arguments);
        let module = setting.module(arguments);
        assert_eq!(said(&module), said(&component));
        assert_eq!(module.stderr, component.stderr);
        let facts = |ended: &Ended| format!("{:?}", ended.built.observations);
        assert_eq!(facts(&module), facts(&component), "{arguments}");
        let entries = |ended: &Ended| ended.built.deltas[0].1.entries.len();
        assert_eq!(entries(&module), entries(&component));
    }
}

#[test]
fn errors_are_the_guests_own() {
    for (arguments, complaint) in [
        ("read /src/nowhere", "No such file"),
        ("write /src/a x", "Read-only"),
        ("read /etc/passwd", "No such file"),
        ("read ../../../../etc/passwd", "not permitted"),
    ] {
        let ended = run(arguments);
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(matches!(stop(ended), Stop::Exited(2)), "{arguments}");
        assert!(told.contains(complaint), "{arguments}: {told}");
    }
}

#[test]
fn exit_codes_pass_through() {
    assert!(run("exit 0").result.is_ok());
    assert!(matches!(stop(run("exit 77")), Stop::Exited(77)));
    assert!(matches!(stop(run("exit 256")), Stop::Exited(255)));
}

#[test]
fn sleeping_takes_no_time_and_random_numbers_follow_the_seed() {
    let began = std::time::Instant::now();
    let ended = run("sleep 100000 elapsed 5");
    let elapsed: u64 = said(&ended).trim().parse().expect("a number");
    assert!((5_000_000_000..5_001_000_000).contains(&elapsed));
    assert!(began.elapsed() < Duration::from_secs(60));
    let with = |seed| {
        let setting = Setting {
            seed,
            ..Setting::default()
        };
        said(&setting.module("random random")).to_owned()
    };
    assert_eq!(with([1; 32]), with([1; 32]));
    assert_ne!(with([1; 32]), with([2; 32]));
}

#[test]
fn bad_input_a_panic_shows_its_message_and_where() {
    let Stop::Trapped { message, backtrace } = stop(run("panic boom")) else {
        panic!("a panic is a trap");
    };
    assert!(message.contains("panicked at") && message.contains("boom"));
    assert!(backtrace[0].starts_with("probe::"), "{backtrace:#?}");
}

#[test]
fn bad_input_the_backtrace_of_a_module_without_a_name_has_the_functions() {
    let wat = "(module (func $inner unreachable) (func $outer (export \"_start\") (call $inner)))";
    let Stop::Trapped { message, backtrace } = stop(run_text(wat)) else {
        panic!("it traps");
    };
    assert!(message.contains("unreachable"), "{message}");
    assert_eq!(backtrace, ["inner", "outer"]);
}

#[test]
fn bad_input_limits_end_it() {
    let limited = |limits, arguments| {
        let setting = Setting {
            limits,
            ..Setting::default()
        };
        stop(setting.module(arguments))
    };
    let limits = Limits {
        memory: 32 << 20,
        timeout: Some(Duration::from_millis(200)),
        output: 100_000,
        ..Limits::default()
    };
    assert!(matches!(limited(limits, "hoard"), Stop::OutOfMemory(limit) if limit == 32 << 20));
    assert!(matches!(limited(limits, "spin"), Stop::TimedOut(_)));
    assert!(matches!(limited(limits, "flood"), Stop::OverQuota(_)));
    assert!(matches!(
        limited(Limits::default(), "leak /src/a"),
        Stop::OverQuota(_)
    ));
    assert!(matches!(stop(run("recurse")), Stop::StackOverflow));
    assert!(matches!(stop(run("read /src/broken")), Stop::Exited(2)));
}

#[test]
fn cancelling_ends_it() {
    let setting = Setting::default();
    std::thread::scope(|scope| {
        let spinning = scope.spawn(|| stop(setting.module("spin")));
        setting.cancel.cancel();
        assert!(matches!(
            spinning.join().expect("no panic"),
            Stop::Cancelled
        ));
    });
}

#[test]
fn modules_run_beyond_the_pool() {
    let results: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..150)
            .map(|number| {
                scope.spawn(move || {
                    let ended = run(&format!("write n {number} read n"));
                    said(&ended) == format!("{number}\n")
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert!(results.iter().all(|right| *right));
}

/// As `witx/preview1/wasi_snapshot_preview1.witx` has them: `i` and `l` for numbers of 32 and 64 bits.
const SIGNATURES: &str = "args_get ii, args_sizes_get ii, environ_get ii, environ_sizes_get ii, clock_res_get ii, \
    clock_time_get ili, fd_advise illi, fd_allocate ill, fd_close i, fd_datasync i, fd_fdstat_get ii, \
    fd_fdstat_set_flags ii, fd_fdstat_set_rights ill, fd_filestat_get ii, fd_filestat_set_size il, \
    fd_filestat_set_times illi, fd_pread iiili, fd_prestat_get ii, fd_prestat_dir_name iii, fd_pwrite iiili, \
    fd_read iiii, fd_readdir iiili, fd_renumber ii, fd_seek ilii, fd_sync i, fd_tell ii, fd_write iiii, \
    path_create_directory iii, path_filestat_get iiiii, path_filestat_set_times iiiilli, path_link iiiiiii, \
    path_open iiiiillii, path_readlink iiiiii, path_remove_directory iii, path_rename iiiiii, path_symlink iiiii, \
    path_unlink_file iii, poll_oneoff iiii, proc_raise i, sched_yield , random_get ii, sock_accept iii, \
    sock_recv iiiiii, sock_send iiiii, sock_shutdown ii";

/// Calls every function with each of `numbers` for all of its arguments, and then exits with code 9.
fn calls_all(numbers: &[&str], memory: &str) -> Vec<u8> {
    let (mut imports, mut calls) = (String::new(), String::new());
    for signature in SIGNATURES.split(", ") {
        let (name, letters) = signature
            .trim()
            .split_once(' ')
            .unwrap_or((signature.trim(), ""));
        let types = letters.replace('i', " i32").replace('l', " i64");
        imports += &format!(
            "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param{types}) (result i32)))\n"
        );
        for number in numbers {
            let arguments = letters.chars().map(|letter| match letter {
                'i' => format!("(i32.const {number})"),
                _ => format!("(i64.const {number})"),
            });
            let arguments: String = arguments.collect();
            calls += &format!("(drop (call ${name} {arguments}))\n");
        }
    }
    let wat = format!(
        "(module {imports}
            (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
            {memory}
            (func (export \"_start\") {calls} (call $exit (i32.const 9))))"
    );
    wat::parse_str(wat).expect("the test's own text is right")
}

#[test]
fn bad_input_any_arguments_are_survived() {
    let numbers = [
        "-1",
        "0",
        "3",
        "65535",
        "65532",
        "2147483647",
        "-2147483648",
    ];
    // Random bytes from address 3 or 0 on are fine, but more than 64 MiB of them end the guest: there is no room here.
    for memory in [
        "(memory (export \"memory\") 1)",
        "",
        "(memory (export \"memory\") 0)",
    ] {
        for number in numbers {
            let module = calls_all(&[number], memory);
            assert!(
                matches!(stop(run_bytes(module)), Stop::Exited(9)),
                "{memory} {number}"
            );
        }
    }
}

#[test]
fn what_runs_before_the_start_may_print() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\08\00\00\00\02\00\00\00hi")
        (func $early (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
        (start $early)
        (func (export "_start")))"#;
    assert_eq!(said(&run_text(wat)), "hi");
}

//! A program of Rust's standard library sees what it would see elsewhere, and nothing of the machine.

use super::*;

fn run(arguments: &str) -> Ended {
    Setting::default().probe(arguments)
}

#[test]
fn reads_writes_and_lists() {
    let ended =
        run("join /src/a /src/b /src/c/d joined read joined list /src list /src/c stat /src/a");
    assert_eq!(said(&ended), "onetwothree\na\nb\nc\nd\n3 false\n");
    assert_eq!(written(&ended, "joined"), "onetwothree");
    assert!(ended.memory > 0);
}

#[test]
fn appends_and_starts_where_the_layout_says() {
    let ended = run("write x 1 append x 2 append /x 3 read x here");
    assert_eq!(said(&ended), "123\n/\n");
    assert_eq!(written(&ended, "x"), "123");
}

/// C libraries cannot tell `src/a` from `/src/a`.
#[test]
fn a_working_tree_with_a_folder_like_the_projects_mount_keeps_it() {
    let run = |files, arguments| {
        let setting = Setting {
            files,
            ..Setting::default()
        };
        let mut layout = setting.layout();
        let MountKind::Tree { lower } = &layout.mounts[0].kind else {
            panic!("`/src` is a tree");
        };
        let lowers = vec![lower.clone()];
        layout.mounts.push(Mount {
            at: "/build".into(),
            kind: MountKind::Overlay {
                lowers,
                keep: false,
            },
        });
        layout.start = "/build".into();
        said(&setting.run(&PROBE, layout, arguments)).to_owned()
    };
    let inner = vec![("src/main", "inner"), ("top", "outer")];
    assert_eq!(
        run(inner, "read src/main read /src/main read top"),
        "inner\ninner\nouter\n"
    );
    let flat = vec![("main", "flat")];
    assert_eq!(run(flat, "read main read /src/main"), "flat\nflat\n");
}

#[test]
fn writes_of_any_length_arrive_whole() {
    let ended = run("repeat 300000 big stat big");
    assert_eq!(said(&ended), "300000 false\n");
    assert_eq!(written(&ended, "big"), "x".repeat(300_000));
}

#[test]
fn missing_files_and_read_only_mounts_are_errors_for_the_guest() {
    for (arguments, complaint) in [
        ("read /src/nowhere", "No such file"),
        ("write /src/a x", "Read-only"),
        ("read /etc/passwd", "No such file"),
        ("read ../../../../etc/passwd", "not permitted"),
    ] {
        let ended = run(arguments);
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(matches!(stop(ended), Stop::Exited(1)), "{arguments}");
        assert!(told.contains(complaint), "{arguments}: {told}");
    }
}

#[test]
fn stdin_and_environment_are_what_the_job_says() {
    let setting = Setting {
        stdin: "from outside",
        environment: vec![("GREETING".into(), "hello".into())],
        ..Setting::default()
    };
    let ended = setting.probe("stdin variable GREETING variables");
    assert_eq!(said(&ended), "from outsidehello\n1\n");
    assert_eq!(said(&run("variables")), "0\n");
}

#[test]
fn stdout_and_stderr_are_kept_apart() {
    let ended = run("print out complain err");
    assert_eq!(said(&ended), "out\n");
    assert_eq!(ended.stderr, b"err\n");
}

#[test]
fn clocks_are_virtual_and_sleeping_takes_no_time() {
    let began = std::time::Instant::now();
    let ended = run("sleep 100000 elapsed 5 clock");
    let lines: Vec<u64> = said(&ended)
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    assert!(
        lines[0] >= 5_000_000_000 && lines[0] < 5_001_000_000,
        "{lines:?}"
    );
    assert_eq!(lines[1], 315_532_800_000_000_000);
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(said(&ended), said(&run("sleep 100000 elapsed 5 clock")));
}

#[test]
fn random_numbers_follow_the_seed() {
    let with = |seed| {
        let setting = Setting {
            seed,
            ..Setting::default()
        };
        said(&setting.probe("random random")).to_owned()
    };
    assert_eq!(with([1; 32]), with([1; 32]));
    assert_ne!(with([1; 32]), with([2; 32]));
}

#[test]
fn entropy_is_real_where_a_test_asks_for_it() {
    let setting = Setting {
        entropy: true,
        ..Setting::default()
    };
    let first = setting.probe("random clock");
    assert_ne!(said(&first), said(&setting.probe("random clock")));
}

#[test]
fn bad_input_exit_codes_pass_through() {
    assert!(run("exit 0").result.is_ok());
    // The standard library of Rust for WASI 0.2 tells only success from failure.
    assert!(matches!(stop(run("exit 77")), Stop::Exited(1)));
}

#[test]
fn guests_run_at_the_same_time_and_beyond_the_pool() {
    let results: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..100)
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

#[test]
fn a_code_that_is_not_only_success_or_failure_passes_through() {
    let wat = r#"(component
        (import "wasi:cli/exit@0.2.12" (instance $exit (export "exit-with-code" (func (param "status-code" u8)))))
        (core func $exit (canon lower (func $exit "exit-with-code")))
        (core module $m
            (import "e" "e" (func $exit (param i32)))
            (func (export "f") (result i32) (call $exit (i32.const 77)) (unreachable)))
        (core instance $i (instantiate $m (with "e" (instance (export "e" (func $exit))))))
        (func $f (result (result)) (canon lift (core func $i "f")))
        (instance $run (export "run" (func $f)))
        (export "wasi:cli/run@0.2.12" (instance $run)))"#;
    let bytes = wat::parse_str(wat).expect("the test's own text is right");
    let program = SANDBOX.load(&component("exits", bytes)).expect("a command");
    let call = Call::Command {
        arguments: Vec::new(),
        stdin: Vec::new(),
    };
    let ended = Setting::default().call(&program, call, &|_| {});
    assert!(matches!(stop(ended), Stop::Exited(77)));
}

//! Guests that do not end well, each told apart.

use std::time::Instant;

use super::*;

fn run(arguments: &str) -> Stop {
    stop(Setting::default().probe(arguments))
}

fn limited(limits: Limits, arguments: &str) -> Stop {
    stop(
        Setting {
            limits,
            ..Setting::default()
        }
        .probe(arguments),
    )
}

#[test]
fn bad_input_a_panic_shows_its_message_and_where() {
    let Stop::Trapped { message, backtrace } = run("panic boom") else {
        panic!("a panic is a trap");
    };
    assert!(
        message.contains("panicked at") && message.contains("boom"),
        "{message}"
    );
    assert!(backtrace[0].starts_with("probe::"), "{backtrace:#?}");
}

#[test]
fn bad_input_endless_recursion_overflows_the_stack() {
    assert!(
        matches!(run("recurse"), Stop::StackOverflow),
        "{:?}",
        run("recurse")
    );
}

#[test]
fn bad_input_memory_beyond_the_limit_is_told_apart_from_a_trap() {
    let limits = Limits {
        memory: 32 << 20,
        ..Limits::default()
    };
    assert!(matches!(limited(limits, "hoard"), Stop::OutOfMemory(limit) if limit == 32 << 20));
    assert!(matches!(
        limited(limits, "allocate 100000000"),
        Stop::OutOfMemory(_)
    ));
    let ended = Setting {
        limits,
        ..Setting::default()
    }
    .probe("allocate 1000000");
    assert_eq!(said(&ended), "1000000\n");
}

#[test]
fn bad_input_a_component_that_needs_more_memory_than_allowed_to_start_is_out_of_memory() {
    let limits = Limits {
        memory: 1 << 10,
        ..Limits::default()
    };
    assert!(matches!(limited(limits, "print x"), Stop::OutOfMemory(_)));
}

#[test]
fn bad_input_an_endless_loop_times_out() {
    let timeout = Duration::from_millis(50);
    let limits = Limits {
        timeout: Some(timeout),
        ..Limits::default()
    };
    let began = Instant::now();
    assert!(matches!(limited(limits, "spin"), Stop::TimedOut(limit) if limit == timeout));
    assert!(began.elapsed() >= timeout);
    let ended = Setting {
        limits: Limits {
            timeout: Some(Duration::from_secs(3600)),
            ..limits
        },
        ..Setting::default()
    };
    assert_eq!(said(&ended.probe("print x")), "x\n");
}

#[test]
fn a_short_timeout_is_kept_while_a_long_one_is_watched() {
    let with = |timeout| Setting {
        limits: Limits {
            timeout: Some(timeout),
            ..Limits::default()
        },
        ..Setting::default()
    };
    let long = with(Duration::from_secs(3600));
    std::thread::scope(|scope| {
        let spinning = scope.spawn(|| stop(long.probe("spin")));
        assert!(matches!(
            stop(with(Duration::from_millis(20)).probe("spin")),
            Stop::TimedOut(_)
        ));
        long.cancel.cancel();
        assert!(matches!(
            spinning.join().expect("no panic"),
            Stop::Cancelled
        ));
    });
}

#[test]
fn cancelling_stops_all_guests_that_hold_it_and_no_other() {
    let held = Setting::default();
    let other = Setting::default();
    std::thread::scope(|scope| {
        let stopped = [
            scope.spawn(|| stop(held.probe("spin"))),
            scope.spawn(|| stop(held.probe("spin"))),
        ];
        let kept = scope.spawn(|| stop(other.probe("spin")));
        held.cancel.cancel();
        for thread in stopped {
            assert!(matches!(thread.join().expect("no panic"), Stop::Cancelled));
        }
        assert!(!kept.is_finished());
        other.cancel.cancel();
        assert!(matches!(kept.join().expect("no panic"), Stop::Cancelled));
    });
    assert!(matches!(stop(held.probe("print late")), Stop::Cancelled));
}

#[test]
fn bad_input_printing_without_end_is_over_quota() {
    let limits = Limits {
        output: 1 << 20,
        ..Limits::default()
    };
    let ended = Setting {
        limits,
        ..Setting::default()
    }
    .probe("flood");
    assert_eq!(ended.stdout.len(), 1 << 20);
    assert!(
        matches!(stop(ended), Stop::OverQuota(which) if which == "printed more than 1048576 bytes")
    );
}

#[test]
fn fault_of_the_host_ends_the_guest_and_is_never_seen_by_it() {
    let setting = Setting {
        files: vec![("broken", "x")],
        ..Setting::default()
    };
    let ended = setting.probe("try /src/broken print survived");
    assert!(!ended.stdout.starts_with(b"survived"));
    assert!(
        matches!(stop(ended), Stop::Fault(fault) if fault.message.contains("input/output error"))
    );
}

#[test]
fn bad_input_too_many_observations_end_the_guest() {
    let quotas = Quotas {
        observations: 3,
        ..Quotas::default()
    };
    let ended = Setting {
        quotas,
        ..Setting::default()
    }
    .probe("read /src/a read /src/b read /src/c/d");
    assert!(matches!(stop(ended), Stop::OverQuota(_)));
}

#[test]
fn bad_input_too_much_written_is_the_guests_own_error() {
    let quotas = Quotas {
        bytes: 1000,
        ..Quotas::default()
    };
    let ended = Setting {
        quotas,
        ..Setting::default()
    }
    .probe("repeat 2000 big");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(matches!(stop(ended), Stop::Exited(1)));
    // Its C library knows no better word for it.
    assert!(told.contains("repeat: I/O error"), "{told}");
}

/// A command made of this core function.
fn command(body: &str) -> Arc<Program> {
    let wat = format!(
        r#"(component
            (core module $m {body})
            (core instance $i (instantiate $m))
            (func $f (result (result)) (canon lift (core func $i "f")))
            (instance $run (export "run" (func $f)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    );
    let bytes = wat::parse_str(wat).expect("the test's own text is right");
    SANDBOX.load(&component("small", bytes)).expect("a command")
}

fn ask(program: &Program, limits: Limits) -> Stop {
    let call = Call::Command {
        arguments: Vec::new(),
        stdin: Vec::new(),
    };
    stop(
        Setting {
            limits,
            ..Setting::default()
        }
        .call(program, call, &|_| {}),
    )
}

#[test]
fn bad_input_recursion_without_memory_overflows_the_stack() {
    let program =
        command(r#"(func $f (export "f") (result i32) (i32.add (call $f) (i32.const 1)))"#);
    assert!(matches!(
        ask(&program, Limits::default()),
        Stop::StackOverflow
    ));
}

#[test]
fn bad_input_an_access_out_of_bounds_is_a_trap() {
    let program =
        command(r#"(memory 1) (func (export "f") (result i32) (i32.load (i32.const -8)))"#);
    let Stop::Trapped { message, backtrace } = ask(&program, Limits::default()) else {
        panic!("it is a trap");
    };
    assert_eq!(message, "wasm trap: out of bounds memory access");
    assert_eq!(backtrace.len(), 1);
}

#[test]
fn bad_input_a_guest_that_never_finishes_starting_times_out() {
    let body = r#"(func $start (loop (br 0))) (start $start) (func (export "f") (result i32) (i32.const 0))"#;
    let limits = Limits {
        timeout: Some(Duration::from_millis(20)),
        ..Limits::default()
    };
    assert!(matches!(ask(&command(body), limits), Stop::TimedOut(_)));
}

#[test]
fn bad_input_a_large_table_is_refused_and_no_fault() {
    let body = r#"(table $t 1 funcref) (func (export "f") (result i32)
        (i32.eq (table.grow $t (ref.null func) (i32.const 100000000)) (i32.const -1)))"#;
    assert!(matches!(
        ask(&command(body), Limits::default()),
        Stop::Exited(1)
    ));
}

#[test]
fn more_modules_than_the_pool_holds_run_outside_of_it() {
    let modules: String = (0..100)
        .map(|number| format!("(core instance $more{number} (instantiate $m))\n"))
        .collect();
    let wat = format!(
        r#"(component
            (core module $m (memory 1) (func (export "f") (result i32) (i32.const 0)))
            (core instance $i (instantiate $m)) {modules}
            (func $f (result (result)) (canon lift (core func $i "f")))
            (instance $run (export "run" (func $f)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    );
    let bytes = wat::parse_str(wat).expect("the test's own text is right");
    let program = SANDBOX.load(&component("large", bytes)).expect("a command");
    let call = Call::Command {
        arguments: Vec::new(),
        stdin: Vec::new(),
    };
    let ended = Setting::default().call(&program, call, &|_| {});
    said(&ended);
    assert_eq!(ended.memory, 101 << 16);
}

#[test]
fn bad_input_open_files_without_end_are_over_quota() {
    let quotas = Quotas {
        descriptors: 50,
        ..Quotas::default()
    };
    let ended = Setting {
        quotas,
        ..Setting::default()
    }
    .probe("leak /src/a");
    assert!(matches!(stop(ended), Stop::OverQuota(_)));
}

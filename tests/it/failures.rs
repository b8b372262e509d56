//! What fails, what that keeps from running, and what a failure leaves.

use cofferdam_runtime::sandbox::Cancel;
use cofferdam_runtime::{ErrorKind, Event};

use crate::fixture::Project;

/// `after` needs `bad`; `apart` needs nothing.
const THREE: &str = r#"
[actions.bad]
plugin = "scripted"
config = { steps = ["read /src/a", "must read /src/good"] }
[actions.after]
plugin = "scripted"
needs = ["bad"]
config = { steps = ["read /in/bad/transcript"] }
writes = "out"
[actions.apart]
plugin = "scripted"
config = { steps = ["read /src/b"] }
writes = "apart"
"#;

fn failing() -> Project {
    Project::with(THREE, &[("a", "1"), ("b", "2")])
}

#[test]
fn a_failure_skips_what_needs_it() {
    let project = failing();
    let ran = project.run_with(|options| options.keep_going = true);
    ran.error(ErrorKind::User, "action `bad` failed");
    assert_eq!((ran.failed(), ran.skipped()), (vec!["bad"], vec!["after"]));
    assert_eq!(ran.executed(), ["apart"]);
    assert!(project.read("apart/transcript").contains('2'));
    let Some(Event::Finished(summary)) = ran.events.last() else {
        panic!("the last event is {:?}", ran.events.last());
    };
    assert_eq!(
        (
            summary.actions,
            summary.executed,
            summary.failed,
            summary.skipped
        ),
        (3, 1, 1, 1)
    );
}

#[test]
fn without_keep_going_nothing_new_starts() {
    let project = failing();
    let ran = project.run_with(|options| options.jobs = 1);
    assert_eq!(ran.failed(), ["bad"]);
    assert_eq!(ran.executed(), [""; 0]);
    let Some(Event::Finished(summary)) = ran.events.last() else {
        panic!("the last event is {:?}", ran.events.last());
    };
    assert_eq!(
        (summary.failed, summary.skipped, summary.actions),
        (1, 2, 3)
    );
}

#[test]
fn a_failure_is_kept_where_that_is_asked_for() {
    let project = failing();
    let bad = THREE.replace("[actions.bad]", "[actions.bad]\ncache_failures = true");
    let from_cache = |ran: &crate::fixture::Ran| {
        let error = ran.error(ErrorKind::User, "action `bad` failed");
        error.hints.iter().any(|hint| hint.contains("--force"))
    };
    project.configure(&bad);
    assert!(!from_cache(&project.run()));
    assert!(from_cache(&project.run()));
    project.write("b", "3");
    assert!(from_cache(&project.run()));
    project.write("a", "2");
    assert!(!from_cache(&project.run()), "it read `a`");
    project.write("a", "1");
    assert!(from_cache(&project.run()), "so it was at first");
    assert!(!from_cache(
        &project.run_with(|options| options.force = true)
    ));
    project.configure(THREE);
    assert!(!from_cache(&project.run()), "it is not asked for any more");
    project.configure(&bad);
    project.write("good", "");
    project.run().good();
    std::fs::remove_file(project.folder().join("good")).expect("it is there");
    assert!(from_cache(&project.run()));
}

#[test]
fn a_failure_is_tried_again_and_mended() {
    let project = failing();
    for _ in 0..2 {
        let ran = project.run_with(|options| options.keep_going = true);
        assert_eq!(ran.failed(), ["bad"]);
    }
    project.write("good", "");
    let ran = project.run().good();
    assert_eq!(
        (ran.executed(), ran.cached()),
        (vec!["after", "bad"], vec!["apart"])
    );
    assert!(project.run().good().was_fast());
}

#[test]
fn an_action_that_fails_keeps_its_last_outputs() {
    let project = failing();
    project.write("good", "");
    project.run().good();
    project.remove("good");
    project.run().error(ErrorKind::User, "action `bad` failed");
    assert!(project.read("out/transcript").contains("read /src/a: 1"));
    project.write("good", "");
    // All is as in the last good run, but that was a failure ago.
    assert_eq!(project.run().good().executed(), [""; 0]);
}

#[test]
fn a_failure_has_the_place_its_user_knows() {
    let place = |step: &str| {
        let project = Project::with(
            &format!(
                r#"
[actions.pages]
plugin = "scripted"
config = {{ steps = [] }}
[actions.a]
plugin = "scripted"
needs = ["pages"]
config = {{ steps = ["{step}"] }}
"#
            ),
            &[],
        );
        let ran = project.run();
        ran.error(ErrorKind::User, "wrong")
            .at
            .as_ref()
            .map(ToString::to_string)
    };
    assert_eq!(
        place("fail-at /src/docs/a.md wrong").as_deref(),
        Some("docs/a.md:3:7")
    );
    assert_eq!(
        place("fail-at /in/pages/b wrong").as_deref(),
        Some("pages:b:3:7")
    );
    assert_eq!(place("fail-at /build/c wrong").as_deref(), Some("c:3:7"));
    assert_eq!(place("fail wrong"), None);
}

#[test]
fn what_a_failed_action_printed_is_told() {
    let project = Project::new(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"print hello\", \"complain help\", \"fail wrong\"] }\n",
    );
    let ran = project.run();
    let printed = ran.events.iter().find_map(|event| match event {
        Event::Failed { stdout, stderr, .. } => Some((stdout.clone(), stderr.clone())),
        _ => None,
    });
    assert_eq!(printed, Some((b"hello\n".to_vec(), b"help\n".to_vec())));
}

#[test]
fn bad_input_a_wrong_config_is_the_project_files_error() {
    let project = Project::new("[actions.a]\nplugin = \"scripted\"\nconfig = { stepz = [] }\n");
    let ran = project.run();
    let error = ran.error(ErrorKind::Config, "stepz");
    let at = error.at.as_ref().expect("a place").to_string();
    assert!(at.starts_with("cofferdam.toml:"), "{at}");
}

#[test]
fn cancelling_ends_a_run_at_once() {
    let project = Project::with(
        r#"
[actions.endless]
plugin = "scripted"
config = { steps = ["log started", "loop"] }
[actions.after]
plugin = "scripted"
needs = ["endless"]
config = { steps = [] }
[actions.apart]
plugin = "scripted"
config = { steps = ["read /src/a"] }
"#,
        &[("a", "1")],
    );
    let cancel = Cancel::default();
    let ran = project.run_watched(
        |_| {},
        &cancel,
        |event| {
            if matches!(event, Event::Log { .. }) {
                cancel.cancel();
            }
        },
    );
    ran.error(ErrorKind::Interrupted, "interrupted");
    let Some(Event::Finished(summary)) = ran.events.last() else {
        panic!("the last event is {:?}", ran.events.last());
    };
    assert_eq!(summary.failed, 0);
    // What is mended runs; what was done stays done.
    project.configure(
        "[actions.apart]\nplugin = \"scripted\"\nconfig = { steps = [\"read /src/a\"] }\n",
    );
    project.run().good();
}

#[test]
fn a_run_that_is_cancelled_before_it_starts_executes_nothing() {
    let project = failing();
    let cancel = Cancel::default();
    cancel.cancel();
    let ran = project.run_watched(|_| {}, &cancel, |_| {});
    ran.error(ErrorKind::Interrupted, "interrupted");
    assert_eq!((ran.executed(), ran.failed()), (vec![], vec![]));
}

#[test]
fn a_project_has_one_writer_at_a_time() {
    let project = Project::with(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"log inside\", \"read /src/a\"] }\n",
        &[("a", "1")],
    );
    // While the first run is inside its action, a second one starts; it waits, then finds the result.
    let second = std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::channel();
        let receive = std::sync::Mutex::new(receive);
        let other = &project;
        let second = std::sync::Mutex::new(None);
        other
            .run_watched(
                |_| {},
                &Cancel::default(),
                |event| {
                    if matches!(event, Event::Log { .. }) {
                        let send = send.clone();
                        *second.lock().expect("no panic while locked") =
                            Some(scope.spawn(move || {
                                other.run_watched(
                                    |_| {},
                                    &Cancel::default(),
                                    |event| {
                                        if matches!(event, Event::Notice { .. }) {
                                            send.send(()).expect("the first run listens");
                                        }
                                    },
                                )
                            }));
                        let receive = receive.lock().expect("no panic while locked");
                        receive.recv().expect("the second run waits");
                    }
                },
            )
            .good();
        let second = second.lock().expect("no panic while locked").take();
        second
            .expect("it was started")
            .join()
            .expect("it does not panic")
    });
    let second = second.good();
    assert_eq!(
        second.notices(),
        ["waiting for another run of this project to end"]
    );
    assert_eq!(second.executed(), [""; 0]);
}

#[test]
fn bad_input_an_action_that_leaves_not_what_it_declares_has_failed() {
    let toml = |path: &str| {
        format!(
            "[actions.a]\nplugin = \"scripted\"\noutputs = [\"{path}\"]\nconfig = {{ steps = [\"write /out/deep/x 1\"] }}\n"
        )
    };
    let project = Project::new(&toml("deep/x"));
    project.run().good();
    project.configure(&toml("deep"));
    project.run().good();
    for missing in ["deep/y", "deep/x/z"] {
        project.configure(&toml(missing));
        project.run().error(ErrorKind::User, missing);
    }
}

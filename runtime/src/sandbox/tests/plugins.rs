//! Plugins made with the SDK: what goes in and what comes out.

use std::sync::Mutex;

use super::*;
use crate::event::{Level, LogLine};

static SUITE: LazyLock<Component> =
    LazyLock::new(|| component("probe-suite", build_guest("probe-suite")));
static DEPLOYER: LazyLock<Component> =
    LazyLock::new(|| component("probe-deployer", build_guest("probe-deployer")));

fn suite() -> Arc<Program> {
    SANDBOX.load(&SUITE).expect("a suite")
}

fn request(config: &str) -> Call {
    Call::Run {
        config: config.into(),
        needs: vec!["pages".into(), "base".into()],
    }
}

fn run(config: &str) -> Ended {
    Setting::default().call(&suite(), request(config), &|_| {})
}

#[test]
fn plugins_describe_themselves() {
    let suite = suite();
    assert_eq!(suite.world(), World::Suite);
    let told = suite.description().expect("a plugin");
    assert_eq!(
        (&*told.name, &*told.version),
        ("probe-suite", env!("CARGO_PKG_VERSION"))
    );
    assert!(told.config_schema.contains("\"act\""));
    let asked = Capability {
        name: "http".into(),
        scope: vec!["https://example.org".into()],
    };
    assert_eq!(told.capabilities, [asked]);
    let deployer = SANDBOX.load(&DEPLOYER).expect("a deployer");
    assert_eq!(deployer.world(), World::Deployer);
}

#[test]
fn what_a_plugin_says_of_itself_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("code");
    let first = Sandbox::new(folder.clone(), Box::new(|_| {}));
    let told = first.load(&SUITE).expect("a suite");
    let unseen = Component {
        bytes: Arc::new(|| panic!("the bytes are not needed")),
        ..SUITE.clone()
    };
    let second = Sandbox::new(folder, Box::new(|_| {}));
    let again = second.load(&unseen).expect("known");
    assert_eq!(told.description(), again.description());
    assert!(!second.machines.exist());
}

#[test]
fn an_action_runs() {
    let ended = run(r#"{"act":"write"}"#);
    assert!(matches!(
        ended.result,
        Ok(Finished {
            answer: Answer::Ran
        })
    ));
    assert_eq!(written(&ended, "needs"), "pages,base");
}

#[test]
fn a_plugin_makes_programs() {
    let ended = run(r#"{"act":"chmod"}"#);
    let told = written(&ended, "told");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "false true false");
    assert_eq!(lines[1], "`/src/a`: read-only file system");
    assert_eq!(lines[2], "`/out/nowhere`: no such file or directory");
    let (_, delta) = &ended.built.deltas[0];
    let program = delta
        .entries
        .iter()
        .find(|(name, _)| name.as_str() == "program");
    assert!(matches!(
        program,
        Some((
            _,
            BuiltNode::File {
                executable: true,
                ..
            }
        ))
    ));
    // Observed like its content.
    let facts: Vec<_> = ended.built.observations.facts.iter().collect();
    assert!(
        facts.iter().any(|((_, path), fact)| **path == *"a"
            && fact.facets.contains(crate::observe::Facets::CONTENT))
    );
}

#[test]
fn a_failure_keeps_its_place() {
    let Stop::Failed(failures) = stop(run(r#"{"act":"fail"}"#)) else {
        panic!("the plugin says so");
    };
    let expected = Failure {
        kind: FailureKind::User,
        message: "a broken link".into(),
        location: Some(Location {
            path: "/src/a".into(),
            line: Some(3),
            column: Some(7),
        }),
        retryable: true,
    };
    assert_eq!(failures, [expected]);
    let Stop::Failed(failures) = stop(run(r#"{"act":"dance"}"#)) else {
        panic!("the config is wrong");
    };
    assert_eq!(failures[0].kind, FailureKind::Config);
}

#[test]
fn a_plan_comes_out_as_it_was_made() {
    let call = Call::Plan {
        config: r#"{"act":"write"}"#.into(),
        needs: Vec::new(),
    };
    let ended = Setting::default().call(&suite(), call, &|_| {});
    let Ok(Finished {
        answer: Answer::Planned(plan),
    }) = ended.result
    else {
        panic!("a plan");
    };
    let planned = |name: &str, source| PlannedNeed {
        name: name.into(),
        source,
    };
    let expected = [
        PlannedAction {
            name: "first".into(),
            plugin: None,
            config: "1".into(),
            reads: vec!["docs/**".into()],
            needs: Vec::new(),
            exported: false,
        },
        PlannedAction {
            name: "second".into(),
            plugin: Some("merge".into()),
            config: "{}".into(),
            reads: Vec::new(),
            needs: vec![
                planned("one", NeedSource::Planned("first".into())),
                planned("two", NeedSource::Inherited("base".into())),
            ],
            exported: true,
        },
    ];
    assert_eq!(plan, expected);
}

#[test]
fn a_deployer_changes_real_folders() {
    let folder = tempfile::tempdir().expect("a folder");
    let deployer = SANDBOX.load(&DEPLOYER).expect("a deployer");
    let instances = vec![Instance {
        name: "local".into(),
        root: "/target/local".into(),
    }];
    let ask = |call| {
        let setting = Setting::default();
        let mut layout = setting.layout();
        let authority = cap_std::ambient_authority();
        layout.mounts.push(Mount {
            at: "/target/local".into(),
            kind: MountKind::HostDir {
                folder: cap_std::fs::Dir::open_ambient_dir(folder.path(), authority)
                    .expect("opened"),
                writable: true,
            },
        });
        setting.call_in(&deployer, call, layout, &|_| {})
    };
    let deploy = |dry_run| Call::Deploy {
        config: "{}".into(),
        revision: "abc".into(),
        instances: instances.clone(),
        dry_run,
    };
    let change = |operation, path: &str, detail: &str| Change {
        instance: "local".into(),
        operation,
        path: path.into(),
        detail: detail.into(),
    };
    let current = folder.path().join("current");
    for dry_run in [true, false] {
        let Ok(Finished {
            answer: Answer::Changed(changes),
        }) = ask(deploy(dry_run)).result
        else {
            panic!("changes");
        };
        assert_eq!(
            changes,
            [change(Operation::Activate, "/target/local/current", "abc")]
        );
        assert_eq!(current.exists(), !dry_run);
    }
    assert_eq!(std::fs::read_to_string(current).expect("written"), "abc");

    let rollback = |to: Option<&str>| Call::Rollback {
        config: "{}".into(),
        to: to.map(str::to_owned),
        instances: instances.clone(),
        dry_run: false,
    };
    let Ok(Finished {
        answer: Answer::Changed(changes),
    }) = ask(rollback(Some("old"))).result
    else {
        panic!("changes");
    };
    assert_eq!(changes, [change(Operation::Keep, "/target/local", "old")]);
    assert!(matches!(stop(ask(rollback(None))), Stop::Failed(_)));
}

#[test]
fn log_and_progress_are_heard_at_once_and_kept() {
    let heard = Mutex::new(Vec::new());
    let listen = |event| heard.lock().expect("no panic").push(event);
    let ended = Setting::default().call(&suite(), request(r#"{"act":"log","lines":2}"#), &listen);
    let line = |number: &str| LogLine {
        level: Level::Warn,
        message: format!("line {number}"),
        fields: Vec::new(),
    };
    assert_eq!(ended.log, [line("0"), line("1")]);
    let heard = heard.into_inner().expect("no panic");
    assert_eq!(heard.len(), 4);
    assert!(
        matches!(&heard[0], GuestEvent::Progress { done: 0, total: Some(2), message } if message == "logging")
    );
    assert!(matches!(&heard[3], GuestEvent::Log(last) if *last == line("1")));
}

#[test]
fn bad_input_logging_without_end_is_over_quota() {
    let limits = Limits {
        log_lines: 10,
        ..Limits::default()
    };
    let ended = Setting {
        limits,
        ..Setting::default()
    }
    .call(&suite(), request(r#"{"act":"log","lines":11}"#), &|_| {});
    assert_eq!(ended.log.len(), 10);
    assert!(matches!(stop(ended), Stop::OverQuota(which) if which == "logged more than 10 lines"));
}

#[test]
fn bad_input_a_panic_of_a_plugin_shows_its_message() {
    let Stop::Trapped { message, backtrace } = stop(run(r#"{"act":"panic"}"#)) else {
        panic!("a panic is a trap");
    };
    assert!(message.ends_with("the suite cannot go on"), "{message}");
    assert!(backtrace[0].contains("run"), "{backtrace:#?}");
}

#[test]
fn bad_input_an_exit_without_an_answer_is_no_answer() {
    assert!(matches!(
        stop(run(r#"{"act":"exit","code":3}"#)),
        Stop::Exited(_)
    ));
    let ended = run(r#"{"act":"exit","code":0}"#);
    assert!(matches!(
        ended.result,
        Ok(Finished {
            answer: Answer::Ran
        })
    ));
}

#[test]
fn a_call_of_another_world_is_refused() {
    let deployer = SANDBOX.load(&DEPLOYER).expect("a deployer");
    let ended = Setting::default().call(&deployer, request("{}"), &|_| {});
    let Stop::Trapped { message, .. } = stop(ended) else {
        panic!("it cannot run");
    };
    assert_eq!(message, "the component does not export `run`");
}

//! What is damaged on the disk between two runs: nothing wrong is served, and the next run is good.

use std::fs;
use std::path::PathBuf;

use cofferdam_runtime::ErrorKind;

use crate::fixture::work::{clean, files, is_right, work};
use crate::fixture::{Project, Told, with_scripted};

fn ending<'p>(all: &'p [PathBuf], end: &str) -> Vec<&'p PathBuf> {
    all.iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == end))
        .collect()
}

/// A run after damage ends well, or says that the environment is at fault; then the next ends well.
#[track_caller]
fn mends(project: &Project, what: &str) -> Told {
    let told = project.ask("run");
    if told.code == Some(0) {
        return told;
    }
    assert_eq!(told.code, Some(4), "{what}: {}", told.stderr);
    let told = project.ask("run");
    assert_eq!(
        told.code,
        Some(0),
        "{what}, the second time: {}",
        told.stderr
    );
    told
}

#[test]
fn fault_a_flipped_bit_in_any_file_of_the_cache() {
    let project = work();
    project.ask("run").ended(0);
    let mut cases = 0;
    for round in 0..4 {
        for path in files(project.cache()) {
            let name = path
                .strip_prefix(project.cache())
                .expect("below it")
                .display()
                .to_string();
            // What owns outputs is in `fault_a_list_of_outputs_that_is_damaged`.
            if name.ends_with("/outputs") || name.ends_with("lock") {
                continue;
            }
            let Ok(mut bytes) = fs::read(&path) else {
                continue;
            };
            let Some(last) = bytes.len().checked_sub(1) else {
                continue;
            };
            let what = format!("a bit of `{name}`, round {round}");
            bytes[last * (round + 1) / 4] ^= 1 << round;
            let _ = fs::remove_file(&path);
            fs::write(&path, bytes).expect("it can be written");
            // The outputs must come from the store, and one action has to read another's.
            fs::remove_dir_all(project.path("out")).expect("outputs");
            cases += 1;
            project.write("last", format!("L{cases}"));
            if name == "format" || name == "CACHEDIR.TAG" {
                // The folder is another program's now, for all that is known: nothing is touched.
                let told = project.ask("run");
                assert!(matches!(told.code, Some(0 | 4)), "{what}: {}", told.stderr);
                if told.code == Some(4) {
                    fs::remove_file(&path).expect("a file");
                }
            }
            mends(&project, &what);
            let last = project.read("out/last/transcript");
            assert!(
                last.contains(&format!("read /src/last: L{cases}\n")),
                "{what}: {last}"
            );
            assert_eq!(project.read("out/last/copy"), "x".repeat(300_000), "{what}");
            assert!(
                project
                    .read("out/top/transcript")
                    .contains("read /build/made: M"),
                "{what}"
            );
        }
    }
    assert!(cases > 20, "{cases}");
    is_right(&project, &clean(&project), "in the end");
}

#[test]
fn fault_packs_that_are_cut_and_indexes_that_are_lost() {
    let project = work();
    project.ask("run").ended(0);
    let right = clean(&project);
    let forget = || fs::remove_dir_all(project.path("out")).expect("outputs");
    // Without an index a pack is read again, and nothing is lost.
    for index in ending(&files(project.cache()), "idx") {
        fs::remove_file(index).expect("a file");
    }
    forget();
    let told = project.ask("run").ended(0);
    assert!(!told.stderr.contains("Executed"), "{}", told.stderr);
    is_right(&project, &right, "without indexes");

    for keep in [0.0, 0.3, 0.9] {
        for pack in ending(&files(project.cache()), "pack") {
            let size = fs::metadata(pack).expect("a file").len();
            let file = fs::File::options().write(true).open(pack).expect("a file");
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "about there"
            )]
            file.set_len((size as f64 * keep) as u64).expect("a size");
        }
        forget();
        mends(&project, "a pack is cut");
        is_right(&project, &right, "a pack is cut");
    }
    for folder in ["packs", "large", "leases", "tmp", "projects"] {
        let _ = fs::remove_dir_all(project.cache().join(folder));
        if folder != "projects" {
            forget();
        }
        mends(&project, folder);
        is_right(&project, &right, folder);
    }
}

/// What the last run found is known, but what it made is gone.
#[test]
fn fault_all_was_collected_since_the_last_run() {
    let project = work();
    project.ask("run").ended(0);
    for text in ["A", "A", "other"] {
        project.ask("cache gc --max-size 0").ended(0);
        project.write("docs/a", text);
        project.ask("run").ended(0);
        is_right(&project, &clean(&project), text);
        project.ask("cache gc --max-size 0").ended(0);
        fs::remove_dir_all(project.path("out")).expect("outputs");
        project.ask("run").ended(0);
        is_right(&project, &clean(&project), text);
        fs::remove_dir_all(project.path("out")).expect("outputs");
    }
}

/// Whatever it says now, files that are not ours stay, and what is missing comes back.
#[test]
fn fault_a_list_of_outputs_that_is_damaged() {
    let project = work();
    project.ask("run").ended(0);
    let right = clean(&project);
    let list = files(&project.cache().join("projects"))
        .into_iter()
        .find(|path| path.ends_with("outputs"))
        .expect("a list");
    let whole = fs::read(&list).expect("a file");
    for at in (0..whole.len()).step_by(11) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&list, &bytes).expect("it can be written");
        project.write("out/mine", "M");
        project.write("oup/mine", "M");
        fs::remove_file(project.path("out/top/transcript")).expect("an output");
        project.ask("run").ended(0);
        assert_eq!(
            (project.read("out/mine"), project.read("oup/mine")),
            ("M".to_owned(), "M".to_owned())
        );
        project.remove("out/mine");
        is_right(&project, &right, &format!("byte {at}"));
    }
}

/// A blob that an action is about to read is damaged: it is no code of the guest's, and nothing is kept of it.
#[test]
fn fault_a_blob_that_is_damaged_under_a_guest() {
    let made = |steps: &str| {
        format!(
            "[actions.first]\nplugin = \"scripted\"\nconfig = {{ silent = true, steps = [\"repeat /out/x 200000\"] }}\n\
             [actions.last]\nplugin = \"scripted\"\nneeds = [\"first\"]\nconfig = {{ steps = [{steps}] }}\nwrites = \"out\"\n"
        )
    };
    let project = Project::new(&made(""));
    project.run().good();
    for large in files(&project.cache().join("large")) {
        let mut bytes = fs::read(&large).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&large, bytes).expect("it can be written");
    }
    project.configure(&made("\"read /in/first/x\", \"write /out/survived yes\""));
    let ran = project.run();
    let error = ran.error(
        ErrorKind::Environment,
        "action `last` ended: the host could not serve it",
    );
    assert!(
        !error.causes.is_empty() && !error.hints.is_empty(),
        "{error:?}"
    );
    assert!(!project.exists("out/survived"));
    let ran = project.run().good();
    assert_eq!(ran.executed(), ["first", "last"]);
    let line = format!("read /in/first/x: {}\n", "x".repeat(200_000));
    assert!(project.read("out/transcript").starts_with(&line));
}

#[test]
fn fault_a_list_of_deployments_that_was_cut() {
    let project = Project::with(
        &with_scripted(
            "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"read /src/x\"] }\n\
             [deploy.local]\nplugin = \"directory\"\nfrom = \"a\"\nconfig = { path = \"public\" }\ngrants = { write = [\"public\"] }\n",
        ),
        &[("x", "1")],
    );
    let count = || {
        project
            .ask("deployments local")
            .ended(0)
            .stdout
            .lines()
            .count()
    };
    project.ask("deploy local").ended(0);
    project.write("x", "2");
    project.ask("deploy local").ended(0);
    assert_eq!(count(), 2);
    let list = files(&project.cache().join("projects"))
        .into_iter()
        .find(|path| path.ends_with("deployments"))
        .expect("a list");
    let whole = fs::read(&list).expect("a file");
    // A crash while the second was entered.
    fs::write(&list, &whole[..whole.len() - 5]).expect("it can be written");
    assert_eq!(count(), 1);
    for text in ["3", "4"] {
        project.write("x", text);
        project.ask("deploy local").ended(0);
    }
    assert_eq!(count(), 3);
    project.ask("rollback local").ended(0);
    assert!(
        project
            .read("public/current/transcript")
            .contains("read /src/x: 3")
    );
}

#[test]
fn fault_a_record_of_the_last_run_that_is_cut_anywhere() {
    let project = Project::with(
        r#"
[actions.a]
plugin = "scripted"
config = { silent = true, steps = ["copy /src/a /out/a", "copy /src/b /out/b"] }
writes = "out"
"#,
        &[("a", "A"), ("b", "B")],
    );
    project.run().good();
    let record = project.open().record_file();
    let whole = fs::read(&record).expect("a record").len();
    for text in ["A1", "A2"] {
        project.write("a", text);
        project.run().good();
    }
    let bytes = fs::read(&record).expect("a record");
    assert!(bytes.len() > whole + 200, "what changed is appended");
    for cut in (0..bytes.len()).rev().step_by(5) {
        fs::write(&record, &bytes[..cut]).expect("it can be written");
        let ran = project.run().good();
        let summary = ran.summary();
        assert_eq!((summary.actions, summary.executed), (1, 0), "cut at {cut}");
        assert_eq!(project.read("out/a") + &project.read("out/b"), "A2B");
        // And what is said of it then holds.
        let ran = project.run().good();
        let summary = ran.summary();
        assert_eq!((summary.actions, summary.executed), (1, 0), "cut at {cut}");
    }
}

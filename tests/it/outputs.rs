//! Written outputs: what lands in the project's folder, what goes, and what is left alone.

use cofferdam_runtime::{ErrorKind, Event};

use crate::fixture::{Project, tree};

fn writer(steps: &str) -> String {
    format!(
        "[actions.a]\nplugin = \"scripted\"\nconfig = {{ silent = true, steps = [{steps}] }}\nwrites = \"out\"\n"
    )
}

const FEW: &str = r#""copy /src/a /out/a", "write /out/deep/b B", "symlink a /out/link", "folder /out/empty", "write /out/run R", "make-program /out/run""#;

fn few() -> Project {
    let project = Project::with(&writer(FEW), &[("a", "A")]);
    project.run().good();
    project
}

fn shown(project: &Project, folder: &str) -> String {
    let entries = tree(&project.path(folder));
    let lines: Vec<String> = entries
        .iter()
        .map(|(path, what)| format!("{path}: {what}"))
        .collect();
    lines.join(", ")
}

const FEW_SHOWN: &str =
    "a: file A, deep: dir, deep/b: file B, empty: dir, link: link a, run: program R";

#[test]
fn files_links_folders_and_programs_are_written() {
    let project = few();
    assert_eq!(shown(&project, "out"), FEW_SHOWN);
    assert!(project.run().good().was_fast());
}

#[test]
fn nothing_is_written_where_nobody_asked() {
    let project = Project::with(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"read /src/a\"] }\n",
        &[("a", "A")],
    );
    project.run().good();
    assert_eq!(tree(project.folder()).len(), 2);
}

#[test]
fn deleted_outputs_come_back() {
    let project = few();
    for path in ["out/a", "out/link", "out/empty", "out/deep", "out"] {
        project.remove(path);
        let ran = project.run().good();
        assert_eq!(ran.executed(), [""; 0]);
        assert_eq!(ran.notices(), [""; 0], "what was deleted is no edit");
        assert_eq!(
            shown(&project, "out"),
            FEW_SHOWN,
            "after `{path}` was deleted"
        );
        assert!(project.run().good().was_fast());
    }
}

#[test]
fn edited_outputs_are_restored_with_a_notice() {
    let project = few();
    project.write("out/a", "edited");
    project.write("out/deep/b", "C");
    project.remove("out/link");
    project.symlink("elsewhere", "out/link");
    let ran = project.run().good();
    assert_eq!(ran.executed(), [""; 0]);
    let restored =
        |path: &str| format!("restored `{path}`: it was edited, and is written by an action");
    assert_eq!(
        ran.notices(),
        [
            restored("out/a"),
            restored("out/deep/b"),
            restored("out/link")
        ]
    );
    assert_eq!(shown(&project, "out"), FEW_SHOWN);
}

#[test]
fn an_edit_of_the_same_size_and_time_is_restored() {
    let project = few();
    let before = std::fs::metadata(project.path("out/a")).expect("a file");
    project.write("out/a", "B");
    let file = std::fs::File::options()
        .write(true)
        .open(project.path("out/a"))
        .expect("a file");
    file.set_modified(before.modified().expect("a time"))
        .expect("times can be set");
    project.run().good();
    assert_eq!(shown(&project, "out"), FEW_SHOWN);
}

#[test]
fn a_mode_is_restored() {
    let project = few();
    project.make_program("out/a");
    project.run().good();
    assert_eq!(shown(&project, "out"), FEW_SHOWN);
}

#[test]
fn an_output_that_became_a_folder_is_restored_unless_something_is_in_it() {
    let project = few();
    project.remove("out/a");
    std::fs::create_dir(project.path("out/a")).expect("the name is free");
    project.run().good();
    assert_eq!(shown(&project, "out"), FEW_SHOWN);
    project.remove("out/a");
    project.write("out/a/mine", "M");
    project
        .run()
        .error(ErrorKind::User, "remove or rename `out/a`");
    assert_eq!(project.read("out/a/mine"), "M");
}

#[test]
fn stale_outputs_are_deleted_and_foreign_files_stay() {
    let project = few();
    project.write("out/mine", "M");
    project.write("out/deep/mine", "M");
    project.configure(&writer(r#""copy /src/a /out/a""#));
    let ran = project.run().good();
    assert_eq!(
        shown(&project, "out"),
        "a: file A, deep: dir, deep/mine: file M, mine: file M"
    );
    let wrote = ran.events.iter().find_map(|event| match event {
        Event::Wrote {
            folder,
            files,
            deleted,
        } => Some((folder.as_str(), *files, *deleted)),
        _ => None,
    });
    assert_eq!(wrote, Some(("out", 0, 3)));
    assert!(project.run().good().was_fast());
}

#[test]
fn a_file_in_the_way_is_an_error_and_stays() {
    for there in ["out/a", "out/deep"] {
        let project = Project::with(&writer(FEW), &[("a", "A"), (there, "mine")]);
        project
            .run()
            .error(ErrorKind::User, &format!("remove or rename `{there}`"));
        assert_eq!(project.read(there), "mine");
        project.remove(there);
        assert_eq!(project.run().good().executed(), [""; 0]);
        assert_eq!(shown(&project, "out"), FEW_SHOWN);
    }
}

#[test]
fn what_is_there_and_right_is_taken_over() {
    let project = Project::with(&writer(FEW), &[("a", "A"), ("out/a", "A")]);
    project.run().good();
    assert_eq!(shown(&project, "out"), FEW_SHOWN);
}

#[test]
fn escape_a_link_among_the_folders_leads_nowhere() {
    let project = few();
    let outside = project.outside().join("elsewhere");
    std::fs::create_dir(&outside).expect("the name is free");
    std::fs::write(outside.join("b"), "outside").expect("a file");
    project.remove("out/deep");
    project.symlink("../../elsewhere", "out/deep");
    project.run().good();
    assert_eq!(shown(&project, "out"), FEW_SHOWN);
    assert_eq!(
        std::fs::read_to_string(outside.join("b")).expect("a file"),
        "outside"
    );
}

#[test]
fn escape_a_folder_that_is_a_link_is_not_written_to() {
    let project = Project::with(&writer(FEW), &[("a", "A")]);
    let outside = project.outside().join("elsewhere");
    std::fs::create_dir(&outside).expect("the name is free");
    project.symlink("../elsewhere", "out");
    project.run().error(ErrorKind::User, "`out`");
    assert!(tree(&outside).is_empty());
}

#[test]
fn a_folder_that_is_written_no_longer_is_emptied() {
    let project = few();
    project.write("out/mine", "M");
    project.configure(&writer(FEW).replace("\"out\"", "\"new/place\""));
    project.run().good();
    assert_eq!(shown(&project, "out"), "mine: file M");
    assert_eq!(shown(&project, "new/place"), FEW_SHOWN);
    project.configure(&writer(FEW).replace("writes = \"out\"", ""));
    project.run().good();
    assert!(!project.exists("new/place/a"));
    assert!(project.run().good().was_fast());
}

#[test]
fn files_and_folders_change_places() {
    let project = Project::with(
        &writer(r#""write /out/x X", "write /out/y/z Z", "write /out/y/w W""#),
        &[],
    );
    project.run().good();
    project.configure(&writer(r#""write /out/x/z X", "write /out/y Y""#));
    project.run().good();
    assert_eq!(shown(&project, "out"), "x: dir, x/z: file X, y: file Y");
    project.configure(&writer(r#""symlink x /out/y", "write /out/x X""#));
    project.run().good();
    assert_eq!(shown(&project, "out"), "x: file X, y: link x");
}

/// Outputs that a failed run wrote must not be taken for those of the last good one.
#[test]
fn a_failed_run_leaves_nothing_behind_that_the_next_trusts() {
    let project = Project::with(
        r#"
[actions.a]
plugin = "scripted"
config = { silent = true, steps = ["copy-tree /src/docs /out"] }
writes = "out"
[actions.b]
plugin = "scripted"
config = { steps = ["must read /src/good"] }
"#,
        &[("docs/a", "A"), ("good", "")],
    );
    project.run().good();
    assert!(project.run().good().was_fast());
    project.write("docs/b", "B");
    project.remove("good");
    let ran = project.run_with(|options| options.keep_going = true);
    assert_eq!(ran.failed(), ["b"]);
    assert_eq!(shown(&project, "out"), "a: file A, b: file B");
    // All that the last good run saw and wrote is there again, and one file more.
    project.remove("docs/b");
    project.write("good", "");
    project.run().good();
    assert_eq!(shown(&project, "out"), "a: file A");
}

#[test]
fn two_actions_write_two_folders() {
    let both = format!(
        "{}{}",
        writer(r#""write /out/x 1""#),
        writer(r#""write /out/x 2""#)
    );
    let both = both
        .replacen("actions.a", "actions.b", 1)
        .replacen("\"out\"", "\"other\"", 1);
    let project = Project::new(&both);
    project.run().good();
    assert_eq!(
        (shown(&project, "out"), shown(&project, "other")),
        ("x: file 2".into(), "x: file 1".into())
    );
    // One of them alone leaves the other's files.
    project.remove("out/x");
    project.remove("other/x");
    project.run_actions(&["a"]).good();
    assert_eq!(
        (shown(&project, "out"), shown(&project, "other")),
        ("x: file 2".into(), String::new())
    );
    project.run().good();
    assert_eq!(shown(&project, "other"), "x: file 1");
}

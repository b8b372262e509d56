//! What runs again, and what does not: exactly what observed a change.

use crate::fixture::Project;

/// `copy` reads one file, `upper` what `copy` made of it, `other` another file.
const THREE: &str = r#"
[actions.first]
plugin = "scripted"
config = { steps = ["read /src/a"] }

[actions.second]
plugin = "scripted"
needs = ["first"]
config = { steps = ["read /in/first/transcript"] }
writes = "out"

[actions.other]
plugin = "scripted"
config = { steps = ["read /src/b"] }
"#;

fn three() -> Project {
    let project = Project::with(THREE, &[("a", "one"), ("b", "two")]);
    let ran = project.run().good();
    assert_eq!(ran.executed(), ["first", "other", "second"]);
    assert_eq!(ran.summary().actions, 3);
    project
}

/// An action with these steps, alone in its project.
fn alone(steps: &str, files: &[(&str, &str)]) -> Project {
    let toml = format!("[actions.a]\nplugin = \"scripted\"\nconfig = {{ steps = [{steps}] }}\n");
    let project = Project::with(&toml, files);
    assert_eq!(project.run().good().executed(), ["a"]);
    project
}

#[test]
fn nothing_changed() {
    let project = three();
    assert_eq!(
        project.read("out/transcript"),
        "read /in/first/transcript: read /src/a: one\n\n"
    );
    let ran = project.run().good();
    assert!(ran.was_fast(), "{:?}", ran.events);
    assert_eq!((ran.summary().actions, ran.summary().cached), (3, 3));
}

#[test]
fn a_touched_file_executes_nothing() {
    let project = three();
    project.touch("a");
    let ran = project.run().good();
    assert!(ran.was_fast(), "{:?}", ran.events);
    // What was learned of the file is kept or learned again.
    assert!(project.run().good().was_fast());
}

#[test]
fn an_edit_executes_its_readers() {
    let project = three();
    project.write("a", "three");
    let ran = project.run().good();
    assert_eq!(ran.executed(), ["first", "second"]);
    assert_eq!(ran.cached(), ["other"]);
    assert!(project.read("out/transcript").contains("three"));
    assert!(project.run().good().was_fast());
    project.write("b", "four");
    assert_eq!(project.run().good().executed(), ["other"]);
}

#[test]
fn an_edit_that_is_taken_back_executes_nothing() {
    let project = three();
    project.write("a", "three");
    assert_eq!(project.run().good().executed(), ["first", "second"]);
    project.write("a", "one");
    let ran = project.run().good();
    assert_eq!(ran.executed(), [""; 0]);
    assert_eq!(ran.cached(), ["first", "other", "second"]);
    assert!(project.read("out/transcript").contains("one"));
}

#[test]
fn an_equal_output_stops_there() {
    let project = Project::with(
        r#"
[actions.parity]
plugin = "scripted"
config = { steps = ["parity /src/a"] }
[actions.reader]
plugin = "scripted"
needs = ["parity"]
config = { steps = ["read /in/parity/transcript"] }
"#,
        &[("a", "12")],
    );
    project.run().good();
    project.write("a", "1234");
    let ran = project.run().good();
    assert_eq!(ran.executed(), ["parity"]);
    assert_eq!(ran.cached(), ["reader"]);
    project.write("a", "123");
    assert_eq!(project.run().good().executed(), ["parity", "reader"]);
}

#[test]
fn a_need_counts_file_by_file() {
    let project = Project::with(
        r#"
[actions.two]
plugin = "scripted"
config = { silent = true, steps = ["copy /src/a /out/a", "copy /src/b /out/b"] }
[actions.reader]
plugin = "scripted"
needs = ["two"]
config = { steps = ["read /in/two/a"] }
[actions.lister]
plugin = "scripted"
needs = ["two"]
config = { steps = ["list /in/two"] }
"#,
        &[("a", "1"), ("b", "1")],
    );
    project.run().good();
    project.write("b", "2");
    assert_eq!(project.run().good().executed(), ["two"]);
    project.write("a", "2");
    assert_eq!(project.run().good().executed(), ["reader", "two"]);
}

#[test]
fn who_does_not_list_sees_no_new_file() {
    let project = Project::with(
        r#"
[actions.lister]
plugin = "scripted"
config = { steps = ["list /src/docs"] }
[actions.reader]
plugin = "scripted"
config = { steps = ["read /src/docs/a"] }
"#,
        &[("docs/a", "1")],
    );
    project.run().good();
    project.write("docs/b", "1");
    assert_eq!(project.run().good().executed(), ["lister"]);
    project.write("docs/b", "2");
    assert!(project.run().good().was_fast());
    project.remove("docs/b");
    // Listed before, and as it was then.
    assert_eq!(project.run().good().executed(), [""; 0]);
    project.remove("docs/a");
    assert_eq!(project.run().good().executed(), ["lister", "reader"]);
}

#[test]
fn a_miss_counts() {
    let project = alone(r#""exists /src/x/y", "read /src/z""#, &[("a", "1")]);
    project.write("x/other", "");
    // `x` was looked up on the way and is a folder now: that was observed, but not `x/y`'s new neighbour.
    assert_eq!(project.run().good().executed(), ["a"]);
    project.write("x/another", "");
    assert!(project.run().good().was_fast());
    project.write("x/y", "");
    assert_eq!(project.run().good().executed(), ["a"]);
    project.write("z", "");
    assert_eq!(project.run().good().executed(), ["a"]);
}

#[test]
fn what_is_not_read_does_not_count() {
    let project = alone(
        r#""lstat /src/a", "open /src/b", "link /src/c""#,
        &[("a", "12"), ("b", "1")],
    );
    project.symlink("a", "c");
    project.run().good();
    project.write("a", "21");
    project.write("b", "another");
    assert_eq!(project.run().good().executed(), [""; 0]);
    project.write("a", "123");
    assert_eq!(project.run().good().executed(), ["a"]);
    project.remove("c");
    project.symlink("b", "c");
    assert_eq!(project.run().good().executed(), ["a"]);
}

#[test]
fn what_is_read_may_depend_on_what_was_read() {
    let project = alone(
        r#""choose /src/which /src/even /src/odd""#,
        &[("which", "12"), ("even", "e"), ("odd", "o")],
    );
    project.write("odd", "p");
    assert!(project.run().good().was_fast());
    project.write("which", "1");
    assert_eq!(project.run().good().executed(), ["a"]);
    project.write("even", "f");
    assert!(project.run().good().was_fast());
    project.write("odd", "q");
    assert_eq!(project.run().good().executed(), ["a"]);
}

#[test]
fn the_same_size_and_time_is_not_the_same_file() {
    let project = alone(r#""read /src/a""#, &[("a", "12")]);
    let before = std::fs::metadata(project.path("a")).expect("a file");
    project.write("a", "21");
    let file = std::fs::File::options()
        .write(true)
        .open(project.path("a"))
        .expect("a file");
    file.set_modified(before.modified().expect("a time"))
        .expect("times can be set");
    assert_eq!(project.run().good().executed(), ["a"]);
}

#[test]
fn programs_count_as_such() {
    let project = alone(r#""read /src/a""#, &[("a", "12")]);
    project.make_program("a");
    assert_eq!(project.run().good().executed(), ["a"]);
    assert!(project.run().good().was_fast());
}

#[test]
fn a_folder_that_becomes_a_link_to_its_copy() {
    let project = alone(r#""read /src/d/a""#, &[("d/a", "12")]);
    project.write("copy/a", "12");
    project.remove("d");
    project.symlink("copy", "d");
    assert_eq!(project.run().good().executed(), ["a"]);
    assert!(project.run().good().was_fast());
    project.write("copy/a", "123");
    assert_eq!(project.run().good().executed(), ["a"]);
    project.remove("d");
    project.write("d/a", "12");
    // The first result fits again.
    assert_eq!(project.run().good().executed(), [""; 0]);
}

#[test]
fn a_selected_action_brings_what_it_needs() {
    let project = Project::with(THREE, &[("a", "one"), ("b", "two")]);
    let ran = project.run_actions(&["second"]).good();
    assert_eq!(ran.executed(), ["first", "second"]);
    assert_eq!(ran.summary().actions, 2);
    let ran = project.run_actions(&["second"]).good();
    assert!(ran.was_fast());
    let ran = project.run().good();
    assert_eq!((ran.executed(), ran.summary().cached), (vec!["other"], 2));
}

#[test]
fn force_executes_all() {
    let project = three();
    let ran = project.run_with(|options| options.force = true).good();
    assert_eq!(ran.executed(), ["first", "other", "second"]);
    assert_eq!(ran.notices(), [""; 0]);
    assert!(project.run().good().was_fast());
}

#[test]
fn config_environment_and_salt_count() {
    let toml = |config: &str, rest: &str| {
        format!("[actions.a]\nplugin = \"scripted\"\nconfig = {{ steps = [{config}] }}\n{rest}")
    };
    let variable = r#""variable MODE""#;
    let mut project = Project::new(&toml(variable, ""));
    project.run().good();
    project.configure(&toml(variable, "# a comment\n"));
    assert_eq!(project.run().good().executed(), [""; 0]);
    project.configure(&toml(variable, "environment = { MODE = \"x\" }\n"));
    assert_eq!(project.run().good().executed(), ["a"]);
    project.configure(&toml(
        variable,
        "environment = { MODE = { host = \"MODE\" } }\n",
    ));
    // Unset, as in the beginning.
    assert_eq!(project.run().good().executed(), [""; 0]);
    project
        .environment
        .insert("MODE".to_owned(), "y".to_owned());
    assert_eq!(project.run().good().executed(), ["a"]);
    assert!(project.run().good().was_fast());
    project
        .environment
        .insert("OTHER".to_owned(), "z".to_owned());
    assert!(project.run().good().was_fast());
    project.configure(&toml(variable, "salt = \"1\"\n"));
    assert_eq!(project.run().good().executed(), ["a"]);
    project.configure(&toml(r#""variable HOME""#, "salt = \"1\"\n"));
    assert_eq!(project.run().good().executed(), ["a"]);
}

#[test]
fn another_build_of_the_program_trusts_no_record() {
    let mut project = three();
    project.binary = 1;
    let ran = project.run().good();
    assert!(!ran.was_fast());
    assert_eq!(ran.executed(), [""; 0]);
}

#[test]
fn the_cache_knows_results_by_what_was_observed_not_by_names() {
    let project = three();
    project.configure(&THREE.replace("other", "renamed"));
    let ran = project.run().good();
    assert_eq!(ran.executed(), [""; 0]);
    assert_eq!(ran.cached(), ["first", "renamed", "second"]);
}

#[test]
fn what_is_observed_of_a_path_later_counts_too() {
    let project = Project::with(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"choose /src/way /src/d /src/none\", \"copy-tree /src/d/a/.. /out/d\"] }\n",
        &[("way", "0")],
    );
    project.run().good();
    std::fs::create_dir_all(project.path("d/a")).expect("a new folder");
    project.run().good();
    std::fs::create_dir_all(project.path("d/b")).expect("a new folder");
    assert_eq!(project.run().good().executed(), ["a"]);
}

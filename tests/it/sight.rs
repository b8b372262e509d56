//! What an action is shown of the project, and that it sees nothing else.

use cofferdam_runtime::ErrorKind;

use crate::fixture::Project;

fn walker(reads: &str, files: &[(&str, &str)]) -> Project {
    let toml = format!(
        "[actions.a]\nplugin = \"scripted\"\n{reads}\nconfig = {{ steps = [\"walk /src\"] }}\nwrites = \"out\"\n"
    );
    Project::with(&toml, files)
}

fn seen(project: &Project) -> String {
    project.run().good();
    let transcript = project.read("out/transcript");
    transcript
        .strip_prefix("walk /src: ")
        .expect("a walk")
        .trim_end()
        .to_owned()
}

#[test]
fn reads_limits_sight() {
    let files = [
        ("docs/a", "1"),
        ("docs/deep/b", "2"),
        ("src/c", "3"),
        ("d", "4"),
    ];
    let project = walker("reads = [\"docs/**\", \"d\"]", &files);
    assert_eq!(
        seen(&project),
        "/src/d = 4 /src/docs/ /src/docs/a = 1 /src/docs/deep/ /src/docs/deep/b = 2"
    );
    project.write("src/c", "5");
    project.write("src/new", "6");
    assert!(project.run().good().was_fast());
    project.write("new", "");
    // The folder it lists has another entry now, but not one it is shown.
    assert_eq!(project.run().good().executed(), [""; 0]);
}

#[test]
fn the_whole_project_is_all_but_secrets_and_what_is_written() {
    let files = [
        ("a", "1"),
        (".env", "SECRET"),
        ("deep/.env.local", "SECRET"),
        (".git/config", "g"),
    ];
    let project = walker("", &files);
    project.configure(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"walk /src/deep\", \"list /src\"] }\nwrites = \"out\"\n",
    );
    project.run().good();
    let expected = "walk /src/deep: \nlist /src: a cofferdam.toml deep/\n";
    assert_eq!(project.read("out/transcript"), expected);
    assert!(project.run().good().was_fast());
    project.write(".git/index", "i");
    project.write(".env", "ANOTHER");
    project.write("out/foreign", "f");
    assert_eq!(project.run().good().executed(), [""; 0]);
    assert_eq!(project.read("out/transcript"), expected);
}

#[test]
fn what_becomes_hidden_is_seen_no_longer() {
    let lister = r#"
[actions.lister]
plugin = "scripted"
config = { steps = ["list /src", "exists /src/other"] }
writes = "out"
"#;
    let writer = r#"
[actions.writer]
plugin = "scripted"
config = { steps = [] }
writes = "other"
"#;
    let project = Project::with(lister, &[("other/foreign", "x")]);
    project.run().good();
    assert!(project.read("out/transcript").contains("other/"));
    // Another action writes there now: no action may see it, this one neither.
    project.configure(&format!("{lister}{writer}"));
    assert_eq!(project.run().good().executed(), ["lister", "writer"]);
    assert!(!project.read("out/transcript").contains("other/"));
    assert_eq!(project.read("other/foreign"), "x");
    project.configure(lister);
    assert_eq!(project.run().good().executed(), [""; 0]);
    assert!(project.read("out/transcript").contains("other/"));
}

#[test]
fn a_deploy_target_is_hidden() {
    let project = walker(
        "reads = [\"**\", \"!*.toml\"]",
        &[("public/x", "1"), ("a", "1")],
    );
    assert!(seen(&project).contains("/src/public/x"));
    let toml = project.read("cofferdam.toml");
    let deploy = "[deploy.local]\nplugin = \"deployer\"\nfrom = \"a\"\nconfig = { steps = [] }\ngrants = { write = [\"public\"] }\n";
    project.write("cofferdam.toml", format!("{toml}{deploy}"));
    assert!(!seen(&project).contains("public"));
}

#[test]
fn a_failed_action_names_what_it_could_not_see() {
    let project = Project::with(
        "[actions.a]\nplugin = \"scripted\"\nreads = [\"docs\"]\nconfig = { steps = [\"must read /src/theme/base.css\"] }\n",
        &[("docs/a", ""), ("theme/base.css", "")],
    );
    let ran = project.run();
    let error = ran.error(ErrorKind::User, "theme");
    assert!(
        error.hints[0].contains("add \"theme\" to `reads`"),
        "{error:#?}"
    );
}

#[test]
fn bad_input_reads_and_written_folders_must_not_overlap() {
    let project = Project::with(
        "[actions.a]\nplugin = \"scripted\"\nreads = [\"out/x\"]\nconfig = { steps = [] }\nwrites = \"out\"\n",
        &[("out/x", "")],
    );
    project.run().error(ErrorKind::Config, "out");
}

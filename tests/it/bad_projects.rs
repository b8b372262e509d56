//! Projects that are written wrong: each error has a place and says what to do, and nothing runs.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use cofferdam_runtime::ErrorKind;

use crate::fixture::{Project, Ran};

/// What is wrong, at which line and column it is found, and words of the message and of the hint.
const WRONG: [(&str, &str, &str, &str); 14] = [
    (
        "[actions.a]\nplugim = \"scripted\"",
        "4:1",
        "`plugim`",
        "did you mean `plugin`?",
    ),
    (
        "[action.a]\nplugin = \"scripted\"",
        "3:2",
        "`action`",
        "did you mean `actions`?",
    ),
    (
        "[actions.a]\nplugin = 3",
        "4:10",
        "is an integer, not a string",
        "write `plugin",
    ),
    (
        "[actions.a]\nplugin = \"scripted\"\nreads = [\"docs/[\"]",
        "5:10",
        "has `[` without `]`",
        "close it",
    ),
    (
        "[actions.a]\nplugin = \"scripted\"\nneeds = [\"b\"]\n[actions.b]\nplugin = \"scripted\"\nneeds = [\"a\"]",
        "8:10",
        "`a` → `b` → `a`",
        "leave one of these needs out",
    ),
    (
        "[actions.page]\nplugin = \"scripted\"\n[actions.b]\nplugin = \"scripted\"\nneeds = [\"pages\"]",
        "7:10",
        "`pages`, which is no action",
        "did you mean `page`?",
    ),
    (
        "[actions.a]\nplugin = \"scripted\"\nwrites = \"out\"\n[actions.b]\nplugin = \"scripted\"\nwrites = \"out\"",
        "8:10",
        "written by action `a` and written by action `b`",
        "give each its own folder",
    ),
    (
        "[actions.a]\nplugin = \"scripped\"",
        "4:10",
        "`scripped`, which is not known",
        "did you mean `scripted`?",
    ),
    (
        "[actions.a]\nplugin = \"scripted\"\nfor_each = \"none/*.md\"\nconfig = { steps = [] }",
        "5:12",
        "`for_each` of `a` matches no file",
        "check the pattern",
    ),
    (
        "[actions.a]\nplugin = \"scripted\"\nwrites = \"../out\"",
        "5:10",
        "leaves its folder with `..`",
        "name a folder of its own",
    ),
    (
        "[actions.a]\nrun = [\"nothing\"]",
        "4:8",
        "the tool `nothing`, which is not known",
        "add it to `[tools]`",
    ),
    (
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = 3 }",
        "3:10",
        "at `steps`",
        "plugin inspect",
    ),
    (
        "[actions.a]\nplugin = \"scripted\"\nconfig = {",
        "5:",
        "this is not TOML",
        "texts stand in quotes",
    ),
    (
        "[plugins]\nx = \"npm:x\"",
        "4:5",
        "not supported yet",
        "path:FILE",
    ),
];

#[test]
fn bad_input_each_mistake_has_a_place_and_a_hint() {
    let project = Project::with("", &[("docs/a", "A")]);
    let mut others = Vec::new();
    for (toml, place, message, hint) in WRONG {
        project.configure(toml);
        let ran = project.run();
        let (exact, start) = (format!("cofferdam.toml:{place}"), place.ends_with(':'));
        let mut found = false;
        for error in ran.errors() {
            assert_eq!(error.kind, ErrorKind::Config, "{error:?}");
            assert!(!error.hints.is_empty(), "{toml}: {error:#?}");
            let at = error.at.as_ref().expect("a place").to_string();
            let said = format!("{} {}", error.message, error.causes.join(" "));
            found |= (at == exact || start && at.starts_with(&exact))
                && said.contains(message)
                && error.hints.join(" ").contains(hint);
        }
        assert_eq!(ran.executed(), [""; 0], "{toml}");
        if !found {
            others.push(ran);
        }
    }
    let others: Vec<_> = others.iter().map(Ran::errors).collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// What a person sees of it.
#[test]
fn bad_input_is_shown_where_it_stands() {
    let project = Project::new("[actions.a]\nplugim = \"scripted\"\n");
    let told = project.ask("run").ended(2);
    insta::assert_snapshot!(told.stderr, @r#"
    error: `[actions.a]` has neither `plugin` nor `run`
      at: cofferdam.toml:3:10
      |
    3 | [actions.a]
      |          ^

    hint: write `plugin = "markdown"`, or `run = ["TOOL", …]` for a program of `[tools]`

    error: unknown key `plugim` in `[actions.a]`
      at: cofferdam.toml:4:1
      |
    4 | plugim = "scripted"
      | ^

    hint: did you mean `plugin`?
    "#);
}

#[test]
fn bad_input_a_project_file_that_is_no_text() {
    let project = Project::new("");
    project.write("cofferdam.toml", b"[project]\nname = \"\xff\"\n");
    let at = |project: &Project, says: &str| {
        let ran = project.run();
        let error = ran.error(ErrorKind::Config, says);
        assert!(!error.hints.is_empty(), "{error:?}");
        error.at.as_ref().expect("a place").to_string()
    };
    assert_eq!(at(&project, "is not UTF-8"), "cofferdam.toml:2:9");
    project.write("cofferdam.toml", vec![b'#'; 10 << 20]);
    assert_eq!(at(&project, "10485760 bytes"), "cofferdam.toml:1:1");
    project.remove("cofferdam.toml");
    project.write("cofferdam.toml/x", "a folder");
    project.run().errors();
    project.ask("run").ended(2);
}

/// Names that are not UTF-8 cannot be shown to guests; what nobody looks at disturbs nobody.
#[test]
fn bad_input_names_of_files_that_are_no_text() {
    let project = Project::with(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"list /src/docs\"] }\nwrites = \"out\"\n",
        &[("docs/a", "A"), ("other/a", "A")],
    );
    let bad = |folder: &str| project.path(folder).join(OsStr::from_bytes(b"b\xffd"));
    fs::write(bad("other"), "").expect("a file");
    project.run().good();
    fs::write(bad("docs"), "").expect("a file");
    for _ in 0..2 {
        let ran = project.run();
        ran.error(ErrorKind::Environment, "is not UTF-8; rename it");
    }
    fs::remove_file(bad("docs")).expect("a file");
    project.run().good();
    assert_eq!(project.read("out/transcript"), "list /src/docs: a\n");
    // A link's text is shown as well.
    std::os::unix::fs::symlink(OsStr::from_bytes(b"b\xffd"), project.path("docs/l"))
        .expect("a link");
    project.configure(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"link /src/docs/l\"] }\n",
    );
    project.run().error(ErrorKind::Environment, "is not UTF-8");
}

#[test]
fn bad_input_a_large_file_is_read_whole() {
    let project = Project::with(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"size /src/large\", \"copy /src/large /out/large\"] }\nwrites = \"out\"\n",
        &[("large", &"large\n".repeat(2 << 20))],
    );
    project.run().good();
    assert!(
        project
            .read("out/transcript")
            .starts_with("size /src/large: 12582912\n")
    );
    assert!(project.read("out/large") == project.read("large"));
    assert!(project.run().good().was_fast());
}

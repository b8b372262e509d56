//! `run --check`: what is not decided by what an action observes is found.

use cofferdam_runtime::ErrorKind;

use crate::fixture::{Project, Ran, source};

fn checked(project: &Project) -> Ran {
    project.run_with(|options| options.check = true)
}

fn scripted(steps: &str) -> String {
    format!("[actions.a]\nplugin = \"scripted\"\nconfig = {{ steps = [{steps}] }}\n")
}

/// A tool that leaves a random number and the same text every time.
fn drawing(grants: &str) -> String {
    format!(
        "[tools]\nprobe = \"{}\"\n[actions.draw]\nrun = [\"probe\", \"write\", \"{{out}}/a\", \"same\", \"draw\", \"{{out}}/b\"]\n{grants}\n",
        source("probe")
    )
}

#[test]
fn what_is_the_same_twice_passes() {
    let project = Project::with(
        &scripted(r#""walk /src", "write /out/b B", "symlink b /out/c", "folder /out/d""#),
        &[("x", "1"), ("y/z", "2")],
    );
    let ran = checked(&project).good();
    assert_eq!(ran.notices(), [""; 0]);
    // What comes from the cache is checked as well.
    let ran = checked(&project).good();
    assert_eq!((ran.executed(), ran.notices()), (vec![], vec![]));
}

#[test]
fn a_dependence_on_the_seed_or_the_clock_is_told_apart() {
    for step in ["random", "clock"] {
        let project = Project::new(&scripted(&format!("\"{step}\"")));
        let ran = checked(&project).good();
        assert_eq!(
            ran.notices(),
            [
                "action `a` depends on random numbers or the clock: with others, `transcript` differs"
            ],
            "{step}"
        );
    }
}

#[test]
fn a_tool_has_a_seed_too() {
    let project = Project::new(&drawing(""));
    project.run().good();
    let ran = checked(&project).good();
    assert_eq!(
        ran.notices(),
        ["action `draw` depends on random numbers or the clock: with others, `b` differs"]
    );
}

#[test]
fn real_entropy_is_found() {
    let project = Project::new(&drawing("grants = { entropy = true }"));
    project.run().good();
    for _ in 0..2 {
        let ran = checked(&project);
        let error = ran.error(ErrorKind::Plugin, "action `draw` is not deterministic");
        // The file that is always the same is not accused.
        assert!(
            error.causes[0].ends_with("it gave another `b`"),
            "{error:?}"
        );
        let at = error.at.as_ref().expect("a place").to_string();
        assert!(at.starts_with("cofferdam.toml:5:"), "{at}");
    }
    let told = project.ask("run --check").ended(1);
    told.says("error: action `draw` is not deterministic");
    // Without the check it is as good as any other.
    project.ask("run").ended(0);
}

#[test]
fn working_trees_are_compared_too() {
    let project = Project::with(
        r#"
[actions.bottom]
plugin = "scripted"
config = { steps = ["write /build/made BOTTOM", "remove /build/x"] }
[actions.top]
plugin = "scripted"
base = "bottom"
config = { steps = ["walk /build"] }
"#,
        &[("x", "1"), ("y", "2")],
    );
    let ran = checked(&project).good();
    assert_eq!(ran.notices(), [""; 0]);
}

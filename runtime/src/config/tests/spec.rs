//! What is read from a file without errors.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::config::{ActionKind, Capability, Matched, VariableSpec};

fn project(lines: &str) -> ProjectSpec {
    read(&format!("[project]\nname = \"shop\"\n{lines}")).unwrap()
}

#[test]
fn entries_come_in_the_order_of_writing() {
    let project = project(
        "[actions]\nz = { plugin = 'm' }\n[actions.a.config]\nx = 1\n[actions.m]\nplugin = 'm'\n\
         [actions.a]\nplugin = 'm'\n",
    );
    let names: Vec<&str> = project
        .actions
        .iter()
        .map(|action| action.name.as_str())
        .collect();
    assert_eq!(names, ["z", "m", "a"]);
    assert_eq!(
        project.action("a").unwrap().config.canonical(),
        r#"{"x":1}"#
    );
}

#[test]
fn a_whole_project() {
    let project = read(SHOP).unwrap();
    let app = project.action("app").unwrap();
    let ActionKind::Run { tool, arguments } = &app.kind else {
        panic!("`app` is a run");
    };
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| argument.expand(None))
        .collect();
    assert_eq!(tool.as_str(), "esbuild");
    assert_eq!(
        arguments,
        ["src/main.ts", "--bundle", "--outfile=/out/app.js"]
    );
    assert_eq!(
        (app.timeout, app.memory),
        (Some(Duration::from_secs(30)), Some(1 << 30))
    );
    let host = &app.environment["CI"];
    assert_eq!(host.value, VariableSpec::Host("CI".into()));
    assert_eq!(
        project.position(host.place).to_string(),
        "cofferdam.toml:16:43"
    );
    let site = project.action("site").unwrap();
    let needs: Vec<(&str, &str)> = site
        .needs
        .iter()
        .map(|need| (need.action.as_str(), need.name.as_str()))
        .collect();
    assert_eq!(needs, [("app", "app"), ("pages", "html")]);
    let local = project.deploy("local").unwrap();
    let write: Vec<&str> = local.grants.scope(Capability::Write).collect();
    assert_eq!(write, ["public"]);
}

#[test]
fn values_of_config_have_positions() {
    let project = read(SHOP).unwrap();
    let pages = project.action("pages").unwrap();
    let at = |pointer: &str| {
        project
            .position(pages.config.position_of(pointer))
            .to_string()
    };
    assert_eq!(at("/theme/colors/1"), "cofferdam.toml:21:39");
    assert_eq!(at("/theme/colors/7"), "cofferdam.toml:21:31");
    assert_eq!(at("/nothing"), "cofferdam.toml:21:10");
    let app = project.action("app").unwrap();
    assert_eq!(
        project.position(app.config.position_of("/x")).to_string(),
        "cofferdam.toml:11:10"
    );
}

#[test]
fn config_is_canonical() {
    let config = |text: &str| {
        let project = project(&format!("[actions.a]\nplugin = 'm'\nconfig = {text}\n"));
        project.actions[0].config.canonical()
    };
    assert_eq!(
        config("{ b = [1, 0x1f, 1_000], a.d = 1.50, a.c = \"\\u00e9\\n\", z = 1979-05-27 }"),
        r#"{"a":{"c":"é\n","d":1.5},"b":[1,31,1000],"z":"1979-05-27"}"#
    );
    assert_eq!(config("{ a = 1, b = 2 }"), config("{ b = 2, a = 1 }"));
}

#[test]
fn a_file_fills_the_placeholders_of_config() {
    let project = project(
        "[actions.css]\nplugin = 'sass'\nfor_each = 'styles/*.scss'\n\
         config = { entry = '{file}', out = ['{stem}.css', '{{x}}'] }\n",
    );
    let matched = Matched::new("styles/main.scss");
    assert_eq!(
        project.actions[0].config.expand(&matched),
        r#"{"entry":"styles/main.scss","out":["main.css","{x}"]}"#
    );
}

#[test]
fn sight_hides_what_is_written() {
    let project = read(SHOP).unwrap();
    let hidden = Arc::new(project.hidden());
    assert_eq!(hidden.folders().len(), 2);
    let everything = project.action("site").unwrap().sight(hidden.clone());
    for path in [
        "dist",
        "dist/a",
        "public/x/y",
        ".git",
        "a/.git/config",
        ".env",
        "a/.env.local",
    ] {
        assert!(
            !everything.shows_file(path) && !everything.shows_directory(path),
            "{path}"
        );
    }
    for path in ["src/main.ts", "distribution", "a/.gitignore", "docs/dist"] {
        assert!(everything.shows_file(path), "{path}");
    }
    let app = project.action("app").unwrap().sight(hidden);
    assert!(app.shows_file("src/.env") && !app.shows_file("docs/a.md"));
    assert!(app.shows_directory("node_modules") && !app.shows_directory("docs"));
}

/// The time a parse takes grows with the file, not with its square: a long chain of needs, all on one line.
#[test]
fn large_files_are_read() {
    let mut text = String::from("project = { name = 'a' }\nactions = {");
    for number in 0..20_000 {
        text.push_str(&format!(
            "a{number} = {{ plugin = 'm', needs = ['a{}'] }},",
            number + 1
        ));
    }
    text.push_str("a20000 = { plugin = 'm' }}\n");
    let project = read(&text).unwrap();
    assert_eq!(project.actions.len(), 20_001);
    let last = project.actions.last().unwrap();
    let column = text.lines().nth(1).unwrap().find("a20000 = ").unwrap() + 1;
    assert_eq!(
        project.position(last.name.place).column,
        Some(column as u32)
    );
}

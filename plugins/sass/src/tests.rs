use cofferdam_plugin::Harness;

use super::run;

#[test]
fn all_sheets_of_a_folder_that_are_not_parts() {
    let harness = Harness::new();
    harness
        .file(
            "/src/styles/site.scss",
            "@use 'parts/colours';\n.a { .b { color: colours.$ink; } }",
        )
        .file("/src/styles/parts/_colours.scss", "$ink: #010203;")
        .file("/src/styles/sub/print.sass", "p\n  margin: 1px + 2px\n")
        .file("/src/styles/readme.md", "");
    harness
        .run(run, r#"{"folder": "styles", "style": "expanded"}"#)
        .unwrap();
    let names: Vec<String> = harness.tree("/out").into_keys().collect();
    assert_eq!(names, ["site.css", "sub/print.css"]);
    assert_eq!(
        harness.text("/out/site.css"),
        ".a .b {\n  color: #010203;\n}\n"
    );
    assert_eq!(
        harness.text("/out/sub/print.css"),
        "p {\n  margin: 3px;\n}\n"
    );
}

#[test]
fn entries_and_load_paths() {
    let harness = Harness::new();
    harness
        .file(
            "/src/web/site.scss",
            "@use 'theme'; @use '../shared/../shared/more';",
        )
        .file("/src/web/other.scss", "x {")
        .file("/src/vendor/_theme.scss", "a { b: c; }")
        .file("/src/shared/more.scss", "d { e: f; }");
    let config = r#"{"folder": "web", "entries": ["site.scss"], "load_paths": ["vendor"]}"#;
    harness.run(run, config).unwrap();
    assert_eq!(harness.text("/out/site.css"), "a{b:c}d{e:f}");
}

#[test]
fn each_error_has_a_place() {
    let harness = Harness::new();
    harness
        .file("/src/a.scss", "@use 'broken';")
        .file("/src/_broken.scss", "a {\n  color: $nothing;\n}")
        .file("/src/b.scss", "\n@use 'missing';")
        .file("/src/c.scss", [0xff, 0xfe]);
    let failures = harness.run(run, "{}").unwrap_err();
    let found: Vec<String> = failures.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "/src/_broken.scss:2:10: Undefined variable",
            "/src/b.scss:2:1: Can't find stylesheet to import",
            "/src/c.scss: is not UTF-8, or imports what is not",
        ]
    );
}

#[test]
fn a_folder_without_sheets() {
    let harness = Harness::new();
    harness.file("/src/_part.scss", "");
    let failures = harness.run(run, "{}").unwrap_err();
    assert!(
        failures.to_string().contains("there is no style sheet"),
        "{failures}"
    );
}

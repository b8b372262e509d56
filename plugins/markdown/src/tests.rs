use std::collections::BTreeMap;

use cofferdam_plugin::{ActionSpec, Failures, Harness, NeedSource};

use super::plan::plan;
use super::run;

/// Runs a plan as the host does, each action in folders of its own that have only what it reads and needs.
/// The outputs, by action.
fn build(files: &[(&str, &str)], config: &str) -> Result<BTreeMap<String, Output>, Failures> {
    let planner = Harness::new();
    for (name, text) in files {
        planner.file(&format!("/src/{name}"), text);
    }
    let actions = planner.run(plan, config)?;
    let mut outputs: BTreeMap<String, Output> = BTreeMap::new();
    for action in actions {
        let output = execute(&action, files, &outputs)?;
        outputs.insert(action.name.clone(), output);
    }
    Ok(outputs)
}

type Output = BTreeMap<String, Vec<u8>>;

fn execute(
    action: &ActionSpec,
    files: &[(&str, &str)],
    outputs: &BTreeMap<String, Output>,
) -> Result<Output, Failures> {
    let harness = Harness::new();
    for (name, text) in files {
        if action.reads.iter().any(|pattern| matches(pattern, name)) {
            harness.file(&format!("/src/{name}"), text);
        }
    }
    for need in &action.needs {
        let NeedSource::Planned(from) = &need.source else {
            panic!("{action:?}");
        };
        for (name, bytes) in &outputs[from] {
            harness.file(&format!("/in/{}/{name}", need.name), bytes);
        }
    }
    harness.run(run, &action.config)?;
    Ok(harness.tree("/out"))
}

/// Names, and folders with `/**`: what the plan writes.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix("**") {
        Some(folder) => name.starts_with(folder),
        None => pattern == name,
    }
}

fn site(files: &[(&str, &str)], config: &str) -> BTreeMap<String, String> {
    let outputs = build(files, config).unwrap_or_else(|failures| panic!("{failures}"));
    let exported = outputs
        .into_iter()
        .filter(|(action, _)| !action.starts_with("front-matter.") && action != "navigation");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    exported
        .flat_map(|(_, output)| {
            output
                .into_iter()
                .map(move |(name, bytes)| (name, text(bytes)))
        })
        .collect()
}

const PAGES: &[(&str, &str)] = &[
    (
        "docs/index.md",
        "# Home\n\nSee the [guide](guide/setup.md#install).\n",
    ),
    (
        "docs/guide/setup.md",
        "---\ntitle: Set up\norder: 1\ndescription: How\n---\n## Install\n\nText.\n\n## Use\n\n![x](x.png)\n",
    ),
    ("docs/guide/x.png", "png"),
    ("docs/_draft.md", "draft"),
    ("other.md", "# Other\n"),
];

#[test]
fn a_site() {
    let site = site(PAGES, "{}");
    let names: Vec<&str> = site.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["guide/setup.html", "guide/x.png", "index.html", "theme.css"]
    );
    let home = &site["index.html"];
    assert!(
        home.contains("<a href=\"guide/setup.html#install\">guide</a>"),
        "{home}"
    );
    assert!(home.contains("<title>Home</title>"), "{home}");
    assert!(
        home.contains("<a href=\"index.html\" aria-current=\"page\">Home</a>"),
        "{home}"
    );
    assert!(
        home.contains("<a rel=\"next\" href=\"guide/setup.html\">Set up →</a>"),
        "{home}"
    );
    let setup = &site["guide/setup.html"];
    assert!(setup.starts_with("<!doctype html>\n"), "{setup}");
    for part in [
        "<title>Set up · Home</title>",
        "<meta name=\"description\" content=\"How\">",
        "<link rel=\"stylesheet\" href=\"../theme.css\">",
        "<h1>Set up</h1>",
        "<li class=\"level-2\"><a href=\"#use\">Use</a></li>",
        "<span class=\"section\">Guide</span>",
        "<img src=\"x.png\"",
    ] {
        assert!(setup.contains(part), "{part}\n{setup}");
    }
}

#[test]
fn pages_as_folders() {
    let site = site(
        PAGES,
        r#"{"urls": "folders", "title": "T", "stylesheets": ["css/a.css"], "scripts": ["a.js"]}"#,
    );
    let setup = &site["guide/setup/index.html"];
    for part in [
        "<title>Set up · T</title>",
        "<link rel=\"stylesheet\" href=\"../../css/a.css\">",
        "<script type=\"module\" src=\"../../a.js\"></script>",
        "<img src=\"../x.png\"",
        "<a class=\"name\" href=\"../../\">T</a>",
    ] {
        assert!(setup.contains(part), "{part}\n{setup}");
    }
    assert!(site["index.html"].contains("<a href=\"guide/setup/#install\">"));
}

/// The outputs of the actions that would run after an edit: those that see or need something else than before.
fn rerun(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
    let (old, new) = (build(before, "{}").unwrap(), build(after, "{}").unwrap());
    let changed = new
        .into_iter()
        .filter(|(action, output)| old.get(action) != Some(output));
    changed.map(|(action, _)| action).collect()
}

fn edited(name: &str, text: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut files = PAGES.to_vec();
    for file in &mut files {
        if file.0 == name {
            file.1 = text;
        }
    }
    files
}

#[test]
fn an_edited_paragraph_changes_one_page() {
    let after = edited("docs/index.md", "# Home\n\nOther words, and ```code```.\n");
    assert_eq!(rerun(PAGES, &after), ["page.index"]);
    let after = edited(
        "docs/index.md",
        "# House\n\nSee the [guide](guide/setup.md#install).\n",
    );
    assert_eq!(
        rerun(PAGES, &after),
        [
            "front-matter.index",
            "navigation",
            "page.guide.setup",
            "page.index"
        ]
    );
    let after = edited(
        "docs/guide/setup.md",
        "---\ntitle: Set up\norder: 1\ndescription: Why\n---\n## Installing\n",
    );
    assert_eq!(rerun(PAGES, &after), ["page.guide.setup"]);
}

#[test]
fn a_plan_reads_no_file() {
    let harness = Harness::new();
    // Not UTF-8: reading it would fail.
    harness
        .file("/src/docs/a.md", [0xff])
        .file("/src/docs/[b] {c}.md", "");
    let actions = harness.run(plan, r#"{"search": true}"#).unwrap();
    let shown: Vec<(&str, &[String], bool)> = actions
        .iter()
        .map(|action| {
            (
                action.name.as_str(),
                action.reads.as_slice(),
                action.exported,
            )
        })
        .collect();
    let (a, b) = ("docs/a.md".to_owned(), r"docs/\[b\] \{c\}.md".to_owned());
    assert_eq!(
        shown,
        [
            ("front-matter.[b] {c}", std::slice::from_ref(&b), false),
            ("front-matter.a", std::slice::from_ref(&a), false),
            ("navigation", &[], false),
            ("page.[b] {c}", std::slice::from_ref(&b), true),
            ("page.a", std::slice::from_ref(&a), true),
            ("theme", &[], true),
            ("search", &[b.clone(), a.clone()], true),
        ]
    );
}

#[test]
fn a_title_may_be_html() {
    let files = [
        ("docs/html.md", "<h1 align=\"center\">Title</h1>\n"),
        ("docs/index.md", "# Title\n"),
        ("docs/none.md", "`<h1>`\n"),
        ("look.html", "{{ has_title }}"),
    ];
    let config = r#"{"template": "look.html", "theme": "none"}"#;
    let found = site(&files, config);
    let titles = ["html.html", "index.html", "none.html"].map(|name| found[name].as_str());
    assert_eq!(titles, ["True", "True", "False"]);
}

#[test]
fn a_template_of_the_project() {
    let mut files = PAGES.to_vec();
    files.push((
        "docs/look/page.html",
        "{% include 'head.html' %}{% if page.extra.layout == 'x' %}x{% endif %}{{ page.title }}|{{ content }}|{{ root }}",
    ));
    files.push(("docs/look/head.html", "<{{ site.lang }}>"));
    let config =
        r#"{"template": "docs/look/page.html", "theme": "none", "lang": "de", "assets": false}"#;
    let found = site(&files, config);
    assert_eq!(
        found["index.html"],
        "<de>Home|<h1 id=\"home\">Home</h1>\n<p>See the <a href=\"guide/setup.html#install\">guide</a>.</p>\n|./"
    );
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["guide/setup.html", "index.html"]);

    files.pop();
    files.push(("docs/look/head.html", "\n{{ site.nothing }}"));
    let failures = build(&files, config).err().unwrap();
    assert_eq!(
        failures.to_string(),
        "/src/docs/look/head.html:2: the template is wrong: undefined value"
    );
}

#[test]
fn a_search_index() {
    let site = site(PAGES, r#"{"search": true}"#);
    assert_eq!(
        site["search.json"],
        concat!(
            r#"[{"headings":[{"id":"install","level":2,"title":"Install"},{"id":"use","level":2,"title":"Use"}],"#,
            r#""text":"Install Text. Use x","title":"Set up","url":"guide/setup.html"},"#,
            r#"{"headings":[{"id":"home","level":1,"title":"Home"}],"text":"Home See the guide.","title":"Home","url":"index.html"}]"#,
        )
    );
}

#[test]
fn what_is_wrong() {
    for (files, config, message) in [
        (
            &[("docs/index.md", ""), ("docs/README.md", "")][..],
            "{}",
            "/src/docs/index.md: `index.md` and `README.md` both become `index.html`: rename one",
        ),
        (
            &[("docs/a.txt", "")],
            "{}",
            "/src/docs: there are no pages (`.md`) in what the action sees: check `source` and `reads`",
        ),
        (
            &[("docs/a.md", "")],
            r#"{"url": "files"}"#,
            "at `url`: unknown field `url`",
        ),
        (
            &[("docs/a.md", "---\nx\n---\n")],
            "{}",
            "/src/docs/a.md:2:1: the front matter has lines",
        ),
    ] {
        let failures = build(files, config).err().unwrap().to_string();
        assert!(failures.starts_with(message), "{failures}");
    }
}

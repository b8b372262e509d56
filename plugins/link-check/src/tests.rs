use cofferdam_plugin::{FailureKind, Harness};

use super::run;

fn failures(harness: &Harness, config: &str) -> Vec<String> {
    let failures = harness.run(run, config).unwrap_err();
    failures.0.iter().map(ToString::to_string).collect()
}

#[test]
fn each_broken_link_is_a_failure_of_its_own() {
    let harness = Harness::new();
    harness
        .file(
            "/in/site/index.html",
            "<!doctype html>\n<p>é <a class=x href=\"guide/setup.html#start\">ok</a>\n\
             <a href='guide/nix.html'>broken</a> <img src=logo.svg alt=\"\">\n\
             <a href=\"guide/setup.html#nowhere\">no anchor</a>\n",
        )
        .file(
            "/in/site/guide/setup.html",
            "<h1 id=start>Start</h1><a href=../>up</a> <a href=#start>here</a><a href=#gone>gone</a>",
        );
    assert_eq!(
        failures(&harness, "{}"),
        [
            "/in/site/guide/setup.html:1:69: `#gone` leads nowhere: `guide/setup.html` has no element with the id `gone`",
            "/in/site/index.html:3:4: `guide/nix.html` leads nowhere: there is no `guide/nix.html`",
            "/in/site/index.html:3:42: `logo.svg` leads nowhere: there is no `logo.svg`",
            "/in/site/index.html:4:4: `guide/setup.html#nowhere` leads nowhere: `guide/setup.html` has no element with the id `nowhere`",
        ]
    );
}

#[test]
fn what_leads_somewhere() {
    let harness = Harness::new();
    harness
        .file(
            "/in/a/index.html",
            "<a href=\"/\">root</a><a href=\"sub\">folder</a><a href=\"sub/?q=1#über\">query</a>\
             <a href=\"sub/#%C3%BCber\">encoded</a><a href=\"\">itself</a><a href=\"#top\">top</a>\
             <a href=\"with%20space.txt\">space</a><img srcset=\"a.png 1x, sub/b.png 2x\">\
             <a href=\"https://example.org/x#y\">other</a><a href=\"mailto:a@b\">mail</a>\
             <a href=\"//example.org\">other</a><a href=\"/sub/../index.html\">dots</a>\
             <script>let x = '<a href=\"no.html\">';</script><!-- <a href=no.html> -->",
        )
        .file("/in/a/sub/index.html", "<p id='über'>")
        .file("/in/a/with space.txt", "")
        .file("/in/a/a.png", "")
        .file("/in/b/sub/b.png", "");
    harness.run(run, "{}").unwrap();
    assert_eq!(
        harness.text("/out/links.json"),
        r#"{"external":["//example.org","https://example.org/x#y","mailto:a@b"],"links":10,"pages":2}"#
    );
}

#[test]
fn a_site_may_be_served_below_a_path() {
    let harness = Harness::new();
    harness.file(
        "/in/a/sub/index.html",
        "<a href=/docs/sub/>in</a><a href=/elsewhere>out</a><a href=/docs/gone>gone</a><a href=api/x>left out</a>",
    );
    assert_eq!(
        failures(&harness, r#"{"base": "/docs/", "ignore": ["api/"]}"#),
        ["/in/a/sub/index.html:1:55: `/docs/gone` leads nowhere: there is no `gone`"]
    );
}

#[test]
fn the_base_element_moves_the_links() {
    let harness = Harness::new();
    harness
        .file(
            "/in/a/deep/page.html",
            "<base href=\"/\"><a href=\"deep/page.html\">ok</a><a href=\"page.html\">broken</a>",
        )
        .file(
            "/in/a/other.html",
            "<base href=\"https://example.org\"><a href=\"whatever\">elsewhere</a>",
        );
    assert_eq!(
        failures(&harness, "{}"),
        ["/in/a/deep/page.html:1:50: `page.html` leads nowhere: there is no `page.html`"]
    );
}

#[test]
fn without_needs_there_is_nothing_to_check() {
    let failures = Harness::new().run(run, "{}").unwrap_err();
    assert_eq!(failures.0[0].kind, FailureKind::Config);
}

//! Markdown to HTML: CommonMark with GitHub's additions, ids for headings, classes for code.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt::{self, Write};
use std::sync::Mutex;

use cofferdam_plugin::Result;
use comrak::adapters::{HeadingAdapter, HeadingMeta, SyntaxHighlighterAdapter};
use comrak::nodes::{NodeValue, Sourcepos};
use comrak::options::Plugins;
use comrak::{Anchorizer, Arena, Node, Options, format_html_with_plugins, parse_document};

use crate::highlight;

/// A heading of a page.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Heading {
    pub(crate) level: u8,
    pub(crate) id: String,
    pub(crate) title: String,
}

pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) headings: Vec<Heading>,
}

/// The HTML of a text, its links passed through `rewrite`.
pub(crate) fn render(text: &str, rewrite: impl Fn(&str) -> String) -> Result<Rendered> {
    let (arena, options) = (Arena::new(), options());
    let root = parse_document(&arena, text, &options);
    for node in root.descendants() {
        if let NodeValue::Link(link) | NodeValue::Image(link) = &mut node.data_mut().value {
            link.url = rewrite(&link.url);
        }
    }
    let headings = headings(root);
    let adapter = Headings(Mutex::new(headings.clone().into()));
    let mut plugins = Plugins::default();
    plugins.render.heading_adapter = Some(&adapter);
    plugins.render.codefence_syntax_highlighter = Some(&Code);
    let mut html = String::with_capacity(text.len() * 2);
    format_html_with_plugins(root, &options, &mut html, &plugins)?;
    Ok(Rendered { html, headings })
}

/// The first heading of the first level.
pub(crate) fn title(text: &str) -> Option<String> {
    let (arena, options) = (Arena::new(), options());
    let root = parse_document(&arena, text, &options);
    headings(root)
        .into_iter()
        .find(|heading| heading.level == 1)
        .map(|heading| heading.title)
}

/// The headings, and all else without its marks, for a search.
pub(crate) fn words(text: &str) -> (Vec<Heading>, String) {
    let (arena, options) = (Arena::new(), options());
    let root = parse_document(&arena, text, &options);
    let mut words = String::new();
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::CodeBlock(block) => {
                words.push(' ');
                words.push_str(&block.literal);
            }
            NodeValue::SoftBreak | NodeValue::LineBreak => words.push(' '),
            value if value.block() => words.push(' '),
            _ => {}
        }
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    (headings(root), words.join(" "))
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.alerts = true;
    extension.autolink = true;
    extension.footnotes = true;
    extension.strikethrough = true;
    extension.table = true;
    extension.tasklist = true;
    // HTML in a text is its author's own.
    options.render.r#unsafe = true;
    options
}

fn headings(root: Node<'_>) -> Vec<Heading> {
    let mut anchors = Anchorizer::new();
    let headings = root.descendants().filter_map(|node| {
        let level = match &node.data().value {
            NodeValue::Heading(heading) => heading.level,
            _ => return None,
        };
        let title = node.collect_text();
        let id = anchors.anchorize(&title);
        Some(Heading { level, id, title })
    });
    headings.collect()
}

/// The headings in the order in which they are written.
struct Headings(Mutex<VecDeque<Heading>>);

impl HeadingAdapter for Headings {
    fn enter(
        &self,
        html: &mut dyn Write,
        heading: &HeadingMeta,
        _: Option<Sourcepos>,
    ) -> fmt::Result {
        let next = self.0.lock().map_err(|_| fmt::Error)?;
        let id = next.front().map_or("", |heading| heading.id.as_str());
        write!(html, "<h{} id=\"{}\">", heading.level, escaped(id))
    }

    fn exit(&self, html: &mut dyn Write, heading: &HeadingMeta) -> fmt::Result {
        let heading_of = self.0.lock().map_err(|_| fmt::Error)?.pop_front();
        if let Some(found) = heading_of.filter(|_| heading.level > 1) {
            let (id, title) = (escaped(&found.id), escaped(&found.title));
            write!(
                html,
                " <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to “{title}”\">#</a>"
            )?;
        }
        writeln!(html, "</h{}>", heading.level)
    }
}

/// Fenced code.
struct Code;

impl SyntaxHighlighterAdapter for Code {
    fn write_highlighted(
        &self,
        html: &mut dyn Write,
        language: Option<&str>,
        code: &str,
    ) -> fmt::Result {
        let name = language.unwrap_or_default();
        let name = name.split([',', ' ', '{', ':']).next().unwrap_or_default();
        match highlight::highlight(name, code) {
            Some(highlighted) => html.write_str(&highlighted),
            None => html.write_str(&escaped(code)),
        }
    }

    /// Can be reached and scrolled with a keyboard.
    fn write_pre_tag(
        &self,
        html: &mut dyn Write,
        _: HashMap<&'static str, Cow<'_, str>>,
    ) -> fmt::Result {
        html.write_str("<pre tabindex=\"0\">")
    }

    fn write_code_tag(
        &self,
        html: &mut dyn Write,
        attributes: HashMap<&'static str, Cow<'_, str>>,
    ) -> fmt::Result {
        match attributes.get("class") {
            Some(class) => write!(html, "<code class=\"{}\">", escaped(class)),
            None => html.write_str("<code>"),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    highlight::escape(text, &mut html);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        render(text, |url| url.replace(".md", ".html"))
            .unwrap()
            .html
    }

    #[test]
    fn common_mark_with_the_additions() {
        for (text, expected) in [
            (
                "a **b** ~~c~~ `d<`",
                "<p>a <strong>b</strong> <del>c</del> <code>d&lt;</code></p>\n",
            ),
            (
                "[x](a.md#b \"t\") ![y](c.png)",
                "<p><a href=\"a.html#b\" title=\"t\">x</a> <img src=\"c.png\" alt=\"y\" /></p>\n",
            ),
            ("[x]\n\n[x]: a.md", "<p><a href=\"a.html\">x</a></p>\n"),
            (
                "https://example.org",
                "<p><a href=\"https://example.org\">https://example.org</a></p>\n",
            ),
            ("<b>raw</b> &lt;", "<p><b>raw</b> &lt;</p>\n"),
        ] {
            assert_eq!(html(text), expected);
        }
        assert!(html("| a |\n|---|\n| b |").contains("<td>b</td>"));
        assert!(html("- [x] done").contains("type=\"checkbox\""));
        assert!(html("a[^1]\n\n[^1]: note").contains("class=\"footnotes\""));
        assert!(html("> [!NOTE]\n> read").contains("markdown-alert-note"));
    }

    #[test]
    fn headings_have_ids_of_their_own() {
        let rendered = render("# A *b*\n\n## C `d`\n\n## C d\n", str::to_owned).unwrap();
        assert_eq!(
            rendered.html,
            "<h1 id=\"a-b\">A <em>b</em></h1>\n\
             <h2 id=\"c-d\">C <code>d</code> <a class=\"anchor\" href=\"#c-d\" aria-label=\"Link to “C d”\">#</a></h2>\n\
             <h2 id=\"c-d-1\">C d <a class=\"anchor\" href=\"#c-d-1\" aria-label=\"Link to “C d”\">#</a></h2>\n"
        );
        let found: Vec<(u8, &str)> = rendered
            .headings
            .iter()
            .map(|heading| (heading.level, heading.id.as_str()))
            .collect();
        assert_eq!(found, [(1, "a-b"), (2, "c-d"), (2, "c-d-1")]);
        assert_eq!(title("text\n\n# A *b*\n"), Some("A b".to_owned()));
        assert_eq!(title("## A\n"), None);
    }

    #[test]
    fn fenced_code_has_classes() {
        assert_eq!(
            html("```rust,no_run\nlet x;\n```\n"),
            "<pre tabindex=\"0\"><code class=\"language-rust,no_run\"><span class=\"hl-k\">let</span> x;\n</code></pre>\n"
        );
        assert_eq!(
            html("```\n<b>\n```\n"),
            "<pre tabindex=\"0\"><code>&lt;b&gt;\n</code></pre>\n"
        );
    }

    #[test]
    fn words_for_a_search() {
        let (headings, words) = words("# A\n\nb *c*\nd `e`\n\n- f\n- g\n\n```\nh\n```\n");
        assert_eq!(headings.len(), 1);
        assert_eq!(words, "A b c d e f g h");
    }
}

//! What links and anchors an HTML file has, and where.

use std::collections::BTreeSet;
use std::path::PathBuf;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};

pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) links: Vec<Link>,
    /// What `<base href>` says.
    pub(crate) base: Option<String>,
    anchors: BTreeSet<String>,
}

pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Page {
    pub(crate) fn parse(path: PathBuf, text: &str) -> Page {
        let mut page = Page {
            path,
            links: Vec::new(),
            base: None,
            anchors: BTreeSet::new(),
        };
        let mut place = Place::of(text);
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(text, emitter).flatten() {
            if let Token::StartTag(tag) = token {
                page.add(&tag, &mut place);
            }
        }
        page
    }

    /// The top of a page needs no element.
    pub(crate) fn has_anchor(&self, anchor: &str) -> bool {
        anchor.is_empty() || anchor.eq_ignore_ascii_case("top") || self.anchors.contains(anchor)
    }

    fn add(&mut self, tag: &StartTag<usize>, place: &mut Place<'_>) {
        let element = text_of(&tag.name);
        let mut links: Vec<(usize, String)> = Vec::new();
        for (name, value) in &tag.attributes {
            let (name, at) = (text_of(name), value.span.start);
            let value = text_of(&value.value);
            match (element.as_str(), name.as_str()) {
                (_, "id") | ("a", "name") => {
                    self.anchors.insert(value);
                }
                ("base", "href") => self.base = Some(value),
                (_, "srcset" | "imagesrcset") => {
                    links.extend(candidates(&value).map(|url| (at, url.to_owned())));
                }
                (_, "href" | "xlink:href" | "src" | "poster") | ("object", "data") => {
                    links.push((at, value.trim().to_owned()));
                }
                _ => {}
            }
        }
        links.sort_by_key(|(at, _)| *at);
        for (at, url) in links {
            let (line, column) = place.find(at);
            self.links.push(Link { url, line, column });
        }
    }
}

/// The addresses of a `srcset`: `a.png 1x, b.png 2x`.
fn candidates(srcset: &str) -> impl Iterator<Item = &str> {
    srcset
        .split(", ")
        .filter_map(|candidate| candidate.split_whitespace().next())
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Turns byte offsets, asked for in order, into lines and columns in one pass.
struct Place<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    column: usize,
}

impl<'a> Place<'a> {
    fn of(text: &'a str) -> Place<'a> {
        let (at, line, column) = (0, 1, 1);
        Place {
            text,
            at,
            line,
            column,
        }
    }

    fn find(&mut self, offset: usize) -> (usize, usize) {
        for (_, character) in self.text[self.at..]
            .char_indices()
            .take_while(|(index, _)| self.at + index < offset)
        {
            (self.line, self.column) = match character {
                '\n' => (self.line + 1, 1),
                _ => (self.line, self.column + 1),
            };
        }
        self.at = offset;
        (self.line, self.column)
    }
}

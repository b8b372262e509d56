//! The texts of all pages, for a search in the browser.

use cofferdam_plugin::{Result, files, json, out};
use serde::Serialize;

use crate::Page;
use crate::place::{encoded, short};
use crate::{front, navigation, render};

/// One page in `search.json`.
#[derive(Serialize)]
struct Found {
    title: String,
    /// From the root of the site.
    url: String,
    headings: Vec<render::Heading>,
    text: String,
}

pub(crate) fn write(pages: &[Page]) -> Result {
    let mut found = Vec::with_capacity(pages.len());
    for page in pages {
        let path = page.path();
        let text = files::read_text(&path)?;
        let (front, body) = front::split(&path, &text)?;
        let (headings, words) = render::words(body);
        found.push(Found {
            title: front
                .title
                .unwrap_or_else(|| navigation::title(&page.name, body)),
            url: encoded(short(&page.output(), page.urls)),
            headings,
            text: words,
        });
    }
    files::write(out().join("search.json"), json(&found))
}

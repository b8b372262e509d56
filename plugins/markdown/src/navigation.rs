//! The tree of pages that every page shows.

use std::collections::BTreeMap;

use cofferdam_plugin::{At as _, Result, files, input, json, out};
use serde::{Deserialize, Serialize};

use crate::Page;
use crate::front;
use crate::place::{folder, is_index, stem};
use crate::render;

/// What the navigation knows of a page. Nothing of it depends on the page's paragraphs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    name: String,
    output: String,
    title: String,
    order: Option<i64>,
    nav: bool,
}

/// A page, a folder, or both: a folder with a page of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) output: Option<String>,
    pub(crate) items: Vec<Item>,
}

const ENTRY: &str = "entry.json";
pub(crate) const NAVIGATION: &str = "navigation.json";

pub(crate) fn write_entry(page: &Page) -> Result {
    let path = page.path();
    let text = files::read_text(&path)?;
    let (front, body) = front::split(&path, &text)?;
    let entry = Entry {
        name: page.name.clone(),
        output: page.output(),
        title: front.title.unwrap_or_else(|| title(&page.name, body)),
        order: front.order,
        nav: front.nav,
    };
    files::write(out().join(ENTRY), json(&entry))
}

/// Of a page whose front matter has none.
pub(crate) fn title(name: &str, body: &str) -> String {
    render::title(body).unwrap_or_else(|| {
        let parent = folder(name).trim_end_matches('/');
        let name = match is_index(name) {
            true => parent
                .rsplit('/')
                .next()
                .filter(|name| !name.is_empty())
                .unwrap_or("Home"),
            false => stem(name).unwrap_or(name),
        };
        spelled(name)
    })
}

/// `getting-started` → `Getting started`.
fn spelled(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}

pub(crate) fn write(needs: &[String]) -> Result {
    let mut entries = Vec::with_capacity(needs.len());
    for need in needs {
        let path = input(need).join(ENTRY);
        let entry: Entry = serde_json::from_slice(&files::read(&path)?).at(&path)?;
        entries.push(entry);
    }
    files::write(out().join(NAVIGATION), json(&tree(entries)))
}

/// A folder while the tree is made.
#[derive(Default)]
struct Branch {
    own: Option<Entry>,
    pages: Vec<Entry>,
    folders: BTreeMap<String, Branch>,
}

/// By `order`, then by name; the first page of the site first.
pub(crate) fn tree(entries: Vec<Entry>) -> Vec<Item> {
    let mut root = Branch::default();
    for entry in entries.into_iter().filter(|entry| entry.nav) {
        let mut branch = &mut root;
        for part in folder(&entry.name)
            .split('/')
            .filter(|part| !part.is_empty())
        {
            branch = branch.folders.entry(part.to_owned()).or_default();
        }
        match is_index(&entry.name) {
            true => branch.own = Some(entry),
            false => branch.pages.push(entry),
        }
    }
    let first = root.own.take().map(leaf);
    first.into_iter().chain(items(root)).collect()
}

fn leaf(entry: Entry) -> Item {
    Item {
        title: entry.title,
        output: Some(entry.output),
        items: Vec::new(),
    }
}

fn items(branch: Branch) -> Vec<Item> {
    // Those with an order before those without.
    let key = |order: Option<i64>| (order.is_none(), order);
    let mut found: Vec<((bool, Option<i64>), String, Item)> = Vec::new();
    for page in branch.pages {
        found.push((key(page.order), page.name.clone(), leaf(page)));
    }
    for (name, mut folder) in branch.folders {
        let own = folder.own.take();
        let order = own.as_ref().and_then(|own| own.order);
        let mut item = own.map_or_else(
            || Item {
                title: spelled(&name),
                output: None,
                items: Vec::new(),
            },
            leaf,
        );
        let sort_name = folder.sort_name().unwrap_or_else(|| name.clone());
        item.items = items(folder);
        found.push((key(order), sort_name, item));
    }
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found.into_iter().map(|(_, _, item)| item).collect()
}

impl Branch {
    /// The path of the folder, as any page below it has it.
    fn sort_name(&self) -> Option<String> {
        let page = self.pages.first()?;
        Some(folder(&page.name).trim_end_matches('/').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, title: &str, order: Option<i64>) -> Entry {
        Entry {
            name: name.to_owned(),
            output: name.replace(".md", ".html"),
            title: title.to_owned(),
            order,
            nav: true,
        }
    }

    fn show(items: &[Item]) -> String {
        let parts: Vec<String> = items
            .iter()
            .map(|item| {
                let page = if item.output.is_some() { "" } else { "*" };
                match item.items.as_slice() {
                    [] => format!("{}{page}", item.title),
                    below => format!("{}{page}({})", item.title, show(below)),
                }
            })
            .collect();
        parts.join(" ")
    }

    #[test]
    fn by_order_then_by_name() {
        let mut hidden = entry("hidden.md", "Hidden", None);
        hidden.nav = false;
        let entries = vec![
            entry("z.md", "Z", None),
            entry("b.md", "B", Some(2)),
            entry("a.md", "A", None),
            entry("index.md", "Start", None),
            entry("guide/two.md", "Two", None),
            entry("guide/one.md", "One", Some(1)),
            entry("guide/index.md", "Guide", Some(1)),
            entry("more-things/x.md", "X", None),
            hidden,
        ];
        assert_eq!(
            show(&tree(entries)),
            "Start Guide(One Two) B A More things*(X) Z"
        );
    }

    #[test]
    fn titles_from_names() {
        assert_eq!(title("a/getting-started.md", ""), "Getting started");
        assert_eq!(title("how-to/index.md", "text"), "How to");
        assert_eq!(title("README.md", ""), "Home");
        assert_eq!(title("README.md", "# The title"), "The title");
    }
}

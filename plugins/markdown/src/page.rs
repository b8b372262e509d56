//! One page.

use std::collections::BTreeMap;

use cofferdam_plugin::{At as _, Result, files, input, out};
use serde::Serialize;
use serde_json::Value;

use crate::assets::STYLESHEET;
use crate::navigation::{self, Item, NAVIGATION};
use crate::place::{relative, way};
use crate::render::{self, Heading};
use crate::{Page, Site, Theme, front, template};

/// What a template is given; see the plugin's part of the documentation.
#[derive(Serialize)]
pub(crate) struct View {
    site: SiteView,
    page: PageView,
    /// HTML.
    #[serde(serialize_with = "template::safe")]
    content: String,
    /// Whether the content has a heading of the first level.
    has_title: bool,
    /// The headings of the second and third level.
    headings: Vec<Heading>,
    navigation: Vec<ItemView>,
    previous: Option<LinkView>,
    next: Option<LinkView>,
    stylesheets: Vec<String>,
    scripts: Vec<String>,
    /// The way to the root of the site: `../`.
    root: String,
}

#[derive(Serialize)]
struct SiteView {
    title: String,
    lang: String,
    /// The way to the first page.
    url: Option<String>,
}

#[derive(Serialize)]
struct PageView {
    title: String,
    description: Option<String>,
    /// In the source's folder: `guide/setup.md`.
    name: String,
    /// All else that the front matter has; none for what it does not have.
    #[serde(serialize_with = "template::open")]
    extra: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct ItemView {
    title: String,
    url: Option<String>,
    /// Whether it is this page.
    current: bool,
    /// Whether this page is below it.
    open: bool,
    items: Vec<ItemView>,
}

#[derive(Clone, Serialize)]
struct LinkView {
    title: String,
    url: String,
}

pub(crate) fn write(page: &Page, site: &Site) -> Result {
    let path = page.path();
    let text = files::read_text(&path)?;
    let (front, body) = front::split(&path, &text)?;
    let rendered = render::render(body, |url| page.rewrite(url)).at(&path)?;
    let nav_path = input("navigation").join(NAVIGATION);
    let items: Vec<Item> = serde_json::from_slice(&files::read(&nav_path)?).at(&nav_path)?;

    let output = page.output();
    let beside = |to: &str| relative(&output, to);
    let mut order = Vec::new();
    flatten(&items, &mut order);
    let place = order
        .iter()
        .position(|item| item.output.as_deref() == Some(&output));
    let link = |index: usize| {
        let item = order.get(index)?;
        Some(LinkView {
            title: item.title.clone(),
            url: way(&output, item.output.as_deref()?, page.urls),
        })
    };
    let first = order.first();
    let theme = (site.theme == Theme::Plain).then_some(STYLESHEET);
    let sheets = theme
        .into_iter()
        .chain(site.stylesheets.iter().map(String::as_str));
    let view = View {
        site: SiteView {
            title: site
                .title
                .clone()
                .or_else(|| first.map(|item| item.title.clone()))
                .unwrap_or_default(),
            lang: site.lang.clone(),
            url: link(0).map(|link| link.url),
        },
        page: PageView {
            title: front
                .title
                .unwrap_or_else(|| navigation::title(&page.name, body)),
            description: front.description,
            name: page.name.clone(),
            extra: front.extra,
        },
        // It may be written in HTML.
        has_title: rendered.html.contains("<h1"),
        headings: rendered
            .headings
            .into_iter()
            .filter(|heading| matches!(heading.level, 2 | 3))
            .collect(),
        content: rendered.html,
        navigation: items.iter().map(|item| view(item, page, &output)).collect(),
        previous: place.and_then(|index| index.checked_sub(1)).and_then(link),
        next: place.and_then(|index| link(index + 1)),
        stylesheets: sheets.map(beside).collect(),
        scripts: site.scripts.iter().map(|script| beside(script)).collect(),
        root: beside(""),
    };
    files::write(out().join(&output), template::render(site, &view)?)
}

/// The pages in the order of the navigation.
fn flatten<'a>(items: &'a [Item], order: &mut Vec<&'a Item>) {
    for item in items {
        if item.output.is_some() {
            order.push(item);
        }
        flatten(&item.items, order);
    }
}

fn view(item: &Item, page: &Page, output: &str) -> ItemView {
    let items: Vec<ItemView> = item
        .items
        .iter()
        .map(|item| view(item, page, output))
        .collect();
    ItemView {
        title: item.title.clone(),
        url: item.output.as_ref().map(|to| way(output, to, page.urls)),
        current: item.output.as_deref() == Some(output),
        open: items.iter().any(|item| item.current || item.open),
        items,
    }
}

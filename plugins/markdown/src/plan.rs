//! Lists the folder; every file is somebody else's to read.

use std::collections::BTreeMap;

use cofferdam_plugin::{ActionSpec, Failure, Failures, Request, Result, escape, files, src};

use crate::place::{Urls, is_page};
use crate::{Page, Site, Step, Theme};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The folder with the pages; `docs` if there is one, else the whole project, when left out.
    source: Option<String>,
    /// The site's name; that of its first page when left out.
    title: Option<String>,
    /// The language of the pages.
    #[serde(default = "english")]
    lang: String,
    #[serde(default)]
    theme: Theme,
    /// A template of the project, in the language of Jinja, instead of the one that comes with the theme.
    template: Option<String>,
    /// More style sheets to link, by their place in the site.
    #[serde(default)]
    stylesheets: Vec<String>,
    /// Scripts (modules) to load, by their place in the site.
    #[serde(default)]
    scripts: Vec<String>,
    #[serde(default)]
    urls: Urls,
    /// Whether the other files of the folder are part of the site.
    #[serde(default = "yes")]
    assets: bool,
    /// Whether there is a `search.json` with the texts of all pages.
    #[serde(default)]
    search: bool,
}

fn english() -> String {
    "en".to_owned()
}

fn yes() -> bool {
    true
}

pub(crate) fn plan(request: Request<Config>) -> Result<Vec<ActionSpec>> {
    let config = request.config;
    let (source, urls) = (config.source, config.urls);
    let site = Site {
        title: config.title,
        lang: config.lang,
        theme: config.theme,
        template: config.template,
        stylesheets: config.stylesheets,
        scripts: config.scripts,
    };
    let source = match source {
        Some(source) => source,
        None if src().join("docs").is_dir() => "docs".to_owned(),
        None => String::new(),
    };
    let source = match source.trim_matches('/') {
        "" | "." => String::new(),
        folder => format!("{folder}/"),
    };
    let mut names = files::list(src().join(&source))?;
    let is_hidden = |part: &str| part.starts_with('.') || part.starts_with('_');
    names.retain(|name| !name.split('/').any(is_hidden));
    let (pages, others): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| is_page(name));
    let pages = pages_of(&source, pages, urls)?;

    let mut actions: Vec<ActionSpec> = pages.iter().map(front_matter).collect();
    actions.push(navigation(&pages));
    actions.extend(pages.iter().map(|page| page_action(page, &site)));
    if site.theme == Theme::Plain {
        actions.push(ActionSpec::new("theme").config(&Step::Theme).exported());
    }
    let mut files = others;
    files.retain(|name| Some(format!("{source}{name}")) != site.template);
    if config.assets && !files.is_empty() {
        actions.push(assets_action(source, files));
    }
    if config.search {
        let mut action = ActionSpec::new("search").exported();
        for page in &pages {
            action = action.reads_file(&format!("{}{}", page.source, page.name));
        }
        actions.push(action.config(&Step::Search { pages }));
    }
    Ok(actions)
}

/// The pages, each with a place of its own.
fn pages_of(source: &str, names: Vec<String>, urls: Urls) -> Result<Vec<Page>> {
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut pages = Vec::with_capacity(names.len());
    let mut failures = Failures::default();
    for name in names {
        let page = Page {
            source: source.to_owned(),
            name,
            urls,
        };
        if let Some(other) = places.insert(page.output(), page.name.clone()) {
            let message = format!(
                "`{}` and `{other}` both become `{}`: rename one",
                page.name,
                page.output()
            );
            failures.push(Failure::user(message).at(page.path()));
        }
        pages.push(page);
    }
    if pages.is_empty() {
        let message =
            "there are no pages (`.md`) in what the action sees: check `source` and `reads`";
        failures.push(Failure::user(message).at(src().join(source)));
    }
    failures.check()?;
    Ok(pages)
}

/// `guide/setup.md` → `guide.setup`: neither `/` nor `:` may be in an action's name, and no two pages have one name.
fn short_name(name: &str) -> String {
    let name = name.strip_suffix(".md").unwrap_or(name);
    name.replace('.', "..")
        .replace('/', ".")
        .replace(':', "..-")
}

fn front_matter(page: &Page) -> ActionSpec {
    ActionSpec::new(format!("front-matter.{}", short_name(&page.name)))
        .config(&Step::FrontMatter(page.clone()))
        .reads_file(&format!("{}{}", page.source, page.name))
}

fn navigation(pages: &[Page]) -> ActionSpec {
    let action = ActionSpec::new("navigation").config(&Step::Navigation);
    pages.iter().fold(action, |action, page| {
        let name = short_name(&page.name);
        let from = format!("front-matter.{name}");
        action.needs(name, from)
    })
}

fn page_action(page: &Page, site: &Site) -> ActionSpec {
    let mut action = ActionSpec::new(format!("page.{}", short_name(&page.name)))
        .reads_file(&format!("{}{}", page.source, page.name))
        .needs("navigation", "navigation")
        .exported();
    if let Some(template) = &site.template {
        // With what it includes.
        action = match template.rsplit_once('/') {
            Some((folder, _)) => action.reads(format!("{}/**", escape(folder))),
            None => action.reads_file(template),
        };
    }
    action.config(&Step::Page {
        page: page.clone(),
        site: site.clone(),
    })
}

fn assets_action(source: String, files: Vec<String>) -> ActionSpec {
    let mut action = ActionSpec::new("assets").exported();
    for name in &files {
        action = action.reads_file(&format!("{source}{name}"));
    }
    action.config(&Step::Assets { source, files })
}

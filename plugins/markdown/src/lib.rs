//! A site from Markdown.
//!
//! Planning only lists the folder. What then runs:
//!
//! | action | for | reads | writes |
//! |---|---|---|---|
//! | `front-matter.PAGE` | each page | the page | its title and place, for the navigation |
//! | `navigation` | once | what all `front-matter` actions wrote | the tree of pages |
//! | `page.PAGE` | each page | the page, the navigation, the template | HTML |
//! | `assets` | once | all other files | the same files |
//! | `theme` | once | nothing | the style sheet |
//! | `search` | once, if asked for | all pages | their texts as JSON |
//!
//! So an edited paragraph renders one page; an edited title also the navigation, and then the pages that show it.

mod assets;
mod front;
mod highlight;
mod navigation;
mod page;
mod place;
mod plan;
mod render;
mod search;
mod template;

use cofferdam_plugin::{Request, Result};

use place::Urls;

/// What all pages are told; see `plan::Config`.
#[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Site {
    title: Option<String>,
    lang: String,
    theme: Theme,
    template: Option<String>,
    stylesheets: Vec<String>,
    scripts: Vec<String>,
}

#[derive(
    Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
enum Theme {
    /// Light and dark, with the navigation at the side.
    #[default]
    Plain,
    /// The same elements without a style sheet.
    None,
}

/// What the planned actions are told.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "step", rename_all = "kebab-case")]
enum Step {
    FrontMatter(Page),
    Navigation,
    Page { page: Page, site: Site },
    Assets { source: String, files: Vec<String> },
    Theme,
    Search { pages: Vec<Page> },
}

/// One page, by where it comes from and where it goes.
#[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Page {
    /// The folder of the project in which all pages are; empty or with `/` at the end.
    source: String,
    /// Relative to that folder: `guide/setup.md`.
    name: String,
    urls: Urls,
}

cofferdam_plugin::suite!(plan::plan, run);

fn run(request: Request<Step>) -> Result {
    match &request.config {
        Step::FrontMatter(page) => navigation::write_entry(page),
        Step::Navigation => navigation::write(&request.needs),
        Step::Page { page, site } => page::write(page, site),
        Step::Assets { source, files } => assets::copy(source, files),
        Step::Theme => assets::theme(),
        Step::Search { pages } => search::write(pages),
    }
}

#[cfg(test)]
mod tests;

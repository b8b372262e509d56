//! A test: every link inside a site leads to a file, and every `#anchor` to an element.

mod page;
mod site;

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_plugin::files::{self, Kind};
use cofferdam_plugin::{Failure, Failures, Request, Result, input, json, out};

use page::Page;
use site::{Site, Target};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Where the site is served, such as `/docs/`: links that begin with it are links to its root.
    #[serde(default = "root")]
    base: String,
    /// Links that begin with one of these are not looked at, such as `/api/`.
    #[serde(default)]
    ignore: Vec<String>,
}

fn root() -> String {
    "/".to_owned()
}

/// `/out/links.json`.
#[derive(serde::Serialize)]
struct Report {
    pages: usize,
    /// Inside the site, anchors included.
    links: usize,
    /// To other sites: not followed.
    external: BTreeSet<String>,
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    if request.needs.is_empty() {
        return Err(Failure::config("there is nothing to check: give the action `needs`").into());
    }
    let mut site = Site::new(&request.config.base)?;
    let mut pages = BTreeMap::new();
    for need in &request.needs {
        for entry in files::walk(input(need))? {
            site.add(&entry.name, entry.kind == Kind::Directory);
            if entry.kind != Kind::Directory && is_page(&entry.name) {
                let text = files::read_text(&entry.path)?;
                pages.insert(entry.name, Page::parse(entry.path, &text));
            }
        }
    }
    let mut failures = Failures::default();
    let mut report = Report {
        pages: pages.len(),
        links: 0,
        external: BTreeSet::new(),
    };
    for (name, page) in &pages {
        for link in &page.links {
            if request
                .config
                .ignore
                .iter()
                .any(|prefix| link.url.starts_with(prefix))
            {
                continue;
            }
            let wrong = match site.resolve(name, page.base.as_deref(), &link.url) {
                Target::External => {
                    report.external.insert(link.url.clone());
                    continue;
                }
                Target::Missing(looked_for) => Some(format!(
                    "`{}` leads nowhere: there is no `{looked_for}`",
                    link.url
                )),
                Target::File { name: to, anchor } => match (anchor, pages.get(&to)) {
                    (Some(anchor), Some(target)) if !target.has_anchor(&anchor) => Some(format!(
                        "`{}` leads nowhere: `{to}` has no element with the id `{anchor}`",
                        link.url
                    )),
                    _ => None,
                },
            };
            report.links += 1;
            if let Some(message) = wrong {
                failures.push(Failure::user(message).at_position(
                    &page.path,
                    link.line,
                    link.column,
                ));
            }
        }
    }
    failures.check()?;
    files::write(out().join("links.json"), json(&report))
}

fn is_page(name: &str) -> bool {
    name.ends_with(".html") || name.ends_with(".htm")
}

#[cfg(test)]
mod tests;

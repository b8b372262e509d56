//! Whether the links of a folder's pages stay in it, so that a check of them is a fair first gate.

use super::Listing;

/// The first link found that leads nowhere.
pub(super) struct Broken {
    pub(super) page: String,
    pub(super) target: String,
}

/// Looks at the pages of a folder for a relative link to what is not there.
pub(super) fn broken(listing: &Listing<'_>, folder: &str) -> Option<Broken> {
    let prefix = match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let pages = listing.files.iter().filter(|file| {
        let within = file.strip_prefix(&prefix);
        within.is_some_and(|name| {
            name.ends_with(".md") && (!folder.is_empty() || !name.contains('/'))
        })
    });
    for page in pages {
        let text = (listing.read)(page)?;
        let wrong = targets(&text).find(|target| !leads_somewhere(listing, &prefix, page, target));
        if let Some(target) = wrong {
            return Some(Broken {
                page: page.clone(),
                target: target.to_string(),
            });
        }
    }
    None
}

/// What stands in `](…)`, outside of code blocks.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    let lines = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    });
    lines.flat_map(|line| {
        let after = line.split("](").skip(1);
        after.filter_map(|rest| rest.split([')', ' ']).next())
    })
}

fn leads_somewhere(listing: &Listing<'_>, prefix: &str, page: &str, target: &str) -> bool {
    let path = target.split(['#', '?']).next().unwrap_or(target);
    if path.is_empty() || path.contains(':') || path.starts_with('/') {
        return true;
    }
    let mut names: Vec<&str> = page.split('/').collect();
    names.pop();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                if names.pop().is_none() {
                    return false;
                }
            }
            name => names.push(name),
        }
    }
    let found = names.join("/");
    let below = format!("{found}/");
    let page = match found.strip_suffix(".html") {
        Some(stem) => format!("{stem}.md"),
        None => found.clone(),
    };
    let is_there = listing.files.contains(&page)
        || listing
            .files
            .range(below.clone()..)
            .next()
            .is_some_and(|file| file.starts_with(&below));
    is_there && below.starts_with(prefix)
}

//! Where a link leads, by the rules of URLs and of servers for static sites.

use std::collections::BTreeMap;

use cofferdam_plugin::{Failure, Result};
use percent_encoding::percent_decode_str;

/// The names in a site.
pub(crate) struct Site {
    /// Begins and ends with `/`.
    base: String,
    /// Whether it is a folder, by name.
    names: BTreeMap<String, bool>,
}

pub(crate) enum Target {
    /// Another site, or not a place at all (`mailto:`).
    External,
    File {
        name: String,
        anchor: Option<String>,
    },
    /// The file that was looked for.
    Missing(String),
}

impl Site {
    pub(crate) fn new(base: &str) -> Result<Site> {
        if !base.starts_with('/') || !base.ends_with('/') {
            let message = format!("at `base`: `{base}` must begin and end with `/`");
            return Err(Failure::config(message).into());
        }
        Ok(Site {
            base: base.to_owned(),
            names: BTreeMap::new(),
        })
    }

    pub(crate) fn add(&mut self, name: &str, is_folder: bool) {
        self.names.insert(name.to_owned(), is_folder);
    }

    /// Where `url` on the page `page` leads, when the page says `<base href="BASE">`.
    pub(crate) fn resolve(&self, page: &str, base: Option<&str>, url: &str) -> Target {
        let (address, anchor) = match url.split_once('#') {
            Some((address, anchor)) => (address, Some(decoded(anchor_of(anchor)))),
            None => (url, None),
        };
        let path = without_query(address);
        if path.is_empty() && base.is_none() {
            let name = page.to_owned();
            return Target::File { name, anchor };
        }
        let page_folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = match base {
            Some(base) => self.place(page_folder, without_query(base)),
            None => Some(page_folder.to_owned()),
        };
        let Some(place) = folder.and_then(|folder| self.place(&folder, path)) else {
            return Target::External;
        };
        let is_folder = place.is_empty() || place.ends_with('/');
        let name = match self.names.get(place.trim_end_matches('/')) {
            Some(true) => format!("{}/index.html", place.trim_end_matches('/')),
            _ if is_folder => format!("{place}index.html"),
            _ => place,
        };
        match self.names.get(&name) {
            Some(false) => Target::File { name, anchor },
            _ => Target::Missing(name),
        }
    }

    /// The path from the site's root that `path` means in `folder`; none when it is not of this site.
    fn place(&self, folder: &str, path: &str) -> Option<String> {
        if path.starts_with("//") || has_scheme(path) {
            return None;
        }
        let path = decoded(path);
        let (folder, path) = match path.strip_prefix(&self.base) {
            Some(rest) => ("", rest.to_owned()),
            None if path.starts_with('/') => return None,
            None => (folder, path),
        };
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let ends_open = path.is_empty()
            || path.ends_with(['/'])
            || path.ends_with("/.")
            || path.ends_with("..");
        let slash = if ends_open && !parts.is_empty() {
            "/"
        } else {
            ""
        };
        Some(parts.join("/") + slash)
    }
}

/// `#:~:text=…` after the anchor's name is for the browser.
fn anchor_of(fragment: &str) -> &str {
    fragment
        .split_once(":~:")
        .map_or(fragment, |(name, _)| name)
}

fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// `mailto:`, `https:`: a letter, then letters, digits, `+`, `-` and `.` up to the colon.
fn has_scheme(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

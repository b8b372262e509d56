//! Where pages go, and how links lead from one to another.

use std::path::PathBuf;

use cofferdam_plugin::src;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::Page;

#[derive(
    Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Urls {
    /// `guide.md` becomes `guide.html`: works without a server too.
    #[default]
    Files,
    /// `guide.md` becomes `guide/index.html`, and its address is `guide/`.
    Folders,
}

impl Page {
    pub(crate) fn path(&self) -> PathBuf {
        src().join(&self.source).join(&self.name)
    }

    /// `guide/setup.html`.
    pub(crate) fn output(&self) -> String {
        output(&self.name, self.urls)
    }

    /// What a link that is written in this page becomes. Links to pages lead to what is made of them.
    pub(crate) fn rewrite(&self, url: &str) -> String {
        let (path, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        if path.is_empty() || path.starts_with('/') || has_scheme(path) {
            return url.to_owned();
        }
        let Some(target) = join(folder(&self.name), path) else {
            return url.to_owned();
        };
        match is_page(&target) {
            true => relative(&self.output(), &address(&target, self.urls)) + rest,
            false => relative(&self.output(), &target) + rest,
        }
    }
}

pub(crate) fn is_page(name: &str) -> bool {
    stem(name).is_some()
}

/// The name without its folder and its end, of a page.
pub(crate) fn stem(name: &str) -> Option<&str> {
    let name = name.rsplit('/').next()?;
    let (stem, end) = name.rsplit_once('.')?;
    (matches!(end, "md" | "markdown") && !stem.is_empty()).then_some(stem)
}

/// A folder's own page: `index.md` or `README.md`.
pub(crate) fn is_index(name: &str) -> bool {
    stem(name).is_some_and(|stem| {
        stem.eq_ignore_ascii_case("index") || stem.eq_ignore_ascii_case("readme")
    })
}

/// `a/b/` of `a/b/c`.
pub(crate) fn folder(name: &str) -> &str {
    name.rfind('/').map_or("", |slash| &name[..=slash])
}

/// The file that is made of a page.
pub(crate) fn output(name: &str, urls: Urls) -> String {
    let (folder, stem) = (folder(name), stem(name).unwrap_or(name));
    match urls {
        _ if is_index(name) => format!("{folder}index.html"),
        Urls::Files => format!("{folder}{stem}.html"),
        Urls::Folders => format!("{folder}{stem}/index.html"),
    }
}

/// How links name what is made of a page.
fn address(name: &str, urls: Urls) -> String {
    short(&output(name, urls), urls).to_owned()
}

/// How links name a file: `guide/` for `guide/index.html`, where pages are folders.
pub(crate) fn short(output: &str, urls: Urls) -> &str {
    match urls {
        Urls::Files => output,
        Urls::Folders => output.strip_suffix("index.html").unwrap_or(output),
    }
}

/// The way from one file of the site to another, by the names of both.
pub(crate) fn way(from: &str, to: &str, urls: Urls) -> String {
    relative(&encoded(from), &encoded(short(to, urls)))
}

/// A file's name as a part of an address.
pub(crate) fn encoded(name: &str) -> String {
    const SPECIAL: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'\\')
        .add(b'`');
    utf8_percent_encode(name, SPECIAL).to_string()
}

/// The way from one address of the site to another place in it.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let from = folder(from);
    let common: usize = from
        .split_inclusive('/')
        .zip(to.split_inclusive('/'))
        .take_while(|(a, b)| a == b)
        .map(|(part, _)| part.len())
        .sum();
    let up = from[common..].matches('/').count();
    let way = "../".repeat(up) + &to[common..];
    // `a:b` would be an address of its own, and nothing at all the page itself.
    match way.is_empty() || has_scheme(&way) {
        true => format!("./{way}"),
        false => way,
    }
}

/// None when it leads out of the site.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let is_folder =
        path.ends_with('/') || path.ends_with("/.") || path == "." || path.ends_with("..");
    let slash = if is_folder && !parts.is_empty() {
        "/"
    } else {
        ""
    };
    Some(parts.join("/") + slash)
}

fn has_scheme(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|part| part.is_ascii_alphanumeric() || "+-.".contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str, urls: Urls) -> Page {
        let (source, name) = (String::new(), name.to_owned());
        Page { source, name, urls }
    }

    #[test]
    fn outputs() {
        for (name, files, folders) in [
            ("index.md", "index.html", "index.html"),
            ("README.md", "index.html", "index.html"),
            ("a/readme.markdown", "a/index.html", "a/index.html"),
            ("a/b.c.md", "a/b.c.html", "a/b.c/index.html"),
        ] {
            assert_eq!(output(name, Urls::Files), files);
            assert_eq!(output(name, Urls::Folders), folders);
        }
        assert!(!is_page("a.txt") && !is_page(".md") && !is_page("md"));
    }

    #[test]
    fn names_are_no_addresses() {
        for (from, to, wanted) in [
            ("a.html", "#b.html", "%23b.html"),
            ("a b/c.html", "a b/d?.html", "d%3F.html"),
            ("x/%.html", "y\\/50 %.html", "../y%5C/50%20%25.html"),
            ("a.html", "b:c.html", "./b:c.html"),
        ] {
            assert_eq!(way(from, to, Urls::Files), wanted);
        }
        assert_eq!(
            way("a/index.html", "b c/index.html", Urls::Folders),
            "../b%20c/"
        );
    }

    #[test]
    fn links() {
        for (name, url, files, folders) in [
            ("a/b.md", "c.md", "c.html", "../c/"),
            ("a/b.md", "./c.md?x#y", "c.html?x#y", "../c/?x#y"),
            ("a/b.md", "../index.md", "../index.html", "../../"),
            ("a/b.md", "README.md#top", "index.html#top", "../#top"),
            ("a/b.md", "b.md", "b.html", "./"),
            ("a/b.md", "img/x.png", "img/x.png", "../img/x.png"),
            ("a/index.md", "img/x.png", "img/x.png", "img/x.png"),
            ("a/b.md", "../c/", "../c/", "../../c/"),
            ("a/b.md", "..", "../", "../../"),
            ("index.md", "index.md", "index.html", "./"),
            ("a/b.md", "#here", "#here", "#here"),
            (
                "a/b.md",
                "https://example.org/c.md",
                "https://example.org/c.md",
                "https://example.org/c.md",
            ),
            ("a/b.md", "/c.md", "/c.md", "/c.md"),
            ("a/b.md", "../../out.md", "../../out.md", "../../out.md"),
            ("a.md", "./b:c.png", "./b:c.png", "../b:c.png"),
        ] {
            assert_eq!(page(name, Urls::Files).rewrite(url), files, "{name} {url}");
            assert_eq!(
                page(name, Urls::Folders).rewrite(url),
                folders,
                "{name} {url}"
            );
        }
    }
}

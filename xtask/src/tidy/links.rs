//! Links in Markdown lead somewhere.

use super::{Finding, Source, Sources};

pub fn check(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Broken pages among the fixtures are there to be found by link-check.
    let pages = sources
        .0
        .iter()
        .filter(|source| source.path.ends_with(".md") && !source.path.starts_with("tests/"));
    for page in pages {
        for (line, link) in links(page) {
            if let Some(reason) = broken(sources, page, link) {
                findings.push(Finding::new(
                    &page.path,
                    line,
                    format!("dead link `{link}`: {reason}"),
                ));
            }
        }
    }
    findings
}

/// The targets of inline links and definitions outside code, with their lines.
fn links(page: &Source) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (line, text) in prose(page) {
        let mut in_code = false;
        for (at, sign) in text.char_indices() {
            if sign == '`' {
                in_code = !in_code;
            }
            let rest = &text[at..];
            let target = rest
                .strip_prefix("](")
                .filter(|_| !in_code)
                .and_then(|rest| rest.split([')', ' ']).next());
            found.extend(target.map(|target| (line, target)));
        }
        let definition = text
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]: "));
        found.extend(
            definition.map(|(_, target)| (line, target.split(' ').next().unwrap_or_default())),
        );
    }
    found
}

/// Lines outside fenced code.
fn prose(page: &Source) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    page.lines().filter(move |(_, text)| {
        let fence = text.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// Why a link leads nowhere, if it does; links to other hosts are not followed.
fn broken(sources: &Sources, page: &Source, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let target = if path.is_empty() {
        Some(page.path.clone())
    } else {
        join(folder, path)
    };
    let Some(target) = target else {
        return Some("it leads out of the repository".to_owned());
    };
    // The handbook's links name pages as the site has them.
    let target = match target.strip_suffix(".html") {
        Some(stem) => format!("{stem}.md"),
        None => target,
    };
    if !sources.exists(&target) {
        return Some(format!("there is no `{target}`"));
    }
    let text = sources
        .get(&target)
        .filter(|target| target.path.ends_with(".md"))?;
    let known = anchor.is_empty()
        || prose(text)
            .filter_map(|(_, line)| heading(line))
            .any(|slug| slug == anchor);
    (!known).then(|| format!("`{target}` has no heading `{anchor}`"))
}

/// A relative path seen from the root; `None` if it leads out of the repository.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The anchor of a heading's line.
fn heading(line: &str) -> Option<String> {
    let title = line.trim_start_matches('#');
    let title = title.strip_prefix(' ').filter(|_| line.starts_with('#'))?;
    let kept = title.to_lowercase();
    let kept = kept
        .chars()
        .filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
    Some(kept.collect::<String>().trim().replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let files = [
            ("docs/a.md", text),
            ("docs/b.md", "# The way\n```\n# not a heading\n```\n"),
            ("wit/plugin.wit", ""),
        ];
        check(&Sources::of(&files))
            .iter()
            .map(Finding::to_string)
            .collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_left_alone() {
        let text = "[b](b.md) [w](b.md#the-way) [s](b.html) [c](../wit/plugin.wit) [d](../wit) [o](https://x.example)\n\
                    # Own `code`, too\n[self](#own-code-too)\n```\n[x](none.md)\n```\n`[x](none.md)`\n";
        assert_eq!(messages(text), Vec::<String>::new());
    }

    #[test]
    fn dead_links_are_found() {
        let found =
            messages("[x](none.md)\n[y](b.md#not-a-heading)\n[z](../../out.md)\n\n[d]: none.md\n");
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("docs/a.md:1: dead link `none.md`"));
        assert!(found[1].contains("no heading `not-a-heading`"));
        assert!(found[2].contains("out of the repository"));
        assert!(found[3].starts_with("docs/a.md:5"));
    }
}

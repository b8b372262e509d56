//! What stands before the text: `key: value` lines between `---`, or TOML between `+++`.

use std::collections::BTreeMap;
use std::path::Path;

use cofferdam_plugin::{Failure, Result};
use serde_json::{Map, Value};

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Front {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// The place among its neighbours in the navigation; those without one come after, by name.
    pub(crate) order: Option<i64>,
    /// Whether the navigation has it.
    #[serde(default = "yes")]
    pub(crate) nav: bool,
    /// For templates: `page.extra.KEY`.
    #[serde(flatten)]
    pub(crate) extra: BTreeMap<String, Value>,
}

fn yes() -> bool {
    true
}

/// A page's front matter and the text after it. `path` is for errors.
pub(crate) fn split<'a>(path: &Path, text: &'a str) -> Result<(Front, &'a str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some((fence, inner, body)) = fenced(path, text)? else {
        return Ok((front(path, Map::new())?, text));
    };
    let values = match fence {
        "+++" => toml_values(path, inner)?,
        _ => plain_values(path, inner)?,
    };
    Ok((front(path, values)?, body))
}

fn front(path: &Path, values: Map<String, Value>) -> Result<Front> {
    serde_json::from_value(Value::Object(values)).map_err(|error| {
        Failure::user(format!("the front matter is wrong: {error}"))
            .at(path)
            .into()
    })
}

type Fenced<'a> = Option<(&'a str, &'a str, &'a str)>;

/// The fence, what is inside, and what follows.
fn fenced<'a>(path: &Path, text: &'a str) -> Result<Fenced<'a>> {
    let first = text.lines().next().unwrap_or_default();
    let fence = first.trim_end();
    if !matches!(fence, "---" | "+++") {
        return Ok(None);
    }
    let start = text.find('\n').map_or(text.len(), |end| end + 1);
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        if line.trim_end() == fence {
            return Ok(Some((fence, &text[start..at], &text[at + line.len()..])));
        }
        at += line.len();
    }
    // Three dashes alone are a line across the page.
    match fence {
        "---" => Ok(None),
        _ => {
            let message = "the front matter begins with `+++` and does not end: add a line `+++`";
            Err(Failure::user(message).at_position(path, 1, 1).into())
        }
    }
}

fn toml_values(path: &Path, inner: &str) -> Result<Map<String, Value>> {
    toml::from_str(inner).map_err(|error| {
        let before = &inner[..error.span().map_or(0, |span| span.start)];
        let line = 2 + before.matches('\n').count();
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count());
        Failure::user(format!("the front matter is wrong: {}", error.message()))
            .at_position(path, line, column + 1)
            .into()
    })
}

fn plain_values(path: &Path, inner: &str) -> Result<Map<String, Value>> {
    let mut values = Map::new();
    for (index, line) in inner.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = line.split_once(':').filter(|(key, value)| {
            let is_key = |part: char| part.is_alphanumeric() || matches!(part, '-' | '_');
            !key.is_empty()
                && key.chars().all(is_key)
                && (value.is_empty() || value.starts_with(' '))
        });
        let Some((key, value)) = pair else {
            let message = "the front matter has lines `key: value`; for more than that, write TOML between `+++`";
            return Err(Failure::user(message)
                .at_position(path, index + 2, 1)
                .into());
        };
        values.insert(key.to_owned(), plain_value(value.trim()));
    }
    Ok(values)
}

fn plain_value(text: &str) -> Value {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(inner) = quoted('"') {
        return serde_json::from_str(text).unwrap_or_else(|_| inner.into());
    }
    if let Some(inner) = quoted('\'') {
        return inner.replace("''", "'").into();
    }
    if let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let items = inner
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        return items.map(plain_value).collect();
    }
    match text {
        "" | "null" | "~" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        text => match text.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => text.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> std::result::Result<(Front, String), String> {
        split(Path::new("/src/a.md"), text)
            .map(|(front, body)| (front, body.to_owned()))
            .map_err(|failures| failures.to_string())
    }

    #[test]
    fn plain_lines() {
        let text = "---\ntitle: A: b\norder: -3\nnav: false\n# no\ntags: [x, 'y z', 4]\n\nsince: \"1.0\"\n---\nText\n---\n";
        let (front, body) = of(text).unwrap();
        assert_eq!(front.title.as_deref(), Some("A: b"));
        assert_eq!((front.order, front.nav), (Some(-3), false));
        assert_eq!(front.extra["tags"], serde_json::json!(["x", "y z", 4]));
        assert_eq!(front.extra["since"], "1.0");
        assert_eq!(body, "Text\n---\n");
    }

    #[test]
    fn toml() {
        let (front, body) = of("+++\r\ntitle = 'A'\n[more]\na = 1\n+++\r\nText").unwrap();
        assert_eq!(front.title.as_deref(), Some("A"));
        assert_eq!(front.extra["more"]["a"], 1);
        assert_eq!(body, "Text");
    }

    #[test]
    fn none() {
        for text in ["", "# A\n---\n", "---\nA rule above\n", "----\n"] {
            assert_eq!(of(text).unwrap().1, text);
        }
    }

    #[test]
    fn errors_have_a_place() {
        for (text, message) in [
            (
                "+++\ntitle = x\n+++\n",
                "/src/a.md:2:9: the front matter is wrong",
            ),
            (
                "+++\ntitle = 3\n",
                "/src/a.md:1:1: the front matter begins with `+++`",
            ),
            (
                "---\na: b\n- c\n---\n",
                "/src/a.md:3:1: the front matter has lines `key: value`",
            ),
            (
                "---\norder: first\n---\n",
                "/src/a.md: the front matter is wrong: invalid type: string \"first\"",
            ),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}

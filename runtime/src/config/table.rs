//! Tables of a parsed document, read key by key as [`keys`](super::keys) describes them.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Error;

use super::keys::{Holds, Key, Section};
use super::source::{At, Errors, Place};
use super::words;

/// The place at which a value starts.
pub(super) fn place<T>(spanned: &Spanned<T>) -> Place {
    Place::new(spanned.span().start)
}

/// A table, its unknown keys already told.
pub(super) struct Table<'t> {
    entries: &'t DeTable<'t>,
    section: &'static Section,
    /// Its header, as errors name it.
    title: String,
    place: Place,
    errors: &'t Errors<'t>,
}

/// The value of one key.
pub(super) struct Entry<'t> {
    pub(super) key: &'static Key,
    pub(super) place: Place,
    pub(super) value: &'t DeValue<'t>,
}

impl<'t> Table<'t> {
    pub(super) fn new(
        entries: &'t DeTable<'t>,
        section: &'static Section,
        title: String,
        place: Place,
        errors: &'t Errors<'t>,
    ) -> Table<'t> {
        let table = Table {
            entries,
            section,
            title,
            place,
            errors,
        };
        for key in entries.keys() {
            if section.key(key.get_ref()).is_none() && !errors.is_full() {
                errors.push(self::place(key), table.unknown(key.get_ref()));
            }
        }
        table
    }

    pub(super) fn errors(&self) -> &'t Errors<'t> {
        self.errors
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<Entry<'t>> {
        let value = self.entries.get(name)?;
        Some(Entry {
            key: self.section.key(name)?,
            place: place(value),
            value: value.get_ref(),
        })
    }

    pub(super) fn example(&self, name: &str) -> &'static str {
        self.section.key(name).map_or("", |key| key.example)
    }

    /// Tells that a key is missing.
    pub(super) fn missing(&self, name: &str) {
        let error = Error::config(format!("`{name}` is missing in {}", self.title));
        let example = self.example(name);
        let hint = format!("add `{name} = {example}`");
        self.errors.push(self.place, error.hint(hint));
    }

    pub(super) fn text(&self, name: &str) -> Option<At<String>> {
        let entry = self.get(name)?;
        let text = entry.value.as_str();
        let text = text.map(|text| At::new(text.to_string(), entry.place));
        text.or_else(|| self.mistyped(&entry))
    }

    /// Tells where the key is missing.
    pub(super) fn required_text(&self, name: &str) -> Option<At<String>> {
        if !self.has(name) {
            self.missing(name);
        }
        self.text(name)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        let entry = self.get(name)?;
        entry.value.as_bool().or_else(|| self.mistyped(&entry))
    }

    /// A text that `parse` makes something of.
    pub(super) fn amount<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let entry = self.get(name)?;
        let Some(text) = entry.value.as_str() else {
            return self.mistyped(&entry);
        };
        parse(text).or_else(|| {
            let error = Error::config(format!(
                "`{text}` is not {}, for `{name}` in {}",
                entry.key.holds.wanted(),
                self.title
            ));
            let hint = format!("write `{name} = {}`", entry.key.example);
            let units = match entry.key.holds {
                Holds::Size => "the units are `KiB`, `MiB` and `GiB`",
                _ => "the units are `ms`, `s`, `m` and `h`",
            };
            self.errors.push(entry.place, error.hint(hint).hint(units));
            None
        })
    }

    /// A list of texts; where `single`, one text stands for a list of one.
    pub(super) fn texts(&self, name: &str, single: bool) -> Option<At<Vec<At<String>>>> {
        let entry = self.get(name)?;
        if let (true, Some(text)) = (single, entry.value.as_str()) {
            let text = At::new(text.to_string(), entry.place);
            return Some(At::new(vec![text], entry.place));
        }
        let Some(items) = entry.value.as_array() else {
            return self.mistyped(&entry);
        };
        let texts =
            items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| match item.get_ref().as_str() {
                    Some(text) => Some(At::new(text.to_string(), place(item))),
                    None => {
                        self.mistyped_item(&entry, index, item);
                        None
                    }
                });
        Some(At::new(texts.collect(), entry.place))
    }

    /// A table of the section that the key holds.
    pub(super) fn table(&self, name: &str, title: String) -> Option<Table<'t>> {
        let entry = self.get(name)?;
        let Holds::Section(section) = entry.key.holds else {
            return None;
        };
        let Some(entries) = entry.value.as_table() else {
            return self.mistyped(&entry);
        };
        Some(Table::new(
            entries,
            section,
            title,
            entry.place,
            self.errors,
        ))
    }

    /// The entries of a table whose keys are names, in the order of writing.
    pub(super) fn named(&self, name: &str) -> Vec<(At<&'t str>, &'t Spanned<DeValue<'t>>)> {
        let Some(entry) = self.get(name) else {
            return Vec::new();
        };
        let Some(entries) = entry.value.as_table() else {
            self.mistyped::<()>(&entry);
            return Vec::new();
        };
        let named = entries
            .iter()
            .map(|(key, value)| (At::new(&**key.get_ref(), place(key)), value));
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(name, _)| name.place);
        named
    }

    /// Tells that a value has the wrong type; always `None`.
    pub(super) fn mistyped<T>(&self, entry: &Entry<'_>) -> Option<T> {
        let Key { name, holds, .. } = entry.key;
        let found = found(entry.value);
        let error = Error::config(format!(
            "`{name}` in {} is {found}, not {}",
            self.title,
            holds.wanted()
        ));
        let example = rewritten(entry).unwrap_or_else(|| entry.key.example.to_string());
        self.errors.push(
            entry.place,
            error.hint(format!("write `{name} = {example}`")),
        );
        None
    }

    pub(super) fn mistyped_item(
        &self,
        entry: &Entry<'_>,
        index: usize,
        item: &Spanned<DeValue<'_>>,
    ) {
        let Key { name, example, .. } = entry.key;
        let found = found(item.get_ref());
        let error = Error::config(format!(
            "item {} of `{name}` in {} is {found}, not a string",
            index + 1,
            self.title,
        ));
        self.errors.push(
            place(item),
            error.hint(format!("write `{name} = {example}`")),
        );
    }

    fn unknown(&self, name: &str) -> Error {
        let keys = self.section.keys;
        let error = Error::config(format!("unknown key `{name}` in {}", self.title));
        let other = keys.iter().find(|key| key.also.contains(&name));
        let names = keys.iter().map(|key| key.name);
        match other {
            Some(key) => error.hint(format!("did you mean `{}`?", key.name)),
            None => error.hint(words::suggest(name, "keys", names)),
        }
    }
}

impl Holds {
    /// With its article.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Holds::Text => "a string",
            Holds::Flag => "`true` or `false`",
            Holds::Duration => "a duration",
            Holds::Size => "a size",
            Holds::Config | Holds::Section(_) | Holds::Named(_) => "a table",
            Holds::Texts => "a list of strings",
            Holds::Pattern => "a pattern or a list of patterns",
            Holds::Patterns => "a list of patterns",
            Holds::Needs => "a list of names of actions",
            Holds::Environment => "a table of variables",
            Holds::Sources => "a table of sources",
        }
    }
}

/// What a value is, with its article.
pub(super) fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What was written, as the type that was wanted, where that is plain.
fn rewritten(entry: &Entry<'_>) -> Option<String> {
    let text = entry.value.as_str()?;
    if text.len() > 80 || text.contains(['"', '\\', '\n']) {
        return None;
    }
    let words: Vec<&str> = match entry.key.name {
        "run" => text.split_whitespace().collect(),
        _ => vec![text],
    };
    let listed: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match entry.key.holds {
        Holds::Texts | Holds::Patterns | Holds::Needs => Some(format!("[{}]", listed.join(", "))),
        Holds::Flag if matches!(text, "true" | "false") => Some(text.to_string()),
        _ => None,
    }
}

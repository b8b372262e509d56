//! The reference part of `docs/config.md`, from the same [table of keys](super::keys) as the parser.

use std::fmt::Write;

use super::keys::{Holds, Key, SECTIONS, Section};

/// Markdown: for each section its keys, what they hold, their defaults and examples.
pub fn reference() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "### {}\n\n{}\n\n", heading(section), section.about);
        text.push_str("| key | holds | without it | |\n|---|---|---|---|\n");
        for Key {
            name,
            holds,
            default,
            about,
            ..
        } in section.keys
        {
            let default = default.unwrap_or("**needed**");
            let holds = told(*holds);
            let _ = writeln!(text, "| `{name}` | {holds} | {default} | {about} |");
        }
        text.push_str("\n```toml\n");
        for Key { name, example, .. } in section.keys {
            let _ = writeln!(text, "{name} = {example}");
        }
        text.push_str("```\n\n");
    }
    text
}

fn heading(section: &Section) -> String {
    match section.title.contains(['[', '.']) {
        true => format!("`{}`", section.title),
        false => section.title.to_string(),
    }
}

fn told(holds: Holds) -> String {
    match holds {
        Holds::Needs => "list of names of actions, or of tables".into(),
        Holds::Environment => "table of strings, or of tables".into(),
        Holds::Section(section) => format!("table: {}", heading(section)),
        Holds::Named(section) => format!("tables: {}", heading(section)),
        other => {
            let wanted = other.wanted();
            wanted.strip_prefix("a ").unwrap_or(wanted).to_string()
        }
    }
}

//! Small texts with a syntax of their own: names, folders, durations, sizes.

use std::fmt::Write;
use std::time::Duration;

use crate::error::Error;

/// Names that may mean something to a command line, now or later.
const RESERVED: [&str; 3] = ["all", "none", "self"];

const NAME_LENGTH: usize = 100;

/// Checks a name of an action, a plugin …; `what` says of what, with its article.
pub(super) fn name(what: &str, name: &str) -> Result<(), Error> {
    let reason = if name.is_empty() {
        return Err(Error::config(format!("the name of {what} is empty")).hint(NAME_HINT));
    } else if name.contains('/') {
        "`/` is reserved for paths".to_string()
    } else if name.contains(':') {
        "`:` is reserved for actions that a planner or `for_each` makes".to_string()
    } else if let Some(character) = name.chars().find(|c| !is_name_character(*c)) {
        format!("it has the character `{}`", character.escape_debug())
    } else if name.starts_with(['.', '-']) {
        "it begins with `.` or `-`".to_string()
    } else if name.len() > NAME_LENGTH {
        format!("it is longer than {NAME_LENGTH} characters")
    } else if RESERVED.contains(&name) {
        let words: Vec<String> = RESERVED.iter().copied().map(quoted).collect();
        let hint = format!("take another; reserved are {}", words.join(", "));
        let message = format!("`{name}` cannot name {what}: it is a reserved word");
        return Err(Error::config(message).hint(hint));
    } else {
        return Ok(());
    };
    Err(Error::config(format!("`{name}` cannot name {what}: {reason}")).hint(NAME_HINT))
}

const NAME_HINT: &str =
    "names are made of letters, digits, `-`, `_` and `.`, and begin with a letter, a digit or `_`";

pub(super) fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}

/// The one of `candidates` that a person most likely meant by `name`.
pub(super) fn did_you_mean<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let allowed = (name.chars().count() / 3).max(1);
    let near = candidates.into_iter().filter_map(|candidate| {
        if name.len().abs_diff(candidate.len()) > 4 * allowed {
            return None;
        }
        let distance = strsim::damerau_levenshtein(name, candidate);
        // Something must be alike: `a` is not near `b`.
        (distance <= allowed && distance < name.chars().count()).then_some((distance, candidate))
    });
    near.min().map(|(_, candidate)| candidate)
}

/// A hint for a name that is none of `candidates`, which are `what` in the plural:
/// "did you mean `app`?", else what there is.
pub fn suggest<'c>(
    name: &str,
    what: &str,
    candidates: impl Iterator<Item = &'c str> + Clone,
) -> String {
    const LISTED: usize = 12;
    if let Some(candidate) = did_you_mean(name, candidates.clone()) {
        return format!("did you mean `{candidate}`?");
    }
    let mut listed: Vec<String> = candidates.clone().take(LISTED).map(quoted).collect();
    match candidates.count().saturating_sub(LISTED) {
        0 if listed.is_empty() => return format!("there are no {what} yet"),
        0 => {}
        more => listed.push(format!("and {more} more")),
    }
    format!("the {what} are {}", listed.join(", "))
}

pub(super) fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// A path below the project's folder or a mount, as a canonical one: names joined by `/`. A `/` at its end is left out.
pub(super) fn path(text: &str) -> Result<String, &'static str> {
    if text.starts_with('/') {
        return Err("is an absolute path");
    }
    let names = text.strip_suffix('/').unwrap_or(text);
    path_names(names)
}

/// The same, or an absolute path, for folders of deployments.
pub(super) fn host_path(text: &str) -> Result<String, &'static str> {
    match text.strip_prefix('/') {
        Some(names) => {
            let names = names.strip_suffix('/').unwrap_or(names);
            path_names(names).map(|path| format!("/{path}"))
        }
        None => path(text),
    }
}

fn path_names(text: &str) -> Result<String, &'static str> {
    let mut names = Vec::new();
    for name in text.split('/') {
        match name {
            "" if text.is_empty() => return Err("is empty"),
            "" => return Err("has two `/` in a row"),
            "." if text == "." => return Err("is the project's whole folder"),
            "." => {}
            ".." => return Err("leaves its folder with `..`"),
            name if name.contains(['\0', '\\', '\n']) => {
                return Err("has a character that file names should not have");
            }
            name if name.len() > 255 => return Err("has a name of more than 255 bytes"),
            name => names.push(name),
        }
    }
    if names.is_empty() {
        return Err("is the project's whole folder");
    }
    Ok(names.join("/"))
}

/// `1m30s`, in units of `ms`, `s`, `m`, `h`; more than none.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (number, unit, after) = amount(rest)?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(milliseconds)?)?;
        rest = after;
    }
    (total > 0).then(|| Duration::from_millis(total))
}

/// `512MiB`, in units of `KiB`, `MiB`, `GiB`; at least one page of linear memory.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit, rest) = amount(text)?;
    let unit = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let size = number.checked_mul(unit)?;
    (rest.is_empty() && size >= 65_536).then_some(size)
}

/// A number, its unit, and what follows.
fn amount(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at(digits);
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic());
    let (unit, after) = rest.split_at(letters.unwrap_or(rest.len()));
    Some((number.parse().ok()?, unit, after))
}

/// A name as a TOML key.
pub fn toml_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_string(),
        false => toml_string(name),
    }
}

/// A text as a TOML string.
pub fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => {
                // Writing to a `String` cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        for wrong in [
            "",
            "0s",
            "s",
            "1",
            "1 s",
            "1d",
            "-1s",
            "99999999999999999999h",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("4GiB"), Some(4 << 30));
        for wrong in ["", "1", "1KiB", "1GB", "1GiBx", "1GiB1", "99999999999GiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_become_canonical() {
        assert_eq!(path("dist/"), Ok("dist".into()));
        assert_eq!(path("./dist/./a"), Ok("dist/a".into()));
        assert_eq!(host_path("/srv/www/"), Ok("/srv/www".into()));
        for wrong in ["", ".", "./", "/", "/x", "../x", "a/../b", "a//b", "a\0"] {
            assert!(path(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn near_names_are_suggested() {
        let keys = ["reads", "needs", "run"];
        assert_eq!(did_you_mean("raeds", keys), Some("reads"));
        assert_eq!(did_you_mean("read", keys), Some("reads"));
        assert_eq!(did_you_mean("colour", keys), None);
    }
}

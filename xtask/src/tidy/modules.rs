//! In which order the runtime's modules build on one another.

use super::{Finding, Sources};

/// Where the order is written: the rows of the table after [`HEADING`].
const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "each module uses only those above it:";

const FOLDER: &str = "runtime/src/";

pub fn check(sources: &Sources) -> Vec<Finding> {
    let order = match sources.get(PAGE).and_then(|page| order(&page.text)) {
        Some(order) => order,
        None => {
            return vec![Finding::new(
                PAGE,
                0,
                format!("there is no table after `{HEADING}`"),
            )];
        }
    };
    let mut findings = Vec::new();
    for source in sources.rust() {
        let Some(within) = source.path.strip_prefix(FOLDER) else {
            continue;
        };
        let module = within.split(['/', '.']).next().unwrap_or_default();
        if module == "lib" || source.is_test() {
            continue;
        }
        let Some(place) = order.iter().position(|name| *name == module) else {
            let message = format!("module `{module}` has no place in the table of `{PAGE}`");
            findings.push(Finding::new(&source.path, 0, message));
            continue;
        };
        let code: String = source.code().map(|(_, line)| format!("{line}\n")).collect();
        for (line, used) in used_modules(&code) {
            if order
                .iter()
                .position(|name| *name == used)
                .is_some_and(|other| other > place)
            {
                let message = format!("`{module}` comes before `{used}` and must not use it");
                findings.push(Finding::new(&source.path, line, message));
            }
        }
    }
    findings
}

/// The names in the first column of the table, from top to bottom.
fn order(page: &str) -> Option<Vec<&str>> {
    let (_, table) = page.split_once(HEADING)?;
    let rows = table
        .trim_start()
        .lines()
        .take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let names: Vec<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    (!names.is_empty()).then_some(names)
}

/// The first name of each path that starts with `crate::`, in groups too, with its line.
fn used_modules(code: &str) -> Vec<(usize, &str)> {
    let mut used = Vec::new();
    for (at, root) in code.match_indices("crate::") {
        let line_start = code[..at].rfind('\n').map_or(0, |end| end + 1);
        if code[line_start..at].contains("//") {
            continue;
        }
        let line = code[..at].lines().count().max(1);
        let rest = &code[at + root.len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => group_heads(group),
            None => vec![head(rest)],
        };
        used.extend(names.into_iter().map(|name| (line, name)));
    }
    used
}

/// The first name of each path in a group, given what follows its opening brace.
fn group_heads(group: &str) -> Vec<&str> {
    let mut heads = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(head(group[start..at].trim_start()));
                start = at + 1;
                if sign == '}' {
                    break;
                }
            }
            _ => (),
        }
    }
    heads.retain(|name| !name.is_empty());
    heads
}

fn head(path: &str) -> &str {
    let end = path
        .find(|sign: char| !sign.is_alphanumeric() && sign != '_')
        .unwrap_or(path.len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Inside, each module uses only those above it:\n\n| module | line |\n|---|---|\n\
        | `error`, `event` | the words |\n| `config` | `x` |\n| `plan` | |\n| `schedule` | |\n| `run` | |\n\n`late`\n";

    fn messages(path: &str, text: &str) -> Vec<String> {
        let sources = Sources::of(&[(path, text), (PAGE, TABLE)]);
        check(&sources).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn the_order_is_read_from_the_page() {
        assert_eq!(
            order(TABLE).unwrap(),
            ["error", "event", "config", "plan", "schedule", "run"]
        );
        assert_eq!(order("no table"), None);
        assert_eq!(check(&Sources::of(&[])).len(), 1);
    }

    #[test]
    fn modules_use_what_stands_before_them() {
        assert!(messages("runtime/src/schedule.rs", "use crate::plan::Action;\n").is_empty());
        let found = messages(
            "runtime/src/plan/mod.rs",
            "use std::fmt;\nuse crate::schedule::Queue;\n",
        );
        assert_eq!(
            found,
            ["runtime/src/plan/mod.rs:2: `plan` comes before `schedule` and must not use it"]
        );
    }

    #[test]
    fn groups_and_plain_paths_are_seen() {
        let text = "use crate::{error::{Error, Kind}, run::Summary,\n    event};\nfn f() -> crate::schedule::Queue {}\n";
        assert_eq!(
            used_modules(text),
            [(1, "error"), (1, "run"), (1, "event"), (3, "schedule")]
        );
        assert_eq!(messages("runtime/src/config/glob.rs", text).len(), 2);
    }

    #[test]
    fn tests_and_comments_may_name_anything() {
        let text =
            "/// See crate::run.\n#[cfg(test)]\nmod tests {\n    use crate::run::Summary;\n}\n";
        assert!(messages("runtime/src/config.rs", text).is_empty());
    }

    #[test]
    fn a_new_module_needs_a_place() {
        assert_eq!(messages("runtime/src/misc/mod.rs", "").len(), 1);
    }
}

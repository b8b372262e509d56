//! docs/cli.md, made from the same declarations as `--help`.

use clap::{Arg, Command, CommandFactory};

use crate::arguments::Arguments;
use crate::{exit, json};

const HEAD: &str = "\
---
title: The command line
description: Every command and option, the exit codes, and what is printed for programs.
order: 31
---

<!-- Written by `cargo xtask docs` from the program's own help. -->

What is for people goes to stderr, data to stdout. Colours are for terminals, `NO_COLOR` and `--color` are honoured, \
and nothing is said by colour alone.
";

/// The whole page.
pub fn markdown() -> String {
    let mut root = Arguments::command();
    root.build();
    let mut text = String::from(HEAD);
    text.push_str("\n| command | |\n|---|---|\n");
    for command in leaves(&root) {
        let name = command.get_bin_name().unwrap_or_default().to_owned();
        let anchor = name.replace(' ', "-");
        text.push_str(&format!("| [`{name}`](#{anchor}) | {} |\n", about(command)));
    }
    text.push_str("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for (exit, meaning) in exit::TABLE {
        text.push_str(&format!("| {} | {meaning} |\n", exit.code()));
    }
    text.push_str(
        "\nWhere several errors have different codes, the gravest counts: 101, 130, 4, 3, 2, 1.\n",
    );
    text.push_str(&format!(
        "\n## What `run --json` prints\n\n{}",
        json::REFERENCE
    ));
    text.push_str("\n## Global options\n\n");
    text.push_str(&options(
        root.get_arguments()
            .filter(|argument| argument.is_global_set()),
    ));
    for command in leaves(&root) {
        text.push_str(&section(command));
    }
    text
}

/// Commands that do something, those of groups too.
fn leaves(root: &Command) -> Vec<&Command> {
    let mut leaves = Vec::new();
    for command in root
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
    {
        match command.has_subcommands() {
            true => leaves.extend(
                command
                    .get_subcommands()
                    .filter(|command| command.get_name() != "help"),
            ),
            false => leaves.push(command),
        }
    }
    leaves
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn section(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let name = command.get_bin_name().unwrap_or_default();
    let mut text = format!(
        "\n## {name}\n\n{}.\n\n```text\n{usage}\n```\n",
        about(command)
    );
    let own = || {
        command
            .get_arguments()
            .filter(|argument| !argument.is_global_set() && !argument.is_hide_set())
    };
    let own = options(own().filter(|argument| argument.get_id() != "help"));
    if !own.is_empty() {
        text.push('\n');
        text.push_str(&own);
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let lines: Vec<&str> = examples
            .lines()
            .skip(1)
            .map(|line| line.strip_prefix("  ").unwrap_or(line))
            .collect();
        text.push_str(&format!("\n```text\n{}\n```\n", lines.join("\n")));
    }
    text
}

fn options<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    arguments.map(option).collect()
}

/// `- `--keep-going`: Go on …`
fn option(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default();
    let value = values
        .iter()
        .map(|name| format!(" {name}"))
        .collect::<String>();
    let takes_value = argument.get_action().takes_values();
    let value = if takes_value { value } else { String::new() };
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let name = match argument.is_positional() {
        true => value.trim_start().to_owned(),
        false => format!(
            "{}{value}",
            short.into_iter().chain(long).collect::<Vec<_>>().join(", ")
        ),
    };
    let help = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let defaults: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    let default = match defaults.is_empty() || !takes_value {
        true => String::new(),
        false => format!(" [default: {}]", defaults.join(", ")),
    };
    let possible: Vec<String> = match takes_value {
        true => argument
            .get_possible_values()
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect(),
        false => Vec::new(),
    };
    let possible = match possible.is_empty() {
        true => String::new(),
        false => format!(" ({})", possible.join(", ")),
    };
    format!("- `{name}`: {help}{possible}{default}\n")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_page_is_up_to_date() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
        let written = std::fs::read_to_string(page).unwrap_or_default();
        assert!(
            written == markdown(),
            "docs/cli.md is not what the program says: run `cargo xtask docs`"
        );
    }
}

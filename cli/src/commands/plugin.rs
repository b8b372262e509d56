//! `plugin`: what plugins and tools there are, and one more.

use cofferdam_runtime::components::{self, ComponentInfo};
use cofferdam_runtime::sandbox::World;

use crate::Outcome;
use crate::arguments::{Global, Plugin};
use crate::commands::ask;
use crate::exit::Exit;
use crate::report::stdout_paint;
use crate::stderr::say;
use crate::text::{Paint, Tone, width};
use crate::{project, stdout};

pub fn run(global: &Global, command: &Plugin) -> Outcome {
    match command {
        Plugin::List => {
            let project = project::open_or_here(global)?;
            let all = ask(global, &project, |events| {
                components::components(&project, events)
            })?;
            stdout::print(&list(stdout_paint(global), &all))?;
        }
        Plugin::Inspect { plugin } => {
            let project = project::open_or_here(global)?;
            let info = ask(global, &project, |events| {
                components::inspect(&project, plugin, events)
            })?;
            stdout::print(&describe(stdout_paint(global), &info))?;
        }
        Plugin::Add { name, source } => {
            let project = project::open(global)?;
            let info = ask(global, &project, |events| {
                components::add(&project, name, source, events)
            })?;
            let asks = match asks_for(&info) {
                asks if asks.is_empty() => "it asks for nothing".to_owned(),
                asks => format!("it asks for {}", asks.join(", ")),
            };
            let rest = format!("{name} {} ({}): {asks}", info.source, info.digest.short());
            say(global, Tone::Good, "Added", &rest);
        }
    }
    Ok(Exit::Done)
}

/// One line each: name, kind, version, digest, source.
fn list(paint: Paint, all: &[ComponentInfo]) -> String {
    let widest = |column: fn(&ComponentInfo) -> String| {
        all.iter()
            .map(|info| width(&column(info)))
            .max()
            .unwrap_or(0)
    };
    let columns: [fn(&ComponentInfo) -> String; 3] = [
        |info| info.name.clone(),
        |info| world(info.world).to_owned(),
        |info| info.version.clone().unwrap_or_else(|| "-".to_owned()),
    ];
    let widths = columns.map(widest);
    let mut text = String::new();
    for info in all {
        for (index, column) in columns.iter().enumerate() {
            let cell = column(info);
            let gap = " ".repeat(widths[index] - width(&cell) + 2);
            let cell = if index == 0 {
                paint.tone(Tone::Strong, &cell)
            } else {
                cell
            };
            text.push_str(&format!("{cell}{gap}"));
        }
        text.push_str(&format!("{}  {}\n", info.digest.short(), info.source));
    }
    text
}

fn describe(paint: Paint, info: &ComponentInfo) -> String {
    let version = info
        .version
        .as_ref()
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    let asks = match asks_for(info) {
        asks if asks.is_empty() => "nothing".to_owned(),
        asks => asks.join(", "),
    };
    let mut text = format!(
        "{}{version}\n  is a      {}\n  source    {}\n  blake3    {}\n  asks for  {asks}\n",
        paint.tone(Tone::Strong, &info.name),
        world(info.world),
        info.source,
        info.digest.hex()
    );
    if info.config_schema.is_empty() {
        text.push_str("  config    none\n");
        return text;
    }
    let schema = serde_json::from_str::<serde_json::Value>(&info.config_schema)
        .and_then(|schema| serde_json::to_string_pretty(&schema));
    text.push_str(&format!(
        "  config    as this JSON Schema says:\n\n{}\n",
        schema.unwrap_or_else(|_| info.config_schema.clone())
    ));
    text
}

fn world(world: World) -> &'static str {
    match world {
        World::Action => "action",
        World::Planner => "planner",
        World::Suite => "suite",
        World::Deployer => "deployer",
        World::Command => "tool",
    }
}

/// `write` or `http to https://example.org, https://example.net`, each.
fn asks_for(info: &ComponentInfo) -> Vec<String> {
    let asks = info
        .capabilities
        .iter()
        .map(|(name, scope)| match scope.is_empty() {
            true => format!("`{name}`"),
            false => format!(
                "`{name}` to {}",
                scope
                    .iter()
                    .map(|scope| format!("`{scope}`"))
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
        });
    asks.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use cofferdam_cache::Digest;

    use super::*;

    #[test]
    fn plugins_are_listed_and_described() {
        let lint = ComponentInfo {
            name: "lint".to_owned(),
            source: "path:tools/lint.wasm".to_owned(),
            digest: Digest::of(b"lint"),
            world: World::Action,
            version: Some("1.2.0".to_owned()),
            capabilities: BTreeMap::from([
                (
                    "http".to_owned(),
                    BTreeSet::from(["https://example.org".to_owned()]),
                ),
                ("write".to_owned(), BTreeSet::new()),
            ]),
            config_schema: "{\"type\":\"object\"}".to_owned(),
        };
        let esbuild = ComponentInfo {
            name: "esbuild".to_owned(),
            source: "path:tools/esbuild.wasm".to_owned(),
            world: World::Command,
            version: None,
            capabilities: BTreeMap::new(),
            config_schema: String::new(),
            ..lint.clone()
        };
        let both = [lint, esbuild];
        insta::assert_snapshot!(list(Paint::OFF, &both), @"
        lint     action  1.2.0  0d26d356  path:tools/lint.wasm
        esbuild  tool    -      0d26d356  path:tools/esbuild.wasm
        ");
        insta::assert_snapshot!(describe(Paint::OFF, &both[0]) + &describe(Paint::OFF, &both[1]), @r#"
        lint 1.2.0
          is a      action
          source    path:tools/lint.wasm
          blake3    0d26d356a250f94e79f0d06ccb25d4a2ce820ae79cd666b72bcf2dd57066393e
          asks for  `http` to `https://example.org`, `write`
          config    as this JSON Schema says:

        {
          "type": "object"
        }
        esbuild
          is a      tool
          source    path:tools/esbuild.wasm
          blake3    0d26d356a250f94e79f0d06ccb25d4a2ce820ae79cd666b72bcf2dd57066393e
          asks for  nothing
          config    none
        "#);
    }
}

//! TypeScript to JavaScript, module by module: types go, and what has a meaning at run time (enums, namespaces,
//! parameter properties, JSX) becomes JavaScript of the newest edition. Types are not checked, nothing is bundled.

mod compile;

use std::path::Path;

use cofferdam_plugin::{Failure, Failures, Request, Result, files, out, progress, src};

use compile::{Module, compile};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Where the modules are; the JavaScript keeps their names relative to it.
    #[serde(default)]
    folder: String,
    /// Modules of that folder; all `.ts`, `.tsx`, `.mts` and `.cts` but declarations when left out.
    entries: Option<Vec<String>>,
    /// Short names, no spaces, no dead code.
    #[serde(default)]
    minify: bool,
    /// A `.map` beside each module.
    #[serde(default = "yes")]
    source_maps: bool,
    /// The package that JSX imports its functions from.
    #[serde(default = "react")]
    jsx_import_source: String,
}

fn yes() -> bool {
    true
}

fn react() -> String {
    "react".to_owned()
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    let config = request.config;
    let folder = src().join(&config.folder);
    let entries = match &config.entries {
        Some(entries) => entries.clone(),
        None => modules(&folder)?,
    };
    let mut failures = Failures::default();
    for (index, entry) in entries.iter().enumerate() {
        progress(index as u64, Some(entries.len() as u64), entry);
        failures.keep(module(&folder, entry, &config));
    }
    failures.check()
}

fn modules(folder: &Path) -> Result<Vec<String>> {
    let mut names = files::list(folder)?;
    names.retain(|name| output_name(name).is_some() && !name.contains("node_modules/"));
    if names.is_empty() {
        let message = "there is no module (`.ts`, `.tsx`, `.mts` or `.cts`)";
        return Err(Failure::user(message).at(folder).into());
    }
    Ok(names)
}

/// `a/b.tsx` → `a/b.js`; none for declarations and for what is not TypeScript.
fn output_name(name: &str) -> Option<String> {
    let (stem, end) = name.rsplit_once('.')?;
    let end = match end {
        "ts" | "tsx" => "js",
        "mts" => "mjs",
        "cts" => "cjs",
        _ => return None,
    };
    let is_declaration = stem.ends_with(".d") || (end == "js" && stem.contains(".d."));
    (!is_declaration).then(|| format!("{stem}.{end}"))
}

fn module(folder: &Path, entry: &str, config: &Config) -> Result {
    let Some(name) = output_name(entry) else {
        let message =
            format!("at `entries`: `{entry}` is not a module (`.ts`, `.tsx`, `.mts` or `.cts`)");
        return Err(Failure::config(message).into());
    };
    let path = folder.join(entry);
    let text = files::read_text(&path)?;
    let file_name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let Module { mut code, map } = compile(&path, &text, &file_name(entry), config)?;
    if let Some(map) = map {
        let map_name = format!("{name}.map");
        code.push_str("//# sourceMappingURL=");
        code.push_str(&file_name(&map_name));
        code.push('\n');
        files::write(out().join(map_name), map)?;
    }
    files::write(out().join(name), code)
}

#[cfg(test)]
mod tests;

//! A bill of materials in CycloneDX 1.5, from `Cargo.lock` and `package-lock.json`.
//!
//! It has no time and no serial number: the same locks make the same bytes.

mod bom;
mod cargo;
mod npm;

use std::path::Path;

use cofferdam_plugin::{Failure, Request, Result, files, json, out, src};

use bom::Bom;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The lock files, by their names `Cargo.lock` and `package-lock.json`, in any folder of the project;
    /// those at its root when left out.
    locks: Option<Vec<String>>,
    /// What the bill is for; else what the first lock says.
    name: Option<String>,
    version: Option<String>,
    #[serde(default = "file_name")]
    output: String,
}

fn file_name() -> String {
    "bom.cdx.json".to_owned()
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    let config = request.config;
    let locks = match config.locks {
        Some(locks) => locks,
        None => ["Cargo.lock", "package-lock.json"]
            .map(str::to_owned)
            .into_iter()
            .filter(|lock| src().join(lock).exists())
            .collect(),
    };
    if locks.is_empty() {
        let message = "there is no `Cargo.lock` and no `package-lock.json` at the project's root: name others with `locks`";
        return Err(Failure::config(message).into());
    }
    let mut bom = Bom::default();
    for lock in &locks {
        let path = src().join(lock);
        let text = files::read_text(&path)?;
        match Path::new(lock).file_name().and_then(|name| name.to_str()) {
            Some("Cargo.lock") => cargo::read(&path, &text, &mut bom)?,
            Some("package-lock.json") => npm::read(&path, &text, &mut bom)?,
            _ => {
                let message = format!(
                    "at `locks`: `{lock}` is neither a `Cargo.lock` nor a `package-lock.json`"
                );
                return Err(Failure::config(message).into());
            }
        }
    }
    let bom = bom.into_json(config.name, config.version);
    files::write(out().join(&config.output), json(&bom))
}

#[cfg(test)]
mod tests;

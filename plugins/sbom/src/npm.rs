//! `package-lock.json`, versions 2 and 3.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cofferdam_plugin::{Failure, Result};

use crate::bom::{Bom, Component, Scope, purl};

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    lockfile_version: u32,
    #[serde(default)]
    name: Option<String>,
    /// By folder: `""` is the project, `node_modules/a/node_modules/b` a package.
    #[serde(default)]
    packages: BTreeMap<String, Package>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    /// Where the folder does not say it: for aliases and packages of the project itself.
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    /// `resolved` is then another folder of the lock.
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dev_optional: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, String>,
    #[serde(default)]
    peer_dependencies: BTreeMap<String, String>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, String>,
}

pub(crate) fn read(path: &Path, text: &str, bom: &mut Bom) -> Result {
    let lock: Lock = serde_json::from_str(text).map_err(|error| {
        Failure::user(format!("is not a package-lock.json: {error}")).at_position(
            path,
            error.line(),
            error.column(),
        )
    })?;
    if !matches!(lock.lockfile_version, 2 | 3) {
        let message = format!(
            "has version {}: only 2 and 3 say enough; let npm 7 or later write it anew",
            lock.lockfile_version
        );
        return Err(Failure::user(message).at(path).into());
    }
    let mut references = BTreeMap::new();
    for (folder, package) in &lock.packages {
        if !folder.is_empty() && !package.link {
            references.insert(folder.as_str(), bom.add("npm", component(folder, package)));
        }
    }
    for (folder, package) in &lock.packages {
        let on = package.names().filter_map(|name| {
            let found = resolve(&lock.packages, folder, name)?;
            references.get(found).cloned()
        });
        let on: BTreeSet<String> = on.collect();
        match references.get(folder.as_str()) {
            Some(reference) => bom.depend(reference, on),
            None if folder.is_empty() => {
                bom.root(on);
                let name = package.name.as_ref().or(lock.name.as_ref());
                if let Some(name) = name {
                    bom.name(name, package.version.as_deref());
                }
            }
            None => {}
        }
        // A workspace of the project is part of the whole.
        if !folder.is_empty() && !folder.contains("node_modules/") {
            bom.root(references.get(folder.as_str()).cloned());
        }
    }
    Ok(())
}

impl Package {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.dependencies
            .keys()
            .chain(self.optional_dependencies.keys())
            .chain(self.peer_dependencies.keys())
            .chain(self.dev_dependencies.keys())
            .map(String::as_str)
    }
}

fn component(folder: &str, package: &Package) -> Component {
    let is_own = !folder.contains("node_modules/");
    let end = if is_own { "/" } else { "node_modules/" };
    let by_folder = folder.rsplit_once(end).map_or(folder, |(_, name)| name);
    let whole_name = package.name.as_deref().unwrap_or(by_folder);
    let (group, name) = match whole_name.split_once('/') {
        Some((group, name)) if group.starts_with('@') => (Some(group), name),
        _ => (None, whole_name),
    };
    let version = package.version.clone().unwrap_or_default();
    Component {
        name: name.to_owned(),
        group: group.map(str::to_owned),
        purl: (!is_own).then(|| purl("npm", group, name, &version, None)),
        version,
        scope: match package {
            Package { dev: true, .. } => Scope::Excluded,
            Package { optional: true, .. }
            | Package {
                dev_optional: true, ..
            } => Scope::Optional,
            _ => Scope::Required,
        },
        hashes: package.integrity.as_deref().map_or(Vec::new(), hashes),
        source: package
            .resolved
            .clone()
            .filter(|source| source.contains("://")),
    }
}

/// Node's rule: the nearest `node_modules` on the way up. Links lead to the folder they name.
fn resolve<'a>(packages: &'a BTreeMap<String, Package>, from: &str, name: &str) -> Option<&'a str> {
    let mut folder = Some(from);
    while let Some(at) = folder {
        let wanted = match at {
            "" => format!("node_modules/{name}"),
            at => format!("{at}/node_modules/{name}"),
        };
        if let Some((found, package)) = packages.get_key_value(&wanted) {
            return match &package.resolved {
                Some(target) if package.link => {
                    packages.get_key_value(target).map(|(key, _)| key.as_str())
                }
                _ => Some(found),
            };
        }
        folder = match at.rsplit_once('/') {
            Some((parent, _)) => Some(parent),
            None if at.is_empty() => None,
            None => Some(""),
        };
    }
    None
}

/// `sha512-BASE64 sha1-BASE64`, by the names of CycloneDX.
fn hashes(integrity: &str) -> Vec<(&'static str, String)> {
    let hashes = integrity.split_whitespace().filter_map(|hash| {
        let (algorithm, bytes) = hash.split_once('-')?;
        let (algorithm, size) = match algorithm {
            "sha1" => ("SHA-1", 20),
            "sha256" => ("SHA-256", 32),
            "sha384" => ("SHA-384", 48),
            "sha512" => ("SHA-512", 64),
            _ => return None,
        };
        let bytes = STANDARD.decode(bytes).ok()?;
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        (bytes.len() == size).then_some((algorithm, hex))
    });
    hashes.collect()
}

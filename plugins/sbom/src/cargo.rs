//! `Cargo.lock`, versions 1 to 4.

use std::path::Path;

use cofferdam_plugin::{Failure, Result};

use crate::bom::{Bom, Component, Scope, purl};

#[derive(serde::Deserialize)]
struct Lock {
    #[serde(default, rename = "package")]
    packages: Vec<Package>,
}

#[derive(serde::Deserialize)]
struct Package {
    name: String,
    version: String,
    /// None for packages of the project itself.
    source: Option<String>,
    /// SHA-256 of what was downloaded.
    checksum: Option<String>,
    /// `NAME`, `NAME VERSION` where there are several, or `NAME VERSION (SOURCE)`.
    #[serde(default)]
    dependencies: Vec<String>,
}

pub(crate) fn read(path: &Path, text: &str, bom: &mut Bom) -> Result {
    let lock: Lock = toml::from_str(text).map_err(|error| {
        let before = &text[..error.span().map_or(0, |span| span.start)];
        let line = 1 + before.matches('\n').count();
        let column = 1 + before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count());
        Failure::user(format!("is not a Cargo.lock: {}", error.message()))
            .at_position(path, line, column)
    })?;
    let references: Vec<String> = lock
        .packages
        .iter()
        .map(|package| bom.add("cargo", component(package)))
        .collect();
    for (package, reference) in lock.packages.iter().zip(&references) {
        let mut on = Vec::new();
        for dependency in &package.dependencies {
            let index = find(&lock.packages, dependency).ok_or_else(|| {
                let message = format!(
                    "`{}` depends on `{dependency}`, which the file does not have: let cargo write it anew",
                    package.name
                );
                Failure::user(message).at(path)
            })?;
            on.push(references[index].clone());
        }
        bom.depend(reference, on);
        if package.source.is_none() {
            bom.root([reference.clone()]);
        }
    }
    let mut own = lock
        .packages
        .iter()
        .filter(|package| package.source.is_none());
    if let (Some(only), None) = (own.next(), own.next()) {
        bom.name(&only.name, Some(&only.version));
    }
    Ok(())
}

fn component(package: &Package) -> Component {
    let Package { name, version, .. } = package;
    let purl = package.source.as_deref().map(|source| {
        let qualifier = match source.split_once('+') {
            Some(("git", _)) => Some(("vcs_url", source.replace('#', "@"))),
            // The one that every client takes for granted.
            Some((_, registry)) if !registry.ends_with("/crates.io-index") => {
                Some(("repository_url", registry.to_owned()))
            }
            _ => None,
        };
        let qualifier = qualifier
            .as_ref()
            .map(|(key, value)| (*key, value.as_str()));
        purl("cargo", None, name, version, qualifier)
    });
    let checksum = package.checksum.iter();
    Component {
        name: name.clone(),
        group: None,
        version: version.clone(),
        purl,
        scope: Scope::Required,
        hashes: checksum
            .map(|checksum| ("SHA-256", checksum.clone()))
            .collect(),
        source: None,
    }
}

fn find(packages: &[Package], dependency: &str) -> Option<usize> {
    let mut parts = dependency.splitn(3, ' ');
    let (name, version, source) = (parts.next()?, parts.next(), parts.next());
    let source = source.map(|source| source.trim_matches(['(', ')']));
    packages.iter().position(|package| {
        package.name == name
            && version.is_none_or(|version| package.version == version)
            && source.is_none_or(|source| without_commit(package.source.as_deref()) == Some(source))
    })
}

/// A dependency names a git source without the commit.
fn without_commit(source: Option<&str>) -> Option<&str> {
    source.map(|source| source.split_once('#').map_or(source, |(source, _)| source))
}

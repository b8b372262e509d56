//! The bill: components by reference, and which depends on which.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// What stays as it is in a part of a package URL.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const ROOT: &str = "root";

#[derive(Default)]
pub(crate) struct Bom {
    /// By reference.
    components: BTreeMap<String, Component>,
    depends: BTreeMap<String, BTreeSet<String>>,
    /// The references on which the whole depends.
    roots: BTreeSet<String>,
    /// What the locks say of the whole: name and version.
    whole: Option<(String, Option<String>)>,
}

/// One package. Where a lock names it twice, the wider scope holds.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) name: String,
    /// Of a package that has a scope, such as `@types`.
    pub(crate) group: Option<String>,
    pub(crate) version: String,
    /// None for packages of the project itself.
    pub(crate) purl: Option<String>,
    pub(crate) scope: Scope,
    /// Algorithm, as CycloneDX names it, and hexadecimal digits.
    pub(crate) hashes: Vec<(&'static str, String)>,
    /// Where it was downloaded from.
    pub(crate) source: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Scope {
    Required,
    Optional,
    /// For tests and tools: not part of what is delivered.
    Excluded,
}

impl Bom {
    /// Its reference.
    pub(crate) fn add(&mut self, ecosystem: &str, component: Component) -> String {
        let reference = component.purl.clone().unwrap_or_else(|| {
            let Component { name, version, .. } = &component;
            format!("{ecosystem}:{name}@{version}")
        });
        let scope = component.scope;
        let known = self
            .components
            .entry(reference.clone())
            .or_insert(component);
        known.scope = known.scope.min(scope);
        self.depends.entry(reference.clone()).or_default();
        reference
    }

    pub(crate) fn depend(&mut self, from: &str, on: impl IntoIterator<Item = String>) {
        self.depends.entry(from.to_owned()).or_default().extend(on);
    }

    pub(crate) fn root(&mut self, on: impl IntoIterator<Item = String>) {
        self.roots.extend(on);
    }

    /// The first lock's word counts.
    pub(crate) fn name(&mut self, name: &str, version: Option<&str>) {
        self.whole
            .get_or_insert_with(|| (name.to_owned(), version.map(str::to_owned)));
    }

    pub(crate) fn into_json(self, name: Option<String>, version: Option<String>) -> Value {
        let (found_name, found_version) =
            self.whole.unwrap_or_else(|| ("project".to_owned(), None));
        let mut whole = json!({
            "bom-ref": ROOT,
            "type": "application",
            "name": name.unwrap_or(found_name),
        });
        if let Some(version) = version.or(found_version) {
            whole["version"] = json!(version);
        }
        let plugin = json!({
            "type": "application",
            "name": concat!("cofferdam ", env!("CARGO_PKG_NAME")),
            "version": env!("CARGO_PKG_VERSION"),
        });
        let mut dependencies = vec![json!({ "ref": ROOT, "dependsOn": self.roots })];
        for (reference, on) in &self.depends {
            dependencies.push(json!({ "ref": reference, "dependsOn": on }));
        }
        let components = self.components.iter();
        let components: Vec<Value> = components
            .map(|(reference, component)| component.to_json(reference))
            .collect();
        json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": { "component": whole, "tools": { "components": [plugin] } },
            "components": components,
            "dependencies": dependencies,
        })
    }
}

impl Component {
    fn to_json(&self, reference: &str) -> Value {
        let mut value = json!({
            "bom-ref": reference,
            "type": "library",
            "name": self.name,
            "version": self.version,
            "scope": match self.scope {
                Scope::Required => "required",
                Scope::Optional => "optional",
                Scope::Excluded => "excluded",
            },
        });
        if let Some(group) = &self.group {
            value["group"] = json!(group);
        }
        if let Some(purl) = &self.purl {
            value["purl"] = json!(purl);
        }
        if !self.hashes.is_empty() {
            let hashes = self.hashes.iter();
            value["hashes"] = hashes
                .map(|(algorithm, content)| json!({ "alg": algorithm, "content": content }))
                .collect();
        }
        if let Some(source) = &self.source {
            value["externalReferences"] = json!([{ "type": "distribution", "url": source }]);
        }
        value
    }
}

/// `pkg:TYPE/GROUP/NAME@VERSION?KEY=VALUE`.
pub(crate) fn purl(
    ecosystem: &str,
    group: Option<&str>,
    name: &str,
    version: &str,
    qualifier: Option<(&str, &str)>,
) -> String {
    let encode = |part: &str| utf8_percent_encode(part, PLAIN).to_string();
    let group = group.map_or(String::new(), |group| encode(group) + "/");
    let qualifier = qualifier.map_or(String::new(), |(key, value)| {
        format!("?{key}={}", encode(value))
    });
    let (name, version) = (encode(name), encode(version));
    format!("pkg:{ecosystem}/{group}{name}@{version}{qualifier}")
}

//! A project as written: checked, nothing resolved, every value with its place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Position;

use super::glob::{Hidden, Patterns, Sight};
use super::grants::{Capability, Grants};
use super::json::ConfigSpec;
use super::source::{At, Place, Source};
use super::template::Template;

/// One project file. Lists are in the order of writing.
#[derive(Clone, Debug)]
pub struct ProjectSpec {
    pub source: Source,
    pub name: At<String>,
    pub plugins: Vec<ComponentSpec>,
    pub tools: Vec<ComponentSpec>,
    pub actions: Vec<ActionSpec>,
    pub deploys: Vec<DeploySpec>,
}

/// An entry of `[plugins]` or `[tools]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ComponentSpec {
    pub name: At<String>,
    pub source: At<ComponentSource>,
}

/// Where a component comes from. `Display` writes it as the project file does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ComponentSource {
    /// `builtin:markdown`
    Builtin(String),
    /// `path:tools/lint.wasm`, absolute or from the project's folder.
    Path(String),
}

impl std::fmt::Display for ComponentSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ComponentSource::Builtin(name) => write!(f, "builtin:{name}"),
            ComponentSource::Path(path) => write!(f, "path:{path}"),
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct ActionSpec {
    pub name: At<String>,
    pub kind: ActionKind,
    /// Omitted means everything that is not hidden.
    pub reads: Option<PatternsSpec>,
    pub needs: Vec<NeedSpec>,
    /// The action from whose working tree `/build` starts.
    pub base: Option<At<String>>,
    pub config: ConfigSpec,
    pub for_each: Option<PatternsSpec>,
    /// A folder of the project, as a canonical path.
    pub writes: Option<At<String>>,
    /// Canonical paths below `/out`.
    pub outputs: Vec<At<String>>,
    pub environment: BTreeMap<String, At<VariableSpec>>,
    pub grants: Grants,
    /// Where `grants` stands, else the action.
    pub grants_place: Place,
    pub timeout: Option<Duration>,
    /// Bytes.
    pub memory: Option<u64>,
    pub cache_failures: bool,
    pub salt: String,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ActionKind {
    /// A plugin by name.
    Plugin(At<String>),
    Run {
        /// A tool by name; also the program's first argument.
        tool: At<String>,
        /// What follows it.
        arguments: Vec<At<Template>>,
    },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NeedSpec {
    pub action: At<String>,
    /// The folder below `/in`.
    pub name: String,
}

/// Patterns, and where each of them and their list was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternsSpec {
    pub patterns: Arc<Patterns>,
    pub places: Vec<Place>,
    pub place: Place,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VariableSpec {
    Literal(String),
    /// The host's variable of this name; unset where the host has none.
    Host(String),
}

#[derive(Clone, PartialEq, Debug)]
pub struct DeploySpec {
    pub name: At<String>,
    pub plugin: At<String>,
    /// The action whose output is deployed.
    pub from: At<String>,
    pub config: ConfigSpec,
    pub grants: Grants,
    pub grants_place: Place,
    pub timeout: Option<Duration>,
    /// Bytes.
    pub memory: Option<u64>,
}

impl ProjectSpec {
    pub fn position(&self, place: Place) -> Position {
        self.source.position(place)
    }

    pub fn action(&self, name: &str) -> Option<&ActionSpec> {
        self.actions
            .iter()
            .find(|action| *action.name.value == *name)
    }

    pub fn deploy(&self, name: &str) -> Option<&DeploySpec> {
        self.deploys
            .iter()
            .find(|deploy| *deploy.name.value == *name)
    }

    /// What no action is shown: written folders and the targets of deployments.
    pub fn hidden(&self) -> Hidden {
        let written = self
            .actions
            .iter()
            .filter_map(|action| action.writes.as_ref());
        let targets = self.deploys.iter().flat_map(DeploySpec::folders);
        Hidden::new(written.map(|folder| folder.as_str()).chain(targets))
    }
}

impl ActionSpec {
    /// What of the project it is shown; `hidden` is the project's.
    pub fn sight(&self, hidden: Arc<Hidden>) -> Sight {
        let reads = self.reads.as_ref().map(|reads| reads.patterns.clone());
        Sight::new(reads, hidden)
    }
}

impl DeploySpec {
    /// Folders of the project that it may change.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let folders = self.grants.scope(Capability::Write);
        folders.filter(|folder| !folder.starts_with('/'))
    }
}

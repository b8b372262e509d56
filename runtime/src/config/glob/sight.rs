//! What of the project one action is shown.

use std::sync::Arc;

use super::{Patterns, ancestors};

/// What no action is shown, whatever its `reads` says.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Hidden {
    /// Written outputs and the targets of deployments, in byte order.
    folders: Box<[Box<str>]>,
}

impl Hidden {
    /// Besides `.git` at any depth: these folders, given as canonical paths.
    pub fn new<T: Into<Box<str>>>(folders: impl IntoIterator<Item = T>) -> Hidden {
        let mut folders: Vec<Box<str>> = folders.into_iter().map(Into::into).collect();
        folders.sort_unstable();
        folders.dedup();
        Hidden {
            folders: folders.into(),
        }
    }

    /// In byte order, without `.git`.
    pub fn folders(&self) -> &[Box<str>] {
        &self.folders
    }

    pub fn hides(&self, path: &str) -> bool {
        has_dot_name(path) && path.split('/').any(|name| name == ".git")
            || !self.folders.is_empty() && ancestors(path).any(|path| self.has(path))
    }

    fn has(&self, path: &str) -> bool {
        let found = self.folders.binary_search_by(|folder| (**folder).cmp(path));
        found.is_ok()
    }
}

/// Patterns and what is hidden from them. Paths are canonical: names joined by `/`, `""` the project's folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sight {
    hidden: Arc<Hidden>,
    /// All of them must show a path: an action's own, and those of the planner that made it.
    layers: Vec<Arc<Patterns>>,
    /// Files for secrets, `.env*` at any depth, are shown only to who names what it reads.
    secrets: bool,
}

impl Sight {
    /// With `reads` omitted, or only taking out: everything but what is hidden and `.env*`.
    pub fn new(reads: Option<Arc<Patterns>>, hidden: Arc<Hidden>) -> Sight {
        Sight {
            hidden,
            secrets: reads.as_ref().is_some_and(|reads| !reads.only_takes_out()),
            layers: reads.into_iter().collect(),
        }
    }

    /// What patterns show of this sight: never more. For an action that a planner made.
    #[must_use]
    pub fn narrowed(&self, reads: Arc<Patterns>) -> Sight {
        let mut narrowed = self.clone();
        narrowed.layers.push(reads);
        narrowed
    }

    /// Whether a file, a link or anything else that is not a folder is shown.
    pub fn shows_file(&self, path: &str) -> bool {
        self.layers.iter().all(|layer| layer.shows_file(path)) && self.allows(path)
    }

    pub fn shows_directory(&self, path: &str) -> bool {
        self.layers.iter().all(|layer| layer.shows_directory(path)) && self.allows(path)
    }

    /// The patterns as written, layer by layer: for the static key.
    pub fn written(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        let layers = self.layers.iter();
        layers.map(|layer| layer.patterns().iter().map(super::Pattern::text))
    }

    fn allows(&self, path: &str) -> bool {
        let secret = |path: &str| path.split('/').any(|name| name.starts_with(".env"));
        (self.secrets || !has_dot_name(path) || !secret(path)) && !self.hidden.hides(path)
    }
}

/// Few paths have a name that begins with a dot: the others need no second look.
fn has_dot_name(path: &str) -> bool {
    let mut start = true;
    path.bytes().any(|byte| {
        let found = start && byte == b'.';
        start = byte == b'/';
        found
    })
}

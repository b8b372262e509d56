//! What planners return, made in the order it is read.

use serde::Serialize;

use crate::{ActionSpec, NeedSource, PlannedNeed, json};

impl ActionSpec {
    /// An action of the planner's own component (of a suite), with a name that is unique in the plan,
    /// stable, and without `:`.
    pub fn new(name: impl Into<String>) -> ActionSpec {
        ActionSpec {
            name: name.into(),
            plugin: None,
            config: "{}".to_owned(),
            reads: Vec::new(),
            needs: Vec::new(),
            exported: false,
        }
    }

    /// Run by another plugin of the project.
    #[must_use]
    pub fn plugin(mut self, name: impl Into<String>) -> ActionSpec {
        self.plugin = Some(name.into());
        self
    }

    #[must_use]
    pub fn config(mut self, config: &impl Serialize) -> ActionSpec {
        self.config = json(config);
        self
    }

    /// Adds a pattern of files below `/src` that it may see.
    #[must_use]
    pub fn reads(mut self, pattern: impl Into<String>) -> ActionSpec {
        self.reads.push(pattern.into());
        self
    }

    /// Adds one file below `/src`, whatever characters are in its name.
    #[must_use]
    pub fn reads_file(self, path: &str) -> ActionSpec {
        self.reads(escape(path))
    }

    /// Mounts the output of another action of this plan at `/in/NAME`.
    #[must_use]
    pub fn needs(self, name: impl Into<String>, action: impl Into<String>) -> ActionSpec {
        self.need(name, NeedSource::Planned(action.into()))
    }

    /// Mounts one of the planner's own needs at `/in/NAME`.
    #[must_use]
    pub fn inherits(self, name: impl Into<String>, need: impl Into<String>) -> ActionSpec {
        self.need(name, NeedSource::Inherited(need.into()))
    }

    /// Its output is part of the planner's own.
    #[must_use]
    pub fn exported(mut self) -> ActionSpec {
        self.exported = true;
        self
    }

    fn need(mut self, name: impl Into<String>, source: NeedSource) -> ActionSpec {
        let name = name.into();
        self.needs.push(PlannedNeed { name, source });
        self
    }
}

/// A path as a part of a pattern, with nothing in it that patterns give a meaning to:
/// `format!("{}/**", escape(folder))` is for all that is in the folder.
pub fn escape(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for (index, character) in path.char_indices() {
        let special = matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\');
        // `!` takes out where a pattern begins with it, and means itself elsewhere.
        if special || (index == 0 && character == '!') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

//! An action, resolved: everything that can matter to what it does but the content of its inputs.

use std::sync::Arc;

use cofferdam_cache::{Digest, Key};

use crate::config::{Grants, Sight};
use crate::error::Position;
use crate::sandbox::{Limits, Program};

/// The number of an action in its plan.
pub type ActionId = u32;

/// What of its component an action calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Canonical JSON.
    Run {
        config: String,
    },
    /// Canonical JSON.
    Plan {
        config: String,
    },
    Command {
        arguments: Vec<String>,
    },
    /// Nothing: its output is what the actions that `for_each` made of it leave.
    Gather,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// Its folder below `/in`.
    pub name: Box<str>,
    pub of: NeedOf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NeedOf {
    Action(ActionId),
    /// An action that takes no part in the run: as in the last one's record, where it has this number.
    Recorded {
        number: usize,
        output: Digest,
    },
}

#[derive(Clone)]
pub struct Action {
    pub name: Arc<str>,
    /// Where the project file asks for it; of a planned action, where its planner is.
    pub position: Option<Position>,
    pub program: Arc<Program>,
    pub verb: Verb,
    pub sight: Arc<Sight>,
    /// In the order the action lists them.
    pub needs: Vec<Need>,
    /// Start from this action's working tree.
    pub base: Option<ActionId>,
    /// All of its environment, in order of the names.
    pub environment: Vec<(String, String)>,
    /// Requested by the plugin and allowed by the project.
    pub grants: Grants,
    pub limits: Limits,
    /// Keep what it writes to `/build`: some other action starts from it.
    pub layered: bool,
    /// Paths below `/out` that it must leave.
    pub outputs: Vec<String>,
    pub cache_failures: bool,
    pub salt: String,
    /// Write its output here, below the project's folder.
    pub writes: Option<Box<str>>,
    /// The planner that asked for it, and whether its output is part of the planner's.
    pub planner: Option<(ActionId, bool)>,
    pub key: Key,
    /// The number of its record in the last run's, where that was known without a search.
    pub recorded: Option<usize>,
}

impl Action {
    /// The actions that must be done before it.
    pub fn inputs(&self) -> impl Iterator<Item = ActionId> + '_ {
        let needs = self.needs.iter().filter_map(|need| match need.of {
            NeedOf::Action(id) => Some(id),
            NeedOf::Recorded { .. } => None,
        });
        needs.chain(self.base)
    }

    /// Whether other actions come of it, whose outputs are its own.
    pub fn is_planner(&self) -> bool {
        matches!(self.verb, Verb::Plan { .. } | Verb::Gather)
    }
}

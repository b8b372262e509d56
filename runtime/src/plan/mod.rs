//! From the project file to actions.

mod action;
mod build;
mod expand;
mod key;
mod matching;
mod programs;

pub use action::{Action, ActionId, Verb};
pub use build::{DeployPlan, Plan, read_spec, variable_value};
pub use key::Parts;
pub use programs::{Builtin, Programs};

//! From the project file to actions.

mod action;
mod build;
mod expand;
mod key;
mod lock;
mod matching;
mod programs;

pub use action::{Action, ActionId, Verb};
pub use build::{DeployPlan, Plan, read_spec, variable_value};
pub use key::Parts;
pub use lock::{comparison, of_project, put_lock, replace, requested};
pub use programs::Programs;

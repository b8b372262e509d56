//! From the project file to actions.

mod action;
mod build;
mod deploy;
mod expand;
mod key;
mod lock;
mod matching;
mod programs;
mod resolve;

pub use action::{Action, ActionId, NeedOf, Verb};
pub use build::{Plan, read_checked, read_spec};
pub use deploy::DeployPlan;
pub use expand::Recorded;
pub use key::Parts;
pub use lock::{comparison, of_project, put_lock, replace, requested};
pub use programs::Programs;
pub use resolve::variable_value;

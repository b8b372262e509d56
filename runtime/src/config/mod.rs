//! The project file: `cofferdam.toml` as text → [`ProjectSpec`], every value with its position.
//! Reads and writes no files: the caller hands texts in.

mod across;
mod action;
mod components;
mod deploy;
mod glob;
mod grants;
mod json;
pub mod keys;
mod lock;
mod parse;
mod reference;
mod schema;
mod source;
mod spec;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod words;

pub use components::{Builtins, check};
pub use glob::{Hidden, Pattern, PatternError, Patterns, Sight, escape};
pub use grants::{Capability, Grants, Missing, Requested, denied};
pub use json::{ConfigSpec, canonical};
pub use lock::{Change, Comparison, Difference, Found, Group, Lock, LockEntry, compare};
pub use parse::parse;
pub use reference::reference;
pub use schema::schema;
pub use source::{At, LIMIT, Place, Source};
pub use spec::{
    ActionKind, ActionSpec, ComponentSource, ComponentSpec, DeploySpec, NeedSpec, PatternsSpec,
    ProjectSpec, VariableSpec,
};
pub use template::{Matched, Piece, Template};
pub use words::{suggest, toml_key, toml_string};

/// The project file's name.
pub const FILE: &str = "cofferdam.toml";

/// The lock's name; it lies beside the project file.
pub const LOCK: &str = "cofferdam.lock";

//! Write Cofferdam plugins in Rust.
//!
//! A plugin is a WebAssembly component that sees a handful of folders and nothing else:
//!
//! | folder | what it is | here |
//! |---|---|---|
//! | `/src` | the project, as far as the action's `reads` show it | [`src`] |
//! | `/in/NAME` | the output of something the action needs | [`input`] |
//! | `/out` | what the action leaves behind | [`out`] |
//! | `/build` | a working tree over `/src` or another action's | [`build`] |
//! | `/tmp` | thrown away afterwards | [`tmp`] |
//!
//! ```
//! use cofferdam_plugin::{Request, Result, files, out, src};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     greeting: String,
//! }
//!
//! fn run(request: Request<Config>) -> Result {
//!     for file in files::list(src())? {
//!         let text = format!("{} {file}\n", request.config.greeting);
//!         files::write(out().join(&file), text)?;
//!     }
//!     Ok(())
//! }
//!
//! cofferdam_plugin::action!(run);
//! # fn main() {}
//! ```
//!
//! `std::fs` works on these folders as anywhere; [`files`] adds errors that name the file, and copies that
//! cost nothing. Tests run the same functions natively in a [`Harness`].

#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod export;
mod failure;
pub mod files;
#[cfg(not(target_family = "wasm"))]
mod harness;
pub mod log;
mod paths;
mod plan;
mod request;

pub use bindings::shared::cofferdam::plugin::types::{
    ActionSpec, Capability, Change, Failure, FailureKind, Instance, Location, NeedSource,
    Operation, PlannedNeed,
};
pub use failure::{At, Failures, Result};
#[cfg(not(target_family = "wasm"))]
pub use harness::Harness;
pub use log::progress;
pub use paths::{build, guest_path, input, out, real_path, src, tmp};
pub use plan::escape;
pub use request::{Deployment, NoConfig, Request, Rollback, json};

#[cfg(test)]
mod tests;

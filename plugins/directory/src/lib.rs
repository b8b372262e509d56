//! Deploys to a folder.
//!
//! ```text
//! releases/<revision>/   one folder for each revision that is kept
//! current                a link to one of them, switched by a rename
//! history.json           the revisions that were current, oldest first
//! ```
//!
//! Every instance is prepared and checked before the first is switched. A deployment that is interrupted
//! leaves `current` as it was, and `.unfinished` names that the next one removes.

mod deploy;
mod health;
mod instance;
mod rollback;

use std::num::NonZeroUsize;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The folder to deploy to. The host mounts it; it needs the grant `write`.
    #[allow(
        dead_code,
        reason = "part of the config for the host, which turns it into the instance's root"
    )]
    path: Option<String>,
    /// How many releases stay, the current one included.
    #[serde(default = "three")]
    keep: NonZeroUsize,
    /// What must be true of a release before it becomes the current one.
    #[serde(default)]
    health: Vec<health::Check>,
}

fn three() -> NonZeroUsize {
    const { NonZeroUsize::new(3).unwrap() }
}

cofferdam_plugin::deployer!(deploy::deploy, rollback::rollback, asks = [("write", &[])]);

#[cfg(test)]
mod tests;

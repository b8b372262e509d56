//! What a plugin is asked, with its `config` as a type of its own.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bindings::shared::cofferdam::plugin::types as wit;
use crate::{Failure, Instance};

/// One action.
#[derive(Clone, Debug)]
pub struct Request<C> {
    pub config: C,
    /// The names of the folders below `/in`, in the order the action lists them.
    pub needs: Vec<String>,
}

/// One act of placing the revision below `/in/revision`.
#[derive(Clone, Debug)]
pub struct Deployment<C> {
    pub config: C,
    /// Hexadecimal blake3 of the revision's tree.
    pub revision: String,
    pub instances: Vec<Instance>,
    /// Report the changes, make none.
    pub dry_run: bool,
}

/// One act of going back.
#[derive(Clone, Debug)]
pub struct Rollback<C> {
    pub config: C,
    /// The revision to return to; none means the one before the current.
    pub to: Option<String>,
    pub instances: Vec<Instance>,
    /// Report the changes, make none.
    pub dry_run: bool,
}

/// The config of a plugin that takes none: any key is an error.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// What a plugin's functions take, made from what the host sends.
pub trait FromHost: Sized {
    type Sent;
    type Config: DeserializeOwned + JsonSchema;

    fn from_host(sent: Self::Sent) -> Result<Self, Failure>;
}

impl<C: DeserializeOwned + JsonSchema> FromHost for Request<C> {
    type Sent = wit::Request;
    type Config = C;

    fn from_host(sent: wit::Request) -> Result<Request<C>, Failure> {
        Ok(Request {
            config: parse(&sent.config)?,
            needs: sent.needs,
        })
    }
}

impl<C: DeserializeOwned + JsonSchema> FromHost for Deployment<C> {
    type Sent = wit::Deployment;
    type Config = C;

    fn from_host(sent: wit::Deployment) -> Result<Deployment<C>, Failure> {
        Ok(Deployment {
            config: parse(&sent.config)?,
            revision: sent.revision,
            instances: sent.instances,
            dry_run: sent.dry_run,
        })
    }
}

impl<C: DeserializeOwned + JsonSchema> FromHost for Rollback<C> {
    type Sent = wit::RollbackRequest;
    type Config = C;

    fn from_host(sent: wit::RollbackRequest) -> Result<Rollback<C>, Failure> {
        Ok(Rollback {
            config: parse(&sent.config)?,
            to: sent.to,
            instances: sent.instances,
            dry_run: sent.dry_run,
        })
    }
}

/// JSON with sorted keys of something that has only such keys and values as JSON knows.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .unwrap_or_else(|error| panic!("this value is not JSON: {error}"))
        .to_string()
}

/// From a value, not from text: an error then has no line of a text that nobody wrote.
fn parse<C: DeserializeOwned>(config: &str) -> Result<C, Failure> {
    let value: serde_json::Value = serde_json::from_str(config)
        .map_err(|error| Failure::internal(format!("the host's `config` is not JSON: {error}")))?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        Failure::config(match path.as_str() {
            "." => message,
            path => format!("at `{path}`: {message}"),
        })
    })
}

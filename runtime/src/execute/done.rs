//! How one action ended.

use std::sync::Arc;
use std::time::Duration;

use cofferdam_cache::{Digest, Key};

use crate::error::{Error, ErrorKind};
use crate::execute::reason::Reason;
use crate::observe::{Fault, Observations};
use crate::plan::Action;
use crate::sandbox::PlannedAction;

/// A result with what it rests on.
#[derive(Clone)]
pub struct Done {
    pub output: Digest,
    pub layer: Option<Digest>,
    pub full_key: Key,
    /// `None`: as in the last run's record.
    pub observations: Option<Arc<Observations>>,
    pub planned: Option<Arc<Vec<PlannedAction>>>,
    pub how: How,
    /// What the execution took, now or then.
    pub took: Duration,
}

impl Done {
    /// Of an action that does nothing itself.
    pub fn nothing(key: Key) -> Done {
        Done {
            output: Digest::empty_tree(),
            layer: None,
            full_key: key,
            observations: Some(Arc::default()),
            planned: None,
            how: How::Cached,
            took: Duration::ZERO,
        }
    }
}

#[derive(Clone, Debug)]
pub enum How {
    Cached,
    Executed(Reason),
}

pub enum Ending {
    Done(Done),
    Failed {
        errors: Vec<Error>,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    },
    Cancelled,
}

/// What to do when the host failed a guest.
pub const AFTER_FAULT: &str = "nothing of it is cached: mend the cause and try again";

impl Ending {
    pub fn failed(error: Error) -> Ending {
        Ending::Failed {
            errors: vec![error],
            stdout: Vec::new(),
            stderr: Vec::new(),
        }
    }

    pub fn fault(action: &Action, fault: &Fault) -> Ending {
        Ending::failed(
            Error::new(
                ErrorKind::Environment,
                format!(
                    "action `{}` ended: the host could not serve it",
                    action.name
                ),
            )
            .cause(fault)
            .hint(AFTER_FAULT),
        )
    }
}

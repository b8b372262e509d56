//! What all executions of a run share.

use std::sync::Arc;

use cofferdam_cache::{Digest, Key};

use crate::config::Capability;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::execute::mounts::Mounts;
use crate::plan::{Action, Verb};
use crate::project::{FileTable, Rows};
use crate::record::ActionRecord;
use crate::sandbox::{Call, Cancel, Ended, GuestEvent, Job, Sandbox};
use crate::trees::Trees;

pub struct Environment<'a> {
    pub trees: Arc<Trees>,
    pub table: Arc<FileTable>,
    pub sandbox: &'a Sandbox,
    pub last: Option<&'a Last>,
    pub force: bool,
    pub cancel: &'a Cancel,
    pub events: &'a Events,
}

/// The last run's actions, by name.
pub struct Last {
    /// The store's: under another one something that it names may be gone.
    pub generation: u64,
    pub rows: Rows,
    pub actions: Vec<ActionRecord>,
    by_name: std::collections::HashMap<Box<str>, usize>,
}

impl Last {
    pub fn new(generation: u64, rows: Rows, actions: Vec<ActionRecord>) -> Last {
        let by_name = actions
            .iter()
            .enumerate()
            .map(|(index, action)| (action.name.clone(), index))
            .collect();
        Last {
            generation,
            rows,
            actions,
            by_name,
        }
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

impl Environment<'_> {
    pub fn last(&self, action: &Action) -> Option<(&ActionRecord, &Rows)> {
        let last = self.last?;
        Some((&last.actions[last.find(&action.name)?], &last.rows))
    }

    /// Runs the guest. `variation` is 0 but for `run --check`, which looks whether other random numbers and
    /// another time show in what it leaves.
    pub fn run(&self, action: &Action, mounts: &Mounts, variation: u64) -> Result<Ended, Error> {
        self.sandbox.prepare(&action.program)?;
        let needs = || {
            action
                .needs
                .iter()
                .map(|need| need.name.to_string())
                .collect()
        };
        let call = match &action.verb {
            Verb::Run { config } => Call::Run {
                config: config.clone(),
                needs: needs(),
            },
            Verb::Plan { config } => Call::Plan {
                config: config.clone(),
                needs: needs(),
            },
            Verb::Gather => unreachable!("an action of `for_each` does nothing itself"),
            Verb::Command { arguments } => Call::Command {
                arguments: arguments.clone(),
                stdin: Vec::new(),
            },
        };
        let events = |event| {
            let action = action.name.to_string();
            (self.events)(match event {
                GuestEvent::Log(line) => Event::Log { action, line },
                GuestEvent::Progress {
                    done,
                    total,
                    message,
                } => Event::Progress {
                    action,
                    done,
                    total,
                    message,
                },
            });
        };
        Ok(self.sandbox.execute(
            &action.program,
            Job {
                call,
                layout: mounts.layout(action),
                environment: action.environment.clone(),
                seed: seed(&action.key, variation),
                ahead: variation * 86_400,
                entropy: action.grants.has(Capability::Entropy),
                limits: action.limits,
                cancel: self.cancel,
                events: &events,
            },
        ))
    }

    /// The same inputs gave another output than before: worth a person's attention.
    pub fn differs(
        &self,
        action: &Action,
        key: &Key,
        first: Option<&Digest>,
        now: Option<&Digest>,
    ) {
        let shown =
            |digest: Option<&Digest>| digest.map_or_else(|| "nothing".to_owned(), Digest::short);
        (self.events)(Event::Notice {
            message: format!(
                "action `{}` is not deterministic: for the same inputs ({}) it gave {} before and {} now; the {} is kept",
                action.name,
                key.short(),
                shown(first),
                shown(now),
                if self.force { "last" } else { "first" },
            ),
        });
    }
}

fn seed(key: &Key, variation: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(b"seed");
    hasher.update(&variation.to_le_bytes());
    *hasher.finalize().as_bytes()
}

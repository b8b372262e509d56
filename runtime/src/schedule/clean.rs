//! What the last run's record proves without a look at the store.

use std::time::Duration;

use cofferdam_cache::Digest;

use crate::execute::{Done, How, Inputs, Last};
use crate::plan::Action;
use crate::project::Swept;
use crate::record::{PathRef, SOURCE};

/// Empty when nothing can be proved: no record, another generation of the store, `--force`.
#[derive(Default)]
pub struct Clean<'a> {
    known: Option<(&'a Last, Vec<bool>)>,
}

impl<'a> Clean<'a> {
    /// `swept` says which rows of the record still hold.
    pub fn new(last: &'a Last, swept: &Swept) -> Clean<'a> {
        let touched = last.actions.iter().map(|action| {
            action.facts.iter().any(|fact| match &fact.path {
                PathRef::Row(row) => !swept.holds(*row as usize),
                PathRef::Text(path) => {
                    // What is seen through a base may be a file of the project.
                    fact.mount != SOURCE
                        && action.base.is_some()
                        && usize::from(fact.mount) > action.needs.len()
                        && last.rows.find(path).is_none_or(|row| !swept.holds(row))
                }
            })
        });
        let touched = touched.collect();
        Clean {
            known: Some((last, touched)),
        }
    }

    /// The action's end if it is the one of the record, its inputs are the record's, and nothing that it
    /// observed of the project has changed.
    ///
    /// `ground` is the action whose sight of the project lies below the layers of its bases, if it has any.
    pub fn unchanged(&self, action: &Action, ground: &Action, inputs: &Inputs) -> Option<Done> {
        let (last, touched) = self.known.as_ref()?;
        let index = last.find(&action.name)?;
        let record = &last.actions[index];
        if record.key != action.key || touched[index] {
            return None;
        }
        let same_needs = record.needs.len() == inputs.needs.len()
            && record
                .needs
                .iter()
                .zip(&inputs.needs)
                .all(|((_, id), now)| last.actions[*id as usize].output == *now);
        let mut layers = Vec::new();
        let mut lowest = record;
        while let Some(id) = lowest.base {
            lowest = &last.actions[id as usize];
            layers.push(lowest.layer.unwrap_or_else(Digest::empty_tree));
        }
        (same_needs && layers == inputs.layers && lowest.key == ground.key).then(|| Done {
            output: record.output,
            layer: record.layer,
            full_key: record.full_key,
            observations: None,
            planned: None,
            how: How::Cached,
            took: Duration::from_micros(record.microseconds),
        })
    }
}

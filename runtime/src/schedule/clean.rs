//! What the last run's record proves without a look at the store.

use std::time::Duration;

use cofferdam_cache::Digest;

use crate::execute::{Done, How, Inputs, Last};
use crate::observe::Kind;
use crate::plan::Action;
use crate::project::{FileTable, Swept};
use crate::record::{PathIn, SOURCE};

/// Empty when nothing can be proved: no record, another generation of the store, `--force`.
#[derive(Default)]
pub struct Clean<'a> {
    known: Option<Known<'a>>,
}

struct Known<'a> {
    last: &'a Last,
    /// By number: something of the project that the action observed has changed.
    touched: Vec<bool>,
    same_plan: bool,
}

/// Of the actions that an unchanged planner planned, those that have to be looked at again.
pub struct Stirred {
    /// Of the planner, in the record.
    pub planner: usize,
    /// Their numbers in the record.
    pub numbers: Vec<usize>,
    pub rest: Unlisted,
}

/// Actions that are as they were, and of which nothing else needs to be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unlisted {
    pub actions: usize,
    /// What they took when they were executed.
    pub microseconds: u64,
}

impl<'a> Clean<'a> {
    /// `swept` says which rows of the record still hold; `same_plan`, that nothing has changed which the record's
    /// plan rests on.
    pub fn new(last: &'a Last, swept: &Swept, table: &FileTable, same_plan: bool) -> Clean<'a> {
        let still_is = |path: &str, kind: Kind| {
            let identity = table.identity(path);
            identity.is_ok_and(|identity| identity.kind == kind)
        };
        let touched = (0..last.actions.len()).map(|number| {
            let needs = last.actions.needs(number).len();
            last.actions.places(number).any(|fact| match fact.path {
                PathIn::Row(row) => {
                    !swept.holds(row)
                        && !fact
                            .only_kind
                            .is_some_and(|kind| still_is(last.rows().path(row), kind))
                }
                // What is seen through a base may be a file of the project.
                PathIn::Text(path) => {
                    fact.mount != SOURCE
                        && usize::from(fact.mount) > needs
                        && last.rows().find(path).is_none_or(|row| !swept.holds(row))
                }
            })
        });
        let touched = touched.collect();
        Clean {
            known: Some(Known {
                last,
                touched,
                same_plan,
            }),
        }
    }

    /// The action's end if it is the one of the record, its inputs are the record's, and nothing that it
    /// observed of the project has changed.
    ///
    /// `ground` is the action whose sight of the project lies below the layers of its bases, if it has any.
    pub fn unchanged(&self, action: &Action, ground: &Action, inputs: &Inputs) -> Option<Done> {
        let Known { last, touched, .. } = self.known.as_ref()?;
        let number = last.of(action)?;
        let record = last.actions.head(number);
        let same = !touched[number]
            && record.key == action.key
            && same_inputs(last, number, ground, inputs);
        same.then(|| Done {
            output: record.output,
            layer: record.layer,
            full_key: record.full_key,
            observations: None,
            planned: None,
            how: How::Cached,
            took: Duration::from_micros(record.microseconds),
        })
    }

    /// Whether a planner's result is the one of the record, and what its actions inherit too.
    pub fn planned_before(
        &self,
        planner: &Action,
        ground: &Action,
        inputs: &Inputs,
        done: &Done,
    ) -> bool {
        let Some(Known { last, .. }) = &self.known else {
            return false;
        };
        let Some(number) = last.of(planner) else {
            return false;
        };
        matches!(done.how, How::Cached)
            && last.actions.head(number).full_key == done.full_key
            && same_inputs(last, number, ground, inputs)
    }

    /// Of what an unchanged planner planned: what is touched, and what needs that. `None` where the plan may be
    /// another one now.
    pub fn stirred(&self, planner: &Action) -> Option<Stirred> {
        let Known {
            last,
            touched,
            same_plan,
        } = self.known.as_ref()?;
        if !same_plan {
            return None;
        }
        let planner = last.of(planner)?;
        let planned: Vec<usize> = last.planned_by(planner).collect();
        let mut stirred = vec![false; last.actions.len()];
        let mut open: Vec<usize> = planned
            .iter()
            .copied()
            .filter(|number| touched[*number])
            .collect();
        if !open.is_empty() {
            let dependents = Dependents::new(last, &planned);
            while let Some(number) = open.pop() {
                if !std::mem::replace(&mut stirred[number], true) {
                    open.extend(dependents.of(number));
                }
            }
        }
        let mut rest = Unlisted::default();
        for number in &planned {
            if !stirred[*number] {
                rest.actions += 1;
                rest.microseconds += last.actions.entries()[*number].microseconds;
            }
        }
        let numbers = planned.into_iter().filter(|number| stirred[*number]);
        Some(Stirred {
            planner,
            numbers: numbers.collect(),
            rest,
        })
    }
}

fn same_inputs(last: &Last, number: usize, ground: &Action, inputs: &Inputs) -> bool {
    let output = |number: &u32| last.actions.entries()[*number as usize].output;
    let needs = last.actions.needs(number).iter().map(output);
    let mut layers = Vec::new();
    let mut lowest = last.actions.head(number);
    while let Some(number) = lowest.base {
        lowest = last.actions.head(number as usize);
        layers.push(lowest.layer.unwrap_or_else(Digest::empty_tree));
    }
    needs.eq(inputs.needs.iter().copied()) && layers == inputs.layers && lowest.key == ground.key
}

/// Who needs whom, among the actions of one planner.
struct Dependents {
    /// By number: where its dependents begin in `all`; they end where the next one's begin.
    starts: Vec<usize>,
    all: Vec<usize>,
}

impl Dependents {
    fn new(last: &Last, planned: &[usize]) -> Dependents {
        let count = last.actions.len();
        let mut starts = vec![0; count + 1];
        for number in planned {
            for need in last.actions.needs(*number) {
                starts[*need as usize + 1] += 1;
            }
        }
        for number in 0..count {
            starts[number + 1] += starts[number];
        }
        let mut all = vec![0; starts[count]];
        let mut next = starts.clone();
        for number in planned {
            for need in last.actions.needs(*number) {
                let place = &mut next[*need as usize];
                all[*place] = *number;
                *place += 1;
            }
        }
        Dependents { starts, all }
    }

    fn of(&self, number: usize) -> impl Iterator<Item = usize> + '_ {
        self.all[self.starts[number]..self.starts[number + 1]]
            .iter()
            .copied()
    }
}

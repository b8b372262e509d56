//! After a good run: its record, for the next one.

use std::collections::{BTreeMap, HashMap};

use crate::execute::{Environment, Last};
use crate::observe::Fault;
use crate::outputs::Manifest;
use crate::plan::Plan;
use crate::project::{Roles, Row};
use crate::record::{ActionRecord, Basis, FactRecord, PathRef, RunRecord, SOURCE};
use crate::run::open::request;
use crate::run::{RunOptions, Workspace};
use crate::schedule::{End, Report};

/// Writes the record. A record that cannot be written is none: the next run looks everything up.
pub fn remember(
    workspace: &Workspace,
    options: &RunOptions,
    plan: &Plan,
    environment: &Environment,
    report: &Report,
    outputs: Vec<Row>,
    generation: u64,
) {
    let open = workspace.options();
    let Ok((rows, actions)) = collect(plan, environment, report, outputs) else {
        return;
    };
    let file = open.record_file();
    let _ = RunRecord::write(
        &file,
        &Basis {
            request: request(open, options),
            generation,
            hidden: plan.hidden(),
            written: Manifest::digest(&open.manifest_file()),
        },
        &plan.outside(),
        &rows,
        &actions,
    );
}

fn collect(
    plan: &Plan,
    environment: &Environment,
    report: &Report,
    outputs: Vec<Row>,
) -> Result<(Vec<Row>, Vec<ActionRecord>), Fault> {
    let mut actions = Vec::new();
    let mut numbers = HashMap::new();
    for (id, end) in report.ends.iter().enumerate() {
        if matches!(end, Some(End::Done(_))) {
            numbers.insert(id as u32, numbers.len() as u32);
        }
    }
    let mut rows = Table::default();
    for (path, row) in outputs.into_iter().map(|row| (row.path.clone(), row)) {
        rows.rows.insert(path, row);
    }
    for path in plan.host_paths() {
        rows.add(
            environment,
            &path,
            Roles {
                host: true,
                ..Roles::default()
            },
        )?;
    }
    for (id, (action, end)) in report.actions.iter().zip(&report.ends).enumerate() {
        let Some(End::Done(done)) = end else { continue };
        debug_assert_eq!(numbers[&(id as u32)] as usize, actions.len());
        let facts = match (&done.observations, environment.last) {
            (Some(observations), _) => observations
                .facts
                .iter()
                .map(|((mount, path), fact)| (*mount, path.clone(), *fact))
                .collect::<Vec<_>>(),
            (None, Some(last)) => known_facts(last, &action.name),
            (None, None) => unreachable!("only a record makes an action clean"),
        };
        let base_mount = action.base.map(|_| action.needs.len() + 1);
        for (mount, path, _) in &facts {
            if *mount == SOURCE || Some(usize::from(*mount)) == base_mount {
                rows.add(
                    environment,
                    path,
                    Roles {
                        observed: true,
                        ..Roles::default()
                    },
                )?;
            }
        }
        let number = |id: u32| numbers[&id];
        actions.push((
            ActionRecord {
                name: (&*action.name).into(),
                key: action.key,
                full_key: done.full_key,
                output: done.output,
                layer: done.layer,
                planner: action.planner.map(|(id, exported)| (number(id), exported)),
                needs: action
                    .needs
                    .iter()
                    .map(|need| (need.name.clone(), number(need.action)))
                    .collect(),
                base: action.base.map(number),
                writes: action.writes.clone(),
                microseconds: u64::try_from(done.took.as_micros()).unwrap_or(u64::MAX),
                facts: Vec::new(),
            },
            facts,
        ));
    }
    let (rows, places) = rows.finish();
    let actions = actions.into_iter().map(|(mut record, facts)| {
        record.facts = facts
            .into_iter()
            .map(|(mount, path, fact)| FactRecord {
                mount,
                path: if mount == SOURCE {
                    PathRef::Row(places[&path])
                } else {
                    PathRef::Text(path)
                },
                fact,
            })
            .collect();
        record
    });
    let actions = actions.collect();
    Ok((rows, actions))
}

fn known_facts(last: &Last, name: &str) -> Vec<(u16, Box<str>, crate::observe::Fact)> {
    let Some(index) = last.find(name) else {
        return Vec::new();
    };
    let facts = last.actions[index].facts.iter();
    facts
        .map(|known| {
            let path = match &known.path {
                PathRef::Row(row) => last.rows.path(*row as usize).into(),
                PathRef::Text(text) => text.clone(),
            };
            (known.mount, path, known.fact)
        })
        .collect()
}

#[derive(Default)]
struct Table {
    rows: BTreeMap<Box<str>, Row>,
}

impl Table {
    fn add(&mut self, environment: &Environment, path: &str, roles: Roles) -> Result<(), Fault> {
        match self.rows.get_mut(path) {
            Some(row) => {
                row.roles.observed |= roles.observed;
                row.roles.host |= roles.host;
            }
            None => {
                let row = environment.table.row(path, roles)?;
                self.rows.insert(path.into(), row);
            }
        }
        Ok(())
    }

    fn finish(self) -> (Vec<Row>, HashMap<Box<str>, u32>) {
        let places = self
            .rows
            .keys()
            .enumerate()
            .map(|(place, path)| (path.clone(), place as u32))
            .collect();
        (self.rows.into_values().collect(), places)
    }
}

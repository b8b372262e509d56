//! After a good run: its record, for the next one.

use std::collections::{BTreeMap, HashMap};

use crate::execute::{Done, Environment, Last};
use crate::observe::{Fact, Fault};
use crate::outputs::Manifest;
use crate::plan::{Action, NeedOf, Plan};
use crate::project::{Roles, Row, Swept};
use crate::record::{ActionRecord, Basis, FactRecord, PathRef, RunRecord, SOURCE, Totals, Writer};
use crate::run::open::request;
use crate::run::written::{Written, is_below};
use crate::run::{RunOptions, Workspace};
use crate::schedule::{End, Report};

const OBSERVED: Roles = Roles {
    observed: true,
    host: false,
    output: false,
};
const HOST: Roles = Roles {
    observed: false,
    host: true,
    output: false,
};

/// A run that ended well.
pub struct Ran<'a> {
    pub plan: &'a Plan,
    pub environment: &'a Environment<'a>,
    pub report: &'a Report,
    pub outputs: Vec<Written>,
    pub generation: u64,
    /// The last run's record, where this run's plan is the same, and what became of its rows.
    pub before: Option<(&'a Last, &'a Swept)>,
}

/// Writes the record. A record that cannot be written is none: the next run looks everything up.
pub fn remember(workspace: &Workspace, options: &RunOptions, ran: Ran) {
    let open = workspace.options();
    let file = open.record_file();
    let basis = Basis {
        request: request(open, options),
        generation: ran.generation,
        hidden: ran.plan.hidden(),
        written: Manifest::digest(&open.manifest_file()),
    };
    if let Some((last, swept)) = ran.before
        && let Some(changes) = changes(&ran, last, swept)
    {
        let Changes {
            rows,
            totals,
            actions,
        } = &changes;
        if let Ok(true) = last.record.append(&file, &basis, *totals, rows, actions) {
            return;
        }
        let others = actions.iter();
        let others: Vec<_> = others.map(|(number, bytes)| (*number, &**bytes)).collect();
        let pieces = last.actions.with(&others);
        let _ = last.record.rewrite(&file, &basis, *totals, rows, &pieces);
        return;
    }
    let mut outside = ran.plan.outside();
    if let Some((last, _)) = ran.before {
        // What the actions rest on that took no part.
        outside.extend(last.record.environment.iter().cloned());
        outside.sort();
        outside.dedup();
    }
    if let Ok((rows, actions)) = whole(ran) {
        let _ = RunRecord::write(&file, &basis, &outside, &rows, &actions);
    }
}

/// What is new in the last record, by number.
struct Changes {
    rows: BTreeMap<usize, Row>,
    totals: Totals,
    /// Encoded.
    actions: Vec<(usize, Vec<u8>)>,
}

/// `None` where the last record has not the same actions and paths.
fn changes(ran: &Ran, last: &Last, swept: &Swept) -> Option<Changes> {
    let (report, table) = (ran.report, &ran.environment.table);
    let mut slots: Vec<Option<usize>> = vec![None; last.actions.len()];
    let mut numbers: Vec<u32> = vec![0; report.actions.len()];
    let mut listed = 0;
    for (id, (action, _)) in done(report) {
        let number = last.of(action)?;
        slots[number] = Some(id);
        numbers[id] = number as u32;
        listed += 1;
    }
    if listed + report.unlisted.actions != last.actions.len() {
        return None;
    }

    let known = last.rows();
    let mut rows = BTreeMap::new();
    for &number in &swept.changes {
        let row = table.row(known.path(number), known.roles(number)).ok()?;
        rows.insert(number, row);
    }
    for (number, _) in swept.renewed_rows() {
        rows.insert(number, swept.row(known, number));
    }
    let mut placed = 0;
    for written in &ran.outputs {
        match &written.gone {
            Some(gone) if !gone.is_empty() => return None,
            Some(_) => {}
            None => placed += written.rows.len(),
        }
        let mut next = 0;
        for row in &written.rows {
            let number = known.find_near(&row.path, next)?;
            next = number + 1;
            if !known.roles(number).output {
                return None;
            }
            if !known.is(number, row) {
                rows.insert(number, row.clone());
            }
        }
    }
    let still =
        |written: &Written, path: &str| written.gone.is_some() && is_below(path, &written.folder);
    let stays = |path: &str| ran.outputs.iter().any(|written| still(written, path));
    let anew = (0..known.len())
        .filter(|number| known.roles(*number).output && !stays(known.path(*number)));
    if anew.count() != placed {
        return None;
    }

    let mut actions = Vec::new();
    let mut microseconds = 0;
    for (number, slot) in slots.into_iter().enumerate() {
        let entry = &last.actions.entries()[number];
        let Some((action, done)) = slot.and_then(|id| of(report, id)) else {
            microseconds += entry.microseconds;
            continue;
        };
        let mut record = ActionRecord {
            planner: entry.planner,
            ..outline(action, done, &|id| numbers[id as usize], &|number| {
                number as u32
            })
        };
        match &done.observations {
            None if done.output == entry.output => {
                microseconds += entry.microseconds;
                continue;
            }
            None => record.facts = last.actions.record(number).facts,
            Some(observations) => {
                for ((mount, path), fact) in &observations.facts {
                    let path = if is_source(action, *mount) {
                        let number = known.find(path)?;
                        let roles = known.roles(number);
                        if !roles.observed {
                            return None;
                        }
                        // More may have been observed of it than before.
                        let row = table.row(path, roles).ok()?;
                        if !known.is(number, &row) {
                            rows.insert(number, row);
                        }
                        place(*mount, path, number)
                    } else {
                        PathRef::Text(path.clone())
                    };
                    record.facts.push(FactRecord {
                        mount: *mount,
                        path,
                        fact: *fact,
                    });
                }
            }
        }
        microseconds += record.microseconds;
        let mut out = Writer::default();
        record.encode(&mut out);
        actions.push((number, out.0));
    }
    let totals = Totals {
        actions: last.actions.len() as u64,
        microseconds,
    };
    Some(Changes {
        rows,
        totals,
        actions,
    })
}

/// All rows and actions.
fn whole(ran: Ran) -> Result<(Vec<Row>, Vec<ActionRecord>), Fault> {
    let Ran {
        plan,
        environment,
        report,
        outputs,
        before,
        ..
    } = ran;
    let mut numbers = HashMap::new();
    for (id, _) in done(report) {
        numbers.insert(id as u32, numbers.len() as u32);
    }
    // Actions that took no part follow, numbered by what they had for a number.
    let mut recorded = HashMap::new();
    let mut unlisted = Vec::new();
    if let Some((last, _)) = before {
        for (id, (action, _)) in done(report) {
            if let Some(number) = last.of(action) {
                recorded.insert(number, numbers[&(id as u32)]);
            }
        }
        for planner in &report.partial {
            for number in last.planned_by(*planner) {
                let next = (numbers.len() + unlisted.len()) as u32;
                recorded.entry(number).or_insert_with(|| {
                    unlisted.push(number);
                    next
                });
            }
        }
    }
    let mut rows = Table::default();
    for written in outputs {
        if let (Some(_), Some((last, swept))) = (&written.gone, before) {
            let known = last.rows();
            for number in (0..known.len()).filter(|number| known.roles(*number).output) {
                let path = known.path(number);
                if is_below(path, &written.folder) {
                    rows.rows.insert(path.into(), swept.row(known, number));
                }
            }
        }
        for path in written.gone.iter().flatten() {
            rows.remove_below(path);
        }
        for row in written.rows {
            rows.rows.insert(row.path.clone(), row);
        }
    }
    for path in plan.host_paths() {
        rows.add(environment, &path, HOST)?;
    }
    if let Some((last, _)) = before {
        let known = last.rows();
        for number in (0..known.len()).filter(|number| known.roles(*number).host) {
            rows.add(environment, known.path(number), HOST)?;
        }
    }
    let mut actions: Vec<(ActionRecord, Vec<Observed>)> = Vec::new();
    for (_, (action, done)) in done(report) {
        let facts = match (&done.observations, environment.last) {
            (Some(observations), _) => observations
                .facts
                .iter()
                .map(|((mount, path), fact)| (*mount, path.clone(), *fact))
                .collect(),
            (None, Some(last)) => match last.of(action) {
                Some(number) => facts_of(last, &last.actions.record(number)),
                None => Vec::new(),
            },
            (None, None) => unreachable!("only a record makes an action clean"),
        };
        for (mount, path, _) in &facts {
            if is_source(action, *mount) {
                rows.add(environment, path, OBSERVED)?;
            }
        }
        let record = outline(action, done, &|id| numbers[&id], &|number| {
            recorded[&number]
        });
        actions.push((record, facts));
    }
    if let Some((last, _)) = before {
        for number in unlisted {
            let record = last.actions.record(number);
            let facts = facts_of(last, &record);
            for (mount, path, _) in &facts {
                if *mount == SOURCE {
                    rows.add(environment, path, OBSERVED)?;
                }
            }
            let now = |before: u32| recorded[&(before as usize)];
            let record = ActionRecord {
                planner: record.planner.map(|(id, exported)| (now(id), exported)),
                needs: record
                    .needs
                    .into_iter()
                    .map(|(name, id)| (name, now(id)))
                    .collect(),
                base: record.base.map(now),
                ..record
            };
            actions.push((record, facts));
        }
    }
    let (rows, places) = rows.finish();
    let actions = actions.into_iter().map(|(mut record, facts)| {
        record.facts = facts
            .into_iter()
            .map(|(mount, path, fact)| FactRecord {
                mount,
                path: match places.get(&path) {
                    Some(row) if mount == SOURCE => PathRef::Row(*row),
                    _ => PathRef::Text(path),
                },
                fact,
            })
            .collect();
        record
    });
    let actions = actions.collect();
    Ok((rows, actions))
}

type Observed = (u16, Box<str>, Fact);

fn done(report: &Report) -> impl Iterator<Item = (usize, (&Action, &Done))> {
    (0..report.actions.len()).filter_map(|id| Some((id, of(report, id)?)))
}

fn of(report: &Report, id: usize) -> Option<(&Action, &Done)> {
    match &report.ends[id] {
        Some(End::Done(done)) => Some((&report.actions[id], done)),
        _ => None,
    }
}

/// Whether what is seen through a mount is of the project: its folder, or what lies below a base.
fn is_source(action: &Action, mount: u16) -> bool {
    mount == SOURCE || action.base.is_some() && usize::from(mount) == action.needs.len() + 1
}

fn place(mount: u16, path: &str, row: usize) -> PathRef {
    if mount == SOURCE {
        PathRef::Row(row as u32)
    } else {
        PathRef::Text(path.into())
    }
}

/// The record of an action without its facts.
fn outline(
    action: &Action,
    done: &Done,
    number: &dyn Fn(u32) -> u32,
    recorded: &dyn Fn(usize) -> u32,
) -> ActionRecord {
    let needs = action.needs.iter().map(|need| {
        let number = match need.of {
            NeedOf::Action(id) => number(id),
            NeedOf::Recorded { number, .. } => recorded(number),
        };
        (need.name.clone(), number)
    });
    ActionRecord {
        name: (&*action.name).into(),
        key: action.key,
        full_key: done.full_key,
        output: done.output,
        layer: done.layer,
        planner: action.planner.map(|(id, exported)| (number(id), exported)),
        needs: needs.collect(),
        base: action.base.map(number),
        writes: action.writes.clone(),
        microseconds: u64::try_from(done.took.as_micros()).unwrap_or(u64::MAX),
        facts: Vec::new(),
    }
}

fn facts_of(last: &Last, record: &ActionRecord) -> Vec<Observed> {
    let facts = record.facts.iter().map(|known| {
        let path = match &known.path {
            PathRef::Row(row) => last.rows().path(*row as usize).into(),
            PathRef::Text(text) => text.clone(),
        };
        (known.mount, path, known.fact)
    });
    facts.collect()
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

    fn remove_below(&mut self, path: &str) {
        self.rows.remove(path);
        let inside = format!("{path}/");
        let below = self.rows.range(Box::<str>::from(&*inside)..);
        let below = below.take_while(|(row, _)| row.starts_with(&inside));
        let below: Vec<Box<str>> = below.map(|(row, _)| row.clone()).collect();
        for row in below {
            self.rows.remove(&row);
        }
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

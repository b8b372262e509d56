//! A failing scenario without what it does not need to fail. Rounds go in halves, quarters, and so on, then one by one
//! (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), then what is left of them.

use std::time::{Duration, Instant};

use super::check::check;
use super::generate::Scenario;

const LONGEST: Duration = Duration::from_secs(120);

/// The shortest scenario found in time that still fails, and why it does.
pub fn shortest(mut scenario: Scenario, mut reason: String) -> (Scenario, String) {
    let start = Instant::now();
    while start.elapsed() < LONGEST
        && let Some(shorter) = shorter(&scenario)
    {
        (scenario, reason) = shorter;
    }
    (scenario, reason)
}

fn shorter(scenario: &Scenario) -> Option<(Scenario, String)> {
    let rounds = scenario.rounds.len();
    let sizes = std::iter::successors(Some(rounds.div_ceil(2)), |size| {
        (*size > 1).then(|| size.div_ceil(2))
    });
    let without_rounds = sizes.flat_map(|size| {
        (0..rounds).step_by(size.max(1)).rev().map(move |start| {
            let mut without = scenario.clone();
            without.rounds.drain(start..rounds.min(start + size));
            without
        })
    });
    without_rounds
        .chain(without_parts(scenario))
        .find_map(|shorter| {
            let why = check(&shorter).err()?;
            Some((shorter, why.to_string()))
        })
}

/// Without one edit, file, step or property of an action.
fn without_parts(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Scenario)| {
        let mut without = scenario.clone();
        change(&mut without);
        all.push(without);
    };
    for (at, round) in scenario.rounds.iter().enumerate() {
        if round.during.is_some() {
            with(&|scenario| scenario.rounds[at].during = None);
        }
        if round.only.is_some() {
            with(&|scenario| scenario.rounds[at].only = None);
        }
        if round.jobs > 1 {
            with(&|scenario| scenario.rounds[at].jobs = 1);
        }
        for edit in 0..round.edits.len() {
            with(&|scenario| drop(scenario.rounds[at].edits.remove(edit)));
        }
    }
    for at in 0..scenario.files.len() {
        with(&|scenario| {
            scenario.files.remove(at);
        });
    }
    let actions = &scenario.model.actions;
    for (at, act) in actions.iter().enumerate() {
        if actions.len() > 1 {
            with(&|scenario| drop(scenario.model.actions.remove(at)));
        }
        for step in 0..act.steps.len() {
            with(&|scenario| {
                scenario.model.actions[at].steps.remove(step);
            });
        }
        if act.reads.is_some() {
            with(&|scenario| scenario.model.actions[at].reads = None);
        }
        if act.writes.is_some() {
            with(&|scenario| scenario.model.actions[at].writes = None);
        }
        if act.base.is_some() {
            with(&|scenario| scenario.model.actions[at].base = None);
        }
        if !act.needs.is_empty() {
            with(&|scenario| scenario.model.actions[at].needs.clear());
        }
    }
    all
}

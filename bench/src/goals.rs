//! What Cofferdam is to reach, and whether it does.

use crate::measure::Cost;
use crate::rounds::{COPY, Measured, with_two_jobs};
use crate::scenario::Scenario;
use crate::table::{OURS, cpu, memory, middle, ratio, wall};

/// What a cost of ours is held against.
enum Against {
    /// At most this part of what another tool takes for the same.
    Tool(&'static str, f64),
    /// At most this part of what we take for another scenario.
    Own(Scenario, f64),
    /// At most this many seconds more than another scenario.
    OwnPlus(Scenario, f64),
    /// At most so many bytes.
    Memory(f64),
    /// Two jobs take at most this part of the wall time of one.
    TwoJobs(f64),
}

struct Goal {
    scenario: Scenario,
    /// The graphs for which it holds.
    sizes: std::ops::RangeInclusive<usize>,
    against: Against,
}

use Against::{Memory, Own, OwnPlus, Tool, TwoJobs};
use Scenario::{Cold, CutoffConsumer, CutoffRoot, Jobs, Leaf, Noop, Restore, TouchOne};

const LARGE: std::ops::RangeInclusive<usize> = 10_000..=usize::MAX;
const SMALLER: std::ops::RangeInclusive<usize> = 1..=9_999;

#[rustfmt::skip]
const GOALS: &[Goal] = &[
    Goal { scenario: Cold, sizes: LARGE, against: Tool("ninja", 0.25) },
    Goal { scenario: Noop, sizes: 1_000..=usize::MAX, against: Tool("ninja", 0.5) },
    Goal { scenario: TouchOne, sizes: 1..=usize::MAX, against: Own(Noop, 1.2) },
    Goal { scenario: Leaf, sizes: LARGE, against: Own(Noop, 2.0) },
    Goal { scenario: Leaf, sizes: SMALLER, against: OwnPlus(Noop, 0.015) },
    Goal { scenario: CutoffRoot, sizes: LARGE, against: Own(Noop, 2.0) },
    Goal { scenario: CutoffRoot, sizes: SMALLER, against: OwnPlus(Noop, 0.015) },
    Goal { scenario: CutoffConsumer, sizes: LARGE, against: Own(Noop, 2.0) },
    Goal { scenario: CutoffConsumer, sizes: SMALLER, against: OwnPlus(Noop, 0.015) },
    Goal { scenario: Restore, sizes: 1..=usize::MAX, against: Tool(COPY, 1.5) },
    Goal { scenario: Restore, sizes: 1..=usize::MAX, against: Tool("turbo", 0.1) },
    Goal { scenario: Noop, sizes: LARGE, against: Memory(40e6) },
    Goal { scenario: Cold, sizes: LARGE, against: Memory(200e6) },
    Goal { scenario: Jobs, sizes: 1_000..=usize::MAX, against: TwoJobs(0.65) },
];

pub fn print(results: &[Measured]) {
    println!("Goals");
    for measured in results {
        for goal in GOALS
            .iter()
            .filter(|goal| goal.sizes.contains(&measured.size))
        {
            if let Some((met, line)) = judge(goal, measured) {
                println!(
                    "  {} {} of {}: {line}",
                    if met { "met   " } else { "MISSED" },
                    goal.scenario.name(),
                    measured.size
                );
            }
        }
    }
}

/// Whether the goal is met, and both numbers; `None` if it was not measured.
fn judge(goal: &Goal, measured: &Measured) -> Option<(bool, String)> {
    let ours = measured.costs(goal.scenario, OURS)?;
    let part = |value: f64, most: f64, of: &str| {
        (value <= most, format!("{value:.2} of {of}, at most {most}"))
    };
    Some(match &goal.against {
        Tool(tool, most) => part(
            ratio(ours, measured.costs(goal.scenario, tool)?, cpu),
            *most,
            tool,
        ),
        Own(other, most) => part(
            ratio(ours, measured.costs(*other, OURS)?, cpu),
            *most,
            other.name(),
        ),
        OwnPlus(other, seconds) => {
            let more = middle(ours, cpu) - middle(measured.costs(*other, OURS)?, cpu);
            let line = format!(
                "{:.1} ms more than {}, at most {}",
                more * 1e3,
                other.name(),
                seconds * 1e3
            );
            (more <= *seconds, line)
        }
        Memory(most) => {
            let value = middle(ours, memory);
            (
                value <= *most,
                format!("{:.1} MB of memory, at most {}", value / 1e6, most / 1e6),
            )
        }
        TwoJobs(most) => {
            let two: &[Cost] = measured.costs(goal.scenario, &with_two_jobs(OURS))?;
            part(ratio(two, ours, wall), *most, "-j1 with -j2")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rounds::Row;

    fn row(scenario: Scenario, tool: &str, millis: u64) -> Row {
        let cost = Cost {
            cpu: Duration::from_millis(millis),
            wall: Duration::from_millis(millis),
            memory: millis << 20,
        };
        Row {
            scenario,
            tool: tool.to_owned(),
            costs: vec![cost; 3],
        }
    }

    fn judged(scenario: Scenario, rows: Vec<Row>) -> Vec<bool> {
        let measured = Measured {
            size: 10_000,
            rows,
            surprises: Vec::new(),
        };
        let goals = GOALS
            .iter()
            .filter(|goal| goal.scenario == scenario && goal.sizes.contains(&10_000));
        goals
            .filter_map(|goal| judge(goal, &measured))
            .map(|(met, _)| met)
            .collect()
    }

    #[test]
    fn goals_are_met_or_missed() {
        let against_ninja =
            |ours| judged(Noop, vec![row(Noop, OURS, ours), row(Noop, "ninja", 60)]);
        assert_eq!(against_ninja(30), [true, true]);
        assert_eq!(against_ninja(31), [false, true]);
        let leaf = |ours| judged(Leaf, vec![row(Noop, OURS, 20), row(Leaf, OURS, ours)]);
        assert_eq!((leaf(40), leaf(41)), (vec![true], vec![false]));
        let jobs = |two| {
            judged(
                Jobs,
                vec![row(Jobs, OURS, 100), row(Jobs, &with_two_jobs(OURS), two)],
            )
        };
        assert_eq!((jobs(65), jobs(66)), (vec![true], vec![false]));
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        assert!(judged(Restore, vec![row(Restore, OURS, 1)]).is_empty());
    }
}

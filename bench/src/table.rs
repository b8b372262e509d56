//! The results as a table for people, and as JSON.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Outcome;
use crate::measure::{Cost, median};
use crate::rounds::{Measured, with_two_jobs};
use crate::scenario::Scenario;
use crate::tools::Start;

/// The tool that the others are compared with.
pub const OURS: &str = "cofferdam";

pub fn print_start(start: &Start) {
    println!(
        "First run of all, the plugin is compiled: {} of processor time",
        shown(start.first.cpu.as_secs_f64())
    );
    println!("`--version`: {}", shown(middle(&start.version, cpu)));
    println!(
        "Up-to-date project of one action: {}\n",
        shown(middle(&start.one_action, cpu))
    );
}

/// Medians; behind each of the others' how much of it Cofferdam takes, as the median of pairs.
pub fn print(measured: &Measured) {
    println!("{} actions", measured.size);
    for scenario in Scenario::ALL {
        let Some(ours) = measured.costs(scenario, OURS) else {
            continue;
        };
        let (of, name) = if scenario == Scenario::Jobs {
            (wall as fn(&Cost) -> f64, "-j1, wall")
        } else {
            (cpu as _, scenario.name())
        };
        let mut line = format!("  {name:<16} {:>9}", shown(middle(ours, of)));
        let two = with_two_jobs(OURS);
        for row in measured
            .rows
            .iter()
            .filter(|row| row.scenario == scenario && row.tool != OURS)
        {
            if scenario == Scenario::Jobs && row.tool != two {
                continue;
            }
            let part = if scenario == Scenario::Jobs {
                ratio(&row.costs, ours, of)
            } else {
                ratio(ours, &row.costs, of)
            };
            line += &format!(
                "   {} {:>9} ({part:.2})",
                row.tool,
                shown(middle(&row.costs, of))
            );
        }
        println!("{line}");
    }
    for scenario in [Scenario::Cold, Scenario::Noop] {
        if let Some(ours) = measured.costs(scenario, OURS) {
            let mut line = format!(
                "  {:<16} {:>6.1} MB",
                format!("{} memory", scenario.name()),
                middle(ours, memory) / 1e6
            );
            for row in measured
                .rows
                .iter()
                .filter(|row| row.scenario == scenario && row.tool != OURS)
            {
                line += &format!(
                    "   {} {:>6.1} MB",
                    row.tool,
                    middle(&row.costs, memory) / 1e6
                );
            }
            println!("{line}");
        }
    }
    for surprise in &measured.surprises {
        println!("  surprise: {surprise}");
    }
    println!();
}

pub fn cpu(cost: &Cost) -> f64 {
    cost.cpu.as_secs_f64()
}

pub fn wall(cost: &Cost) -> f64 {
    cost.wall.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a few gigabytes at most")]
pub fn memory(cost: &Cost) -> f64 {
    cost.memory as f64
}

pub fn middle(costs: &[Cost], of: fn(&Cost) -> f64) -> f64 {
    median(costs.iter().map(of).collect())
}

/// The median over the pairs of what the first took of the second.
pub fn ratio(first: &[Cost], second: &[Cost], of: fn(&Cost) -> f64) -> f64 {
    let pairs = first
        .iter()
        .zip(second)
        .filter(|(_, second)| of(second) > 0.0);
    median(
        pairs
            .map(|(first, second)| of(first) / of(second))
            .collect(),
    )
}

/// Seconds with a unit that fits.
pub fn shown(seconds: f64) -> String {
    match seconds {
        _ if seconds >= 10.0 => format!("{seconds:.1} s"),
        _ if seconds >= 1.0 => format!("{seconds:.2} s"),
        _ if seconds >= 0.01 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{:.2} ms", seconds * 1e3),
    }
}

pub fn write_json(path: &Path, results: &[Measured]) -> Outcome {
    let micros =
        |duration: Duration| json!(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    let cost = |cost: &Cost| json!({"cpu_us": micros(cost.cpu), "wall_us": micros(cost.wall), "memory_bytes": cost.memory});
    let rows = results.iter().flat_map(|measured| {
        measured.rows.iter().map(move |row| {
            json!({
                "actions": measured.size,
                "scenario": row.scenario.name(),
                "tool": row.tool,
                "costs": row.costs.iter().map(cost).collect::<Value>(),
            })
        })
    });
    let text = format!("{:#}\n", rows.collect::<Value>());
    fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(millis: &[u64]) -> Vec<Cost> {
        let cost = |millis: &u64| Cost {
            cpu: Duration::from_millis(*millis),
            ..Cost::default()
        };
        millis.iter().map(cost).collect()
    }

    #[test]
    fn ratios_are_medians_of_pairs_not_ratios_of_medians() {
        let part = ratio(&costs(&[1, 10, 30]), &costs(&[10, 20, 30]), cpu);
        assert!((part - 0.5).abs() < 1e-9);
    }

    #[test]
    fn times_have_three_figures_at_most() {
        assert_eq!(
            [0.0012, 0.034, 1.5, 75.25].map(shown),
            ["1.20 ms", "34 ms", "1.50 s", "75.2 s"]
        );
    }
}

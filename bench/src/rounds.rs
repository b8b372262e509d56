//! Every scenario with every tool in turn, again and again: A B C, C B A, … so that what else happens on the machine
//! meets all of them alike.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::graph::Graph;
use crate::measure::{Cost, measure};
use crate::options::Options;
use crate::scenario::{Scenario, empty};
use crate::tools::Tool;

/// What was measured of one graph.
pub struct Measured {
    pub size: usize,
    /// One for each scenario and tool that can take part.
    pub rows: Vec<Row>,
    /// Where Cofferdam did not execute what it had to.
    pub surprises: Vec<String>,
}

pub struct Row {
    pub scenario: Scenario,
    pub tool: String,
    /// In the order of the rounds, so that equal places of two rows are a pair.
    pub costs: Vec<Cost>,
}

impl Measured {
    pub fn costs(&self, scenario: Scenario, tool: &str) -> Option<&[Cost]> {
        let row = self
            .rows
            .iter()
            .find(|row| row.scenario == scenario && row.tool == tool);
        row.map(|row| row.costs.as_slice())
    }

    fn add(&mut self, scenario: Scenario, tool: &str, cost: Cost) {
        match self
            .rows
            .iter_mut()
            .find(|row| row.scenario == scenario && row.tool == tool)
        {
            Some(row) => row.costs.push(cost),
            None => self.rows.push(Row {
                scenario,
                tool: tool.to_owned(),
                costs: vec![cost],
            }),
        }
    }
}

/// What a `jobs` row with the second number of jobs is called.
pub fn with_two_jobs(tool: &str) -> String {
    format!("{tool} -j2")
}

/// The plain copy that `restore` is compared with.
pub const COPY: &str = "cp -r";

pub fn run(
    options: &Options,
    size: usize,
    tools: &[Box<dyn Tool>],
    place: &Path,
) -> Outcome<Measured> {
    let place = place.join(size.to_string());
    let folders: Vec<PathBuf> = tools.iter().map(|tool| place.join(tool.name())).collect();
    let mut graph = Graph::new(size);
    for (tool, folder) in tools.iter().zip(&folders) {
        graph.write_sources(folder)?;
        tool.describe(&graph, folder)?;
        tool.forget(folder)?;
        build(tool.as_ref(), folder, 2)?;
    }
    let mut measured = Measured {
        size,
        rows: Vec::new(),
        surprises: Vec::new(),
    };
    for round in 0..options.pairs {
        for &scenario in &options.scenarios {
            eprintln!(
                "{size} actions, round {} of {}: {}",
                round + 1,
                options.pairs,
                scenario.name()
            );
            scenario.edit(&mut graph);
            let mut turn: Vec<usize> = (0..tools.len()).collect();
            if round % 2 == 1 {
                turn.reverse();
            }
            for at in turn {
                let (tool, folder) = (tools[at].as_ref(), &folders[at]);
                if tool.takes_part(scenario) {
                    one(scenario, &graph, tool, folder, &mut measured)?;
                } else {
                    scenario.prepare(&graph, folder)?;
                }
            }
            if scenario == Scenario::Restore {
                measured.add(scenario, COPY, copy(&folders[0])?);
            }
        }
    }
    std::fs::remove_dir_all(&place)
        .map_err(|error| format!("cannot remove `{}`: {error}", place.display()))?;
    Ok(measured)
}

fn one(
    scenario: Scenario,
    graph: &Graph,
    tool: &dyn Tool,
    folder: &Path,
    measured: &mut Measured,
) -> Outcome {
    let blame = |message: String| {
        format!(
            "{} of {} with `{}`: {message}",
            scenario.name(),
            graph.size(),
            tool.name()
        )
    };
    match scenario {
        Scenario::Cold => tool.forget(folder)?,
        Scenario::Jobs => {
            tool.forget(folder)?;
            let (cost, _) = build(tool, folder, 1).map_err(blame)?;
            measured.add(scenario, tool.name(), cost);
            tool.forget(folder)?;
            let (cost, _) = build(tool, folder, 2).map_err(blame)?;
            measured.add(scenario, &with_two_jobs(tool.name()), cost);
            return graph.check(folder).map_err(blame);
        }
        // Whatever the scenario before left to be noted is noted now.
        _ => drop(build(tool, folder, 2).map_err(blame)?),
    }
    scenario.prepare(graph, folder)?;
    let (cost, executed) = build(tool, folder, 2).map_err(blame)?;
    measured.add(scenario, tool.name(), cost);
    graph.check(folder).map_err(blame)?;
    let must = scenario.must_execute(graph);
    if let Some(executed) = executed.filter(|executed| *executed != must) {
        let message = format!(
            "{}: `{}` executed {executed} actions, not {must}",
            scenario.name(),
            tool.name()
        );
        if !measured.surprises.contains(&message) {
            measured.surprises.push(message);
        }
    }
    Ok(())
}

/// Runs the tool; also says how many actions it executed, if it does.
fn build(tool: &dyn Tool, folder: &Path, jobs: usize) -> Outcome<(Cost, Option<usize>)> {
    let log = folder.with_extension("log");
    let before = tool.background();
    let mut cost = measure(&mut tool.build(folder, jobs), &log)?;
    cost.cpu += tool.background().saturating_sub(before);
    let printed = std::fs::read_to_string(&log).unwrap_or_default();
    Ok((cost, tool.executed(&printed)))
}

fn copy(folder: &Path) -> Outcome<Cost> {
    let to = folder.with_extension("copy");
    empty(&to)?;
    let mut cp = Command::new("cp");
    cp.arg("-r").arg(folder.join("out")).arg(to.join("out"));
    measure(&mut cp, &folder.with_extension("log"))
}

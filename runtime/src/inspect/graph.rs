//! How the actions of the last run hang together.

use crate::error::Error;
use crate::inspect::last_run;
use crate::open::OpenOptions;

pub struct Graph {
    /// Each after all it needs.
    pub nodes: Vec<GraphNode>,
}

pub struct GraphNode {
    pub name: String,
    /// Numbers of nodes.
    pub needs: Vec<usize>,
    /// The planner that asked for it.
    pub planner: Option<usize>,
    pub writes: Option<String>,
    /// What its last execution took.
    pub microseconds: u64,
}

pub fn graph(open: &OpenOptions) -> Result<Graph, Error> {
    let (_, actions) = last_run(open)?;
    let nodes = actions.iter().map(|action| GraphNode {
        name: action.name.to_string(),
        needs: action
            .needs
            .iter()
            .map(|(_, id)| *id as usize)
            .chain(action.base.map(|id| id as usize))
            .collect(),
        planner: action.planner.map(|(id, _)| id as usize),
        writes: action.writes.as_deref().map(str::to_owned),
        microseconds: action.microseconds,
    });
    Ok(Graph {
        nodes: nodes.collect(),
    })
}

//! Questions about the last run: what an action saw, left and said, why it ran, how actions hang together.

mod explain;
mod graph;
mod show;

use crate::error::Error;
use crate::open::OpenOptions;
use crate::record::{ActionRecord, RunRecord};

pub use explain::{Explanation, explain};
pub use graph::{Graph, GraphNode, graph};
pub use show::{Output, Shown, show};

/// The last run's record and its actions.
fn last_run(open: &OpenOptions) -> Result<(RunRecord, Vec<ActionRecord>), Error> {
    let record = RunRecord::read(&open.record_file());
    let both = record.and_then(|record| {
        let actions = record.actions()?;
        Some((record, actions))
    });
    both.ok_or_else(|| {
        Error::config("there is no finished run of this project to tell about")
            .hint("run `cofferdam run` first")
    })
}

fn find(actions: &[ActionRecord], name: &str) -> Result<usize, Error> {
    if let Some(index) = actions.iter().position(|action| *action.name == *name) {
        return Ok(index);
    }
    let nearest = actions
        .iter()
        .map(|action| (strsim::jaro_winkler(&action.name, name), &action.name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let error = Error::config(format!("the last run had no action `{name}`"));
    Err(match nearest {
        Some((_, near)) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`cofferdam graph` lists the actions"),
    })
}

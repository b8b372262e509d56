//! `graph`: how the actions of the last run hang together.

use cofferdam_runtime::inspect;

use crate::Outcome;
use crate::arguments::{Global, Graph};
use crate::exit::Exit;
use crate::graph::{Drawing, dot, svg, tree};
use crate::report::stdout_paint;
use crate::{project, stdout};

pub fn run(global: &Global, arguments: &Graph) -> Outcome {
    let project = project::open(global)?;
    let graph = inspect::graph(&project).map_err(|error| vec![error])?;
    let drawing = Drawing::new(&graph, arguments.all);
    let text = match (arguments.dot, arguments.svg) {
        (true, _) => dot(&drawing),
        (_, true) => svg(&drawing),
        _ => tree(stdout_paint(global), &drawing),
    };
    stdout::print(&text)?;
    Ok(Exit::Done)
}

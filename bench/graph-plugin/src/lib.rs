//! A balanced tree of small actions, one for each file in `src`: action 0 is its root, and action `i` reads the
//! source `i` and the outputs of the actions `2i + 1` and `2i + 2`, where they exist.

mod work;

use cofferdam_plugin::{ActionSpec, NoConfig, Request, Result, files, input, out, src};

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Step {
    index: usize,
}

cofferdam_plugin::suite!(plan, run);

fn plan(_: Request<NoConfig>) -> Result<Vec<ActionSpec>> {
    let count = files::list(src().join("src"))?.len();
    let action = |index: usize| {
        let spec = ActionSpec::new(index.to_string())
            .config(&Step { index })
            .reads(format!("src/{index}.txt"))
            .exported();
        let children = (2 * index + 1..2 * index + 3).filter(|child| *child < count);
        children.fold(spec, |spec, child| {
            spec.needs(child.to_string(), child.to_string())
        })
    };
    Ok((0..count).map(action).collect())
}

fn run(request: Request<Step>) -> Result {
    let index = request.config.index;
    let mut inputs = vec![files::read_text(src().join(format!("src/{index}.txt")))?];
    for child in &request.needs {
        inputs.push(files::read_text(input(child).join(format!("{child}.txt")))?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    files::write(out().join(format!("{index}.txt")), work::work(&inputs))
}

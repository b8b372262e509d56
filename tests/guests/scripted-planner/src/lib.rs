//! A suite that does the steps of its config and then plans what the config says: fixed actions, and one for each
//! entry of a folder that it lists.

#[path = "../../scripted/src/steps.rs"]
mod steps;

use std::fs;

use cofferdam_plugin::{ActionSpec, Failure, Request, Result};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What the planner itself does.
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    actions: Vec<Planned>,
    /// One action for each entry of a folder.
    each: Option<Each>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Each {
    /// Below `/src`.
    folder: String,
    /// `{name}` stands for the entry.
    steps: Vec<String>,
    #[serde(default)]
    reads: Vec<String>,
    /// An action that needs all of them.
    index: Option<Vec<String>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Planned {
    name: String,
    plugin: Option<String>,
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    reads: Vec<String>,
    /// Actions of the plan.
    #[serde(default)]
    needs: Vec<String>,
    /// The planner's own needs.
    #[serde(default)]
    inherits: Vec<String>,
    #[serde(default)]
    exported: bool,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Step {
    steps: Vec<String>,
}

cofferdam_plugin::suite!(plan, run);

fn plan(request: Request<Config>) -> Result<Vec<ActionSpec>> {
    let config = request.config;
    steps::play(&config.steps)?;
    let mut actions: Vec<ActionSpec> = config.actions.into_iter().map(fixed).collect();
    if let Some(each) = config.each {
        actions.extend(one_each(&each)?);
    }
    Ok(actions)
}

fn fixed(planned: Planned) -> ActionSpec {
    let mut spec = ActionSpec::new(planned.name).config(&Step {
        steps: planned.steps,
    });
    if let Some(plugin) = planned.plugin {
        spec = spec.plugin(plugin);
    }
    spec = planned.reads.into_iter().fold(spec, ActionSpec::reads);
    for need in planned.needs {
        spec = spec.needs(need.clone(), need);
    }
    for need in planned.inherits {
        spec = spec.inherits(need.clone(), need);
    }
    if planned.exported {
        spec.exported()
    } else {
        spec
    }
}

fn one_each(each: &Each) -> Result<Vec<ActionSpec>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(format!("/src/{}", each.folder)).map_err(Failure::from)? {
        names.push(
            entry
                .map_err(Failure::from)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    let filled = |texts: &[String], name: &str| -> Vec<String> {
        texts
            .iter()
            .map(|text| text.replace("{name}", name))
            .collect()
    };
    let mut actions = Vec::new();
    for name in &names {
        let steps = filled(&each.steps, name);
        let spec = ActionSpec::new(name).config(&Step { steps }).exported();
        actions.push(
            filled(&each.reads, name)
                .into_iter()
                .fold(spec, ActionSpec::reads),
        );
    }
    if let Some(steps) = &each.index {
        let spec = ActionSpec::new("the index")
            .config(&Step {
                steps: steps.clone(),
            })
            .exported();
        actions.push(names.iter().fold(spec, |spec, name| spec.needs(name, name)));
    }
    Ok(actions)
}

/// Its output is named after its first step's last word, so that planned actions do not write the same file.
fn run(request: Request<Step>) -> Result {
    let steps = &request.config.steps;
    let transcript = steps::play(steps)?;
    let name = match steps
        .first()
        .and_then(|step| step.rsplit(['/', ' ']).next())
    {
        Some(name) => name.to_owned(),
        None => "nothing".to_owned(),
    };
    cofferdam_plugin::files::write(format!("/out/{name}.transcript"), transcript)
}

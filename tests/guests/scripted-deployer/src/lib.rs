//! A deployer that does the steps of its config; `{root}` in them stands for an instance's folder. What it finds
//! comes back as the details of its changes.

#[path = "../../scripted/src/steps.rs"]
mod steps;

use cofferdam_plugin::{Change, Deployment, Instance, Operation, Result, Rollback};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    steps: Vec<String>,
}

cofferdam_plugin::deployer!(deploy, rollback, asks = [("write", &[])]);

fn deploy(deployment: Deployment<Config>) -> Result<Vec<Change>> {
    play(&deployment.config, &deployment.instances)
}

fn rollback(request: Rollback<Config>) -> Result<Vec<Change>> {
    play(&request.config, &request.instances)
}

fn play(config: &Config, instances: &[Instance]) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for instance in instances {
        for step in &config.steps {
            let step = step.replace("{root}", &instance.root);
            changes.push(Change {
                instance: instance.name.clone(),
                operation: Operation::Update,
                path: step.clone(),
                detail: steps::play(&[step])?,
            });
        }
    }
    Ok(changes)
}

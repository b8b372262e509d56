//! An action that does what its config says, one step after the other (see [`steps`]). What it learns is what it
//! leaves in `/out/transcript`, so an output is stale exactly if the transcript is.

mod steps;

use cofferdam_plugin::{Request, Result};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    steps: Vec<String>,
    /// Leave no transcript: the output is what the steps write.
    #[serde(default)]
    silent: bool,
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    let transcript = steps::play(&request.config.steps)?;
    if !request.config.silent {
        cofferdam_plugin::files::write("/out/transcript", transcript)?;
    }
    Ok(())
}

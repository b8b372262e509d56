use cofferdam_plugin::{Request, Result, files, out, src};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The word before each name.
    greeting: String,
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    let greeting = &request.config.greeting;
    for file in files::list(src())? {
        let name = files::read_text(src().join(&file))?;
        files::write(out().join(&file), format!("{greeting} {name}"))?;
    }
    Ok(())
}

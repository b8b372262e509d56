//! Does what its config says, in every way that the world `suite` allows.

use std::fs;

use cofferdam_plugin::{
    ActionSpec, Failure, FailureKind, Request, Result, log, out, progress, src,
};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase", tag = "act")]
enum Config {
    /// Writes what it was called with.
    Write,
    Log {
        lines: u32,
    },
    Fail,
    Panic,
    Exit {
        code: i32,
    },
}

fn run(request: Request<Config>) -> Result {
    match request.config {
        Config::Write => fs::write(out().join("needs"), request.needs.join(","))?,
        Config::Log { lines } => {
            for line in 0..lines {
                progress(u64::from(line), Some(u64::from(lines)), "logging");
                log::with_fields(log::Level::Warn, "a line", &[("number", &line.to_string())]);
            }
        }
        Config::Fail => {
            let failure = Failure::user("a broken link").at_position(src().join("a"), 3, 7);
            return Err(failure.retryable().into());
        }
        Config::Panic => panic!("the suite cannot go on"),
        Config::Exit { code } => std::process::exit(code),
    }
    Ok(())
}

fn plan(request: Request<Config>) -> Result<Vec<ActionSpec>> {
    if let Config::Fail = request.config {
        return Err(Failure::new(FailureKind::Denied, "no plan").into());
    }
    let first = ActionSpec::new("first").config(&1).reads("docs/**");
    let second = ActionSpec::new("second").plugin("merge");
    Ok(vec![
        first,
        second
            .needs("one", "first")
            .inherits("two", "base")
            .exported(),
    ])
}

cofferdam_plugin::suite!(plan, run, asks = [("http", &["https://example.org"])]);

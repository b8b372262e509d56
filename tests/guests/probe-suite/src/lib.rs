//! Does what its config says, in every way that the world `suite` allows.

use std::fs;

use cofferdam_plugin::{
    ActionSpec, Failure, FailureKind, Request, Result, files, log, out, progress, src,
};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase", tag = "act")]
enum Config {
    /// Writes what it was called with.
    Write,
    Log {
        lines: u32,
    },
    /// Makes a program of a text.
    Chmod,
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
                log::warn(&format!("line {line}"));
            }
        }
        Config::Chmod => {
            let program = out().join("program");
            fs::write(&program, "#!/bin/sh")?;
            let before = files::is_executable(&program)?;
            files::set_executable(&program, true)?;
            let after = files::is_executable(&program)?;
            let source = files::is_executable(src().join("a"))?;
            let denied = files::set_executable(src().join("a"), true).unwrap_err();
            let missing = files::is_executable("/out/nowhere").unwrap_err();
            let told = format!(
                "{before} {after} {source}\n{}\n{}",
                denied.0[0], missing.0[0]
            );
            fs::write(out().join("told"), told)?;
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

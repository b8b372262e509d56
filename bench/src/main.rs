//! Builds the same graph of small actions with Cofferdam and with each build tool found, in turn, and prints what
//! that cost each of them. `cargo xtask bench` builds what is measured and starts this.

#![allow(unreachable_pub, reason = "a program exports nothing")]

mod callgrind;
mod goals;
mod graph;
mod measure;
mod options;
mod rounds;
mod scenario;
mod table;
mod tools;
#[path = "../graph-plugin/src/work.rs"]
mod work;

use std::process::{Command, ExitCode};

use options::Options;
use tools::{Cofferdam, Tool};

/// The error says what went wrong.
pub type Outcome<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    match Options::parse(&arguments).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome {
    let place = tempfile::Builder::new()
        .prefix("cofferdam-bench")
        .tempdir_in(&options.folder);
    let place = place.map_err(|error| format!("cannot make a folder: {error}"))?;
    let step = build_step(place.path())?;
    let cofferdam = Cofferdam::set_up(options, place.path())?;
    println!("{}\n", machine());
    table::print_start(&cofferdam.start(place.path())?);

    let mut results = Vec::new();
    for &size in &options.sizes {
        let mut tools: Vec<Box<dyn Tool>> = vec![Box::new(cofferdam.clone())];
        tools.extend(
            tools::found(&options.peers, &step)
                .into_iter()
                .filter(|peer| size <= peer.most()),
        );
        let result = rounds::run(options, size, &tools, place.path())?;
        table::print(&result);
        results.push(result);
    }
    goals::print(&results);
    if options.callgrind {
        callgrind::run(&cofferdam, place.path())?;
    }
    match &options.json {
        Some(path) => table::write_json(path, &results),
        None => Ok(()),
    }
}

/// Compiles the program that tools start for each action.
fn build_step(folder: &std::path::Path) -> Outcome<std::path::PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/step.rs");
    let program = folder.join("step");
    let mut rustc = Command::new("rustc");
    rustc.args([
        "-O",
        "-C",
        "panic=abort",
        "-C",
        "target-feature=+crt-static",
        "--edition=2024",
        source,
        "-o",
    ]);
    let status = rustc
        .arg(&program)
        .status()
        .map_err(|error| format!("cannot run `rustc`: {error}"))?;
    if status.success() {
        Ok(program)
    } else {
        Err(format!("`{source}` was not built: {status}"))
    }
}

/// What one has to know to compare the numbers with others.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "{processors} processors of kind {}, load {load}",
        model.map_or("unknown", |(_, name)| name)
    )
}

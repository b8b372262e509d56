//! `show`: what an action of the last run read, left and said.

use std::time::Duration;

use cofferdam_runtime::inspect::{self, Output, Shown};

use crate::Outcome;
use crate::arguments::{Global, Show};
use crate::exit::Exit;
use crate::report::stdout_paint;
use crate::terminal::{count_files, level_name, log_text};
use crate::text::{Paint, Tone, duration, guest_text, size, width};
use crate::{project, stdout};

pub fn run(global: &Global, arguments: &Show) -> Outcome {
    let project = project::open(global)?;
    let shown = inspect::show(&project, &arguments.action).map_err(|error| vec![error])?;
    stdout::print(&text(stdout_paint(global), arguments, &shown))?;
    Ok(Exit::Done)
}

/// One part as it is, for programs; all parts under headings.
fn text(paint: Paint, arguments: &Show, shown: &Shown) -> String {
    let one =
        usize::from(arguments.log) + usize::from(arguments.reads) + usize::from(arguments.outputs)
            == 1;
    let every = !(arguments.log || arguments.reads || arguments.outputs);
    let mut text = String::new();
    if every {
        let took = duration(Duration::from_micros(shown.microseconds));
        let name = paint.tone(Tone::Strong, &shown.action);
        text.push_str(&format!(
            "{name}  output {}, took {took}\n",
            shown.output.short()
        ));
    }
    let mut part = |wanted: bool, heading: &str, body: String| {
        if !(wanted || every) {
            return;
        }
        if one {
            text.push_str(&body);
            return;
        }
        text.push_str(&format!("\n{}\n", paint.tone(Tone::Strong, heading)));
        for line in body.lines() {
            text.push_str(format!("  {line}").trim_end());
            text.push('\n');
        }
    };
    part(
        arguments.reads,
        &format!("Observed {} paths", shown.reads.len()),
        reads(&shown.reads),
    );
    let bytes = shown.outputs.iter().map(|output| output.size).sum();
    let heading = format!("Left {}, {}", count_files(shown.outputs.len()), size(bytes));
    part(
        arguments.outputs,
        &heading,
        shown.outputs.iter().map(output).collect(),
    );
    let said = said(paint, shown);
    let heading = if said.is_empty() {
        "Said nothing"
    } else {
        "Said"
    };
    part(arguments.log, heading, said);
    text
}

fn reads(reads: &[(String, String)]) -> String {
    let widest = reads
        .iter()
        .map(|(path, _)| width(path))
        .max()
        .unwrap_or(0)
        .min(60);
    let line = |(path, value): &(String, String)| {
        let gap = " ".repeat(widest.saturating_sub(width(path)));
        format!("{path}{gap}  {value}\n")
    };
    reads.iter().map(line).collect()
}

/// `4f0c1a2e      1234  css/site.css`
fn output(output: &Output) -> String {
    let digest = output
        .digest
        .as_ref()
        .map_or_else(|| "link    ".to_owned(), cofferdam_cache::Digest::short);
    let target = output
        .target
        .as_ref()
        .map(|target| format!(" -> {target}"))
        .unwrap_or_default();
    let executable = if output.executable { " *" } else { "" };
    format!(
        "{digest} {:>10}  {}{target}{executable}\n",
        output.size, output.path
    )
}

fn said(paint: Paint, shown: &Shown) -> String {
    let mut text = String::new();
    for line in &shown.log {
        text.push_str(&format!("{}: {}\n", level_name(line.level), log_text(line)));
    }
    for bytes in [&shown.stdout, &shown.stderr] {
        text.push_str(&guest_text(paint, bytes));
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

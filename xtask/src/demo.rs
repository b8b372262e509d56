//! `cargo xtask demo`: builds and deploys the handbook, then shows what a second run and small edits cost.
//! It fails unless each step executes what it should, so it is a check too.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::plugins::copy_sources;
use crate::steps::{Outcome, Workspace, no_arguments, shown, unstarted};

/// What of the repository the handbook is made of.
pub const SOURCES: [&str; 4] = ["cofferdam.toml", "Cargo.lock", "docs", "examples/handbook"];
/// The page that is edited.
const PAGE: &str = "docs/concepts/cache.md";
/// The action that renders it.
const RENDERED: &str = "pages:page.concepts.cache";

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let start = Instant::now();
    let binary = workspace.release()?;
    let built = start.elapsed().as_secs();

    let place = workspace.target.join("demo");
    let demo = Demo {
        binary,
        project: place.join("handbook"),
        cache: place.join("cache"),
    };
    demo.copy_project(&workspace.root)?;

    heading("The handbook: pages, styles, search, link check, bill of materials, archive, image");
    let first = demo.cofferdam(&["run"])?;
    heading("The same again: nothing to do");
    let second = demo.cofferdam(&["run"])?;
    second.executes("the second run", |count| count == 0)?;
    heading("Deployed to a folder");
    demo.cofferdam(&["deploy", "local"])?;

    heading("One sentence more on one page");
    // Another one each time, or the cache would have it from the demo before.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    demo.append(
        PAGE,
        &format!("\nThis sentence was added by the demo, {now} seconds after 1970.\n"),
    )?;
    let edited = demo.cofferdam(&["run"])?;
    edited.executes("the edit of one page", |count| {
        count > 0 && count < second.actions / 2
    })?;
    heading("Why?");
    demo.cofferdam(&["explain", RENDERED])?;

    heading(
        "A comment that no reader sees: the page comes out equal, and nothing that reads it runs",
    );
    demo.append(PAGE, "\n[//]: # (seen only by editors)\n")?;
    let stopped = demo.cofferdam(&["run"])?;
    stopped.executes("an edit without effect", |count| {
        count > 0 && count < edited.executed
    })?;

    demo.farewell(
        built,
        &[
            ("first", &first),
            ("second", &second),
            ("one page", &edited),
            ("no effect", &stopped),
        ],
    );
    Ok(())
}

struct Demo {
    binary: PathBuf,
    project: PathBuf,
    cache: PathBuf,
}

/// The numbers in what a run printed.
struct Run {
    actions: usize,
    executed: usize,
    seconds: f64,
}

impl Demo {
    /// A copy, so that the demo can edit pages. What earlier demos left in the cache stays.
    fn copy_project(&self, root: &Path) -> Outcome {
        let failed = |error| format!("cannot set up `{}`: {error}", self.project.display());
        if self.project.exists() {
            fs::remove_dir_all(&self.project).map_err(failed)?;
        }
        fs::create_dir_all(&self.project).map_err(failed)?;
        for source in SOURCES {
            let (from, to) = (root.join(source), self.project.join(source));
            if from.is_dir() {
                copy_sources(&from, &to)?;
            } else {
                fs::copy(&from, &to).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn append(&self, path: &str, text: &str) -> Outcome {
        let path = self.project.join(path);
        let edited = fs::read_to_string(&path).and_then(|before| fs::write(&path, before + text));
        edited.map_err(|error| format!("cannot edit `{}`: {error}", path.display()))
    }

    /// Runs `cofferdam`, shows and keeps what it prints.
    fn cofferdam(&self, arguments: &[&str]) -> Outcome<Run> {
        println!("$ cofferdam {}", arguments.join(" "));
        let mut command = Command::new(&self.binary);
        command
            .arg("-C")
            .arg(&self.project)
            .arg("--cache-dir")
            .arg(&self.cache)
            .args(arguments);
        let start = Instant::now();
        let running = command.stderr(Stdio::piped()).spawn();
        let mut running = running.map_err(|error| unstarted(&command, &error))?;
        let mut counted = (0, 0);
        let printed = running.stderr.take().into_iter();
        for line in printed.flat_map(|err| BufReader::new(err).lines()) {
            let line =
                line.map_err(|error| format!("cannot read what `cofferdam` prints: {error}"))?;
            println!("{line}");
            counted = numbers(&line).unwrap_or(counted);
        }
        let status = running
            .wait()
            .map_err(|error| format!("cannot wait for `cofferdam`: {error}"))?;
        if !status.success() {
            return Err(format!("`{}` failed: {status}", shown(&command)));
        }
        let seconds = start.elapsed().as_secs_f64();
        let (actions, executed) = counted;
        Ok(Run {
            actions,
            executed,
            seconds,
        })
    }

    fn farewell(&self, built: u64, runs: &[(&str, &Run)]) {
        heading("Done");
        println!("The compiler took {built} s.");
        for (name, run) in runs {
            let Run {
                actions,
                executed,
                seconds,
                ..
            } = run;
            println!(
                "{name:>10}: {executed:>3} of {actions} actions executed, {:.0} ms",
                seconds * 1e3
            );
        }
        let site = self.project.join("public/current/index.html");
        println!("\nThe site: {}", site.display());
        let binaries = self.binary.parent().unwrap_or(&self.binary);
        println!(
            "\nTry next:\n  export PATH=\"{}:$PATH\"",
            binaries.display()
        );
        println!("  export COFFERDAM_CACHE_DIR=\"{}\"", self.cache.display());
        println!("  cd {}", self.project.display());
        for next in [
            "cofferdam run --check",
            "cofferdam graph",
            "cofferdam deploy local --dry-run",
        ] {
            println!("  {next}");
        }
    }
}

impl Run {
    fn executes(&self, what: &str, expected: impl Fn(usize) -> bool) -> Outcome {
        if expected(self.executed) {
            Ok(())
        } else {
            Err(format!("{what} executed {} actions", self.executed))
        }
    }
}

/// Actions and executed ones, from `Summary 8 actions: 5 cached, 3 executed, 4 ms`.
fn numbers(line: &str) -> Option<(usize, usize)> {
    let line = line.trim_start().strip_prefix("Summary ")?;
    let (actions, rest) = line.split_once(" action")?;
    let executed = rest.split_once(" executed")?.0.rsplit(' ').next()?;
    Some((actions.parse().ok()?, executed.parse().ok()?))
}

fn heading(text: &str) {
    println!("\n── {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read() {
        assert_eq!(
            numbers("     Summary 8 actions: 5 cached, 3 executed, 1 failed, 4 ms"),
            Some((8, 3))
        );
        assert_eq!(
            numbers("     Summary 1 action: 0 cached, 1 executed, 4 ms"),
            Some((1, 1))
        );
        assert_eq!(numbers("    Executed docs:guide    91d3aa07  2.1 ms"), None);
    }

    #[test]
    fn the_edited_page_is_part_of_the_handbook() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(root.join(PAGE).is_file() && SOURCES.iter().any(|source| PAGE.starts_with(source)));
    }
}

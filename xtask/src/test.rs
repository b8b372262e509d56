//! `cargo xtask test`: the tests of every crate, and a count of those that attack the sandbox and the store.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::guests::{MODULE_TARGET, TARGET};
use crate::steps::{Outcome, Workspace, add_target, flag, shown, unstarted};
use crate::{guests::Guest, programs};

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let all = flag(arguments, "--all")?;
    add_target(TARGET)?;
    add_target(MODULE_TARGET)?;
    let mut test = workspace.cargo();
    test.args(["test", "--locked", "--no-fail-fast"]);
    test.args(host_packages(workspace)?);
    if all {
        test.env(programs::VARIABLE, programs::gather(workspace)?);
    } else {
        test.env_remove(programs::VARIABLE);
    }

    eprintln!("$ {}", shown(&test));
    let mut running = test
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| unstarted(&test, &error))?;
    let mut counts = Counts::default();
    let mut screen = std::io::stdout().lock();
    for line in running
        .stdout
        .take()
        .into_iter()
        .flat_map(|out| BufReader::new(out).lines())
    {
        let line = line.map_err(|error| format!("cannot read what the tests print: {error}"))?;
        counts.add(&line);
        writeln!(screen, "{line}").map_err(|error| format!("cannot print: {error}"))?;
    }
    let status = running
        .wait()
        .map_err(|error| format!("cannot wait for the tests: {error}"))?;
    println!("{}", counts.line());
    if status.success() {
        Ok(())
    } else {
        Err(format!("tests failed: {status}"))
    }
}

/// Arguments that choose every crate but those that only make sense in the sandbox.
/// Clippy takes the same, so that both share what they build.
pub fn host_packages(workspace: &Workspace) -> Outcome<Vec<String>> {
    let mut arguments = vec!["--workspace".to_owned()];
    for guest in guests_only(workspace)? {
        arguments.extend(["--exclude".to_owned(), guest.package]);
    }
    Ok(arguments)
}

/// Guests that are not plugins, and so have no tests of their own.
pub fn guests_only(workspace: &Workspace) -> Outcome<Vec<Guest>> {
    let mut guests = workspace.fixtures()?;
    guests.extend(workspace.measured()?);
    Ok(guests)
}

/// How many tests there are of the kinds that are told by their names.
#[derive(Default)]
struct Counts {
    escapes: usize,
    faults: usize,
    inputs: usize,
    failed: usize,
}

impl Counts {
    /// Takes note of a line such as `test vfs::escape_by_parent ... ok`.
    fn add(&mut self, line: &str) {
        let Some((path, result)) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.split_once(" ... "))
        else {
            return;
        };
        let name = path
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .rsplit("::")
            .next()
            .unwrap_or_default();
        let count = match name {
            _ if name.starts_with("escape_") => &mut self.escapes,
            _ if name.starts_with("fault_") => &mut self.faults,
            _ if name.starts_with("bad_input_") => &mut self.inputs,
            _ => return,
        };
        *count += 1;
        if !result.starts_with("ok") {
            self.failed += 1;
        }
    }

    fn line(&self) -> String {
        let Counts {
            escapes,
            faults,
            inputs,
            failed,
        } = self;
        let end = if *failed == 0 {
            "all passed".to_owned()
        } else {
            format!("{failed} failed")
        };
        format!("Escape cases {escapes}, fault cases {faults}, bad input cases {inputs}: {end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lines: &[&str]) -> String {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.add(line));
        counts.line()
    }

    #[test]
    fn cases_are_counted_by_name() {
        let lines = [
            "running 4 tests",
            "test sandbox::vfs::escape_by_parent ... ok",
            "test escape_by_link ... ok",
            "test pack::fault_torn_tail ... ok",
            "test config::bad_input_cycle ... ok",
            "test config::reads_escape_nothing ... ok",
        ];
        assert_eq!(
            count(&lines),
            "Escape cases 2, fault cases 1, bad input cases 1: all passed"
        );
    }

    #[test]
    fn a_case_that_did_not_pass_is_told() {
        let lines = [
            "test escape_by_link ... FAILED",
            "test fault_full_disk ... ignored",
        ];
        assert_eq!(
            count(&lines),
            "Escape cases 1, fault cases 1, bad input cases 0: 2 failed"
        );
    }
}

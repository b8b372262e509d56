//! Calls that only the command line may make.

use super::{Finding, Source, Sources};

/// Folders of libraries, which return what they have to say.
const SILENT: [&str; 2] = ["cache/src/", "runtime/src/"];

const BANNED: &[(&str, &str)] = &[
    (
        "println!",
        "a library prints nothing: return it or send an event",
    ),
    (
        "eprintln!",
        "a library prints nothing: return it or send an event",
    ),
    (
        "print!",
        "a library prints nothing: return it or send an event",
    ),
    (
        "eprint!",
        "a library prints nothing: return it or send an event",
    ),
    (
        "env::var",
        "a library reads no environment: let the caller pass it",
    ),
    (
        "env::args",
        "a library reads no arguments: let the caller pass them",
    ),
    (
        "env::current_dir",
        "a library has no current folder: let the caller pass a path",
    ),
    (
        "env::set_current_dir",
        "a library has no current folder: let the caller pass a path",
    ),
    (
        "env::temp_dir",
        "a library has no folder of its own: let the caller pass a path",
    ),
    (
        "home_dir",
        "a library has no folder of its own: let the caller pass a path",
    ),
    (
        "process::exit",
        "a library ends no process: return an error",
    ),
    (
        "process::abort",
        "a library ends no process: return an error",
    ),
];

struct Exception {
    path: &'static str,
    call: &'static str,
    /// Shown to whoever finds the exception no longer needed.
    reason: &'static str,
}

/// What may stay, and why.
const EXCEPTIONS: &[Exception] = &[];

pub fn check(sources: &Sources) -> Vec<Finding> {
    check_with(sources, EXCEPTIONS)
}

fn check_with(sources: &Sources, exceptions: &[Exception]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut needed = vec![false; exceptions.len()];
    let silent = |source: &&Source| {
        SILENT.iter().any(|folder| source.path.starts_with(folder)) && !source.is_test()
    };
    for source in sources.rust().filter(silent) {
        for (line, text) in source.code() {
            let text = text.split("//").next().unwrap_or_default();
            for (call, reason) in BANNED.iter().filter(|(call, _)| calls(text, call)) {
                let excused = exceptions
                    .iter()
                    .position(|exception| exception.path == source.path && exception.call == *call);
                match excused {
                    Some(at) => needed[at] = true,
                    None => findings.push(Finding::new(
                        &source.path,
                        line,
                        format!("`{call}`: {reason}"),
                    )),
                }
            }
        }
    }
    for (exception, _) in exceptions.iter().zip(needed).filter(|(_, needed)| !needed) {
        let message = format!(
            "the exception for `{}` ({}) is not needed any more",
            exception.call, exception.reason
        );
        findings.push(Finding::new(exception.path, 0, message));
    }
    findings
}

/// Whether the line has the call as a word of its own: `eprintln!` has no `println!`.
fn calls(line: &str, call: &str) -> bool {
    line.match_indices(call).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|sign| sign.is_alphanumeric() || sign == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_silent() {
        let sources = Sources::of(&[
            ("cache/src/gc.rs", "fn f() {\n    eprintln!(\"x\");\n}\n"),
            (
                "runtime/src/plan.rs",
                "use std::env::var_os;\n// println!\n#[cfg(test)]\nmod tests {\n    println!();\n}\n",
            ),
            ("cli/src/main.rs", "println!();\nstd::process::exit(1);\n"),
        ]);
        let found: Vec<_> = check(&sources)
            .iter()
            .map(|finding| (finding.path.clone(), finding.line))
            .collect();
        assert_eq!(
            found,
            [
                ("cache/src/gc.rs".to_owned(), 2),
                ("runtime/src/plan.rs".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn an_exception_holds_until_it_is_not_needed() {
        let exceptions = [Exception {
            path: "cache/src/gc.rs",
            call: "process::abort",
            reason: "a test of kills",
        }];
        let with = Sources::of(&[("cache/src/gc.rs", "std::process::abort();\n")]);
        assert!(check_with(&with, &exceptions).is_empty());
        assert_eq!(check_with(&Sources::of(&[]), &exceptions).len(), 1);
    }
}

//! The one table of error kinds and exit codes.

use std::process::ExitCode;

use cofferdam_runtime::{Error, ErrorKind};

/// How the program ends. Where several errors have different codes, the gravest counts: the last in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    Denied,
    Environment,
    Interrupted,
    Bug,
}

/// Every way to end, as `--help` and docs/cli.md show it.
pub const TABLE: [(Exit, &str); 7] = [
    (Exit::Done, "done"),
    (Exit::Failed, "an action or its plugin failed"),
    (
        Exit::Usage,
        "the arguments, the project file or the lock are wrong",
    ),
    (Exit::Denied, "a capability was not granted"),
    (Exit::Environment, "the environment: disk, memory, network"),
    (Exit::Bug, "a bug in cofferdam"),
    (Exit::Interrupted, "interrupted"),
];

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Denied => 3,
            Exit::Environment => 4,
            Exit::Bug => 101,
            Exit::Interrupted => 130,
        }
    }

    /// The gravest of some errors.
    pub fn of<'a>(errors: impl IntoIterator<Item = &'a Error>) -> Exit {
        let exits = errors.into_iter().map(|error| Exit::from(error.kind));
        exits.max().unwrap_or(Exit::Done)
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Exit {
        match kind {
            ErrorKind::User | ErrorKind::Plugin => Exit::Failed,
            ErrorKind::Config => Exit::Usage,
            ErrorKind::Denied => Exit::Denied,
            ErrorKind::Environment => Exit::Environment,
            ErrorKind::Internal => Exit::Bug,
            ErrorKind::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// The table for `--help`.
pub fn help() -> String {
    let mut text = String::from("Exit codes:");
    for (exit, meaning) in TABLE {
        text.push_str(&format!("\n  {:>3}  {meaning}", exit.code()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_error_decides() {
        let errors = [
            Error::new(ErrorKind::User, "a"),
            Error::new(ErrorKind::Environment, "b"),
            Error::new(ErrorKind::Denied, "c"),
        ];
        assert_eq!(Exit::of(&errors), Exit::Environment);
        assert_eq!(Exit::of(&errors[..1]).code(), 1);
        assert_eq!(Exit::of([]), Exit::Done);
    }
}

//! Why something failed, who can mend it, and where.

use std::fmt;
use std::io;
use std::path::Path;

use crate::{Failure, FailureKind, Location, guest_path};

/// What `run` and its like return: one error for each thing that is wrong.
pub type Result<T = ()> = std::result::Result<T, Failures>;

impl Failure {
    /// What the action was given is wrong: a source file, a broken link, a failed test.
    pub fn user(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::User, message)
    }

    /// The action's `config` is wrong.
    pub fn config(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Config, message)
    }

    /// The plugin itself is at fault.
    pub fn internal(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Internal, message)
    }

    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            message: message.into(),
            location: None,
            retryable: false,
        }
    }

    /// In this file, or at this folder.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Failure {
        self.location = Some(Location {
            path: guest_path(path),
            line: None,
            column: None,
        });
        self
    }

    /// In this file, at a line and column that count from 1.
    #[must_use]
    pub fn at_position(self, path: impl AsRef<Path>, line: usize, column: usize) -> Failure {
        let mut failure = self.at(path);
        if let Some(location) = &mut failure.location {
            location.line = u32::try_from(line).ok();
            location.column = u32::try_from(column).ok();
        }
        failure
    }

    /// The same action may succeed when it is tried again.
    #[must_use]
    pub fn retryable(mut self) -> Failure {
        self.retryable = true;
        self
    }
}

/// `/src/a.md:3:7: the message`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            f.write_str(&location.path)?;
            for number in [location.line, location.column].into_iter().flatten() {
                write!(f, ":{number}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => FailureKind::Denied,
            _ => FailureKind::User,
        };
        Failure::new(kind, error.to_string())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::user(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Failure {
        Failure::user(message)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure::user(error.to_string())
    }
}

impl From<std::str::Utf8Error> for Failure {
    fn from(error: std::str::Utf8Error) -> Failure {
        Failure::user(error.to_string())
    }
}

impl From<fmt::Error> for Failure {
    fn from(error: fmt::Error) -> Failure {
        Failure::internal(error.to_string())
    }
}

/// One failure or more. `?` makes it from a [`Failure`] and from what a `Failure` is made from.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Failures(pub Vec<Failure>);

impl Failures {
    pub fn push(&mut self, failure: impl Into<Failure>) {
        self.0.push(failure.into());
    }

    /// Keeps the failures of one part, so that the next part can be looked at too.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failures) => {
                self.0.extend(failures.0);
                None
            }
        }
    }

    /// An error, if anything was kept.
    pub fn check(self) -> Result {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// Says where an error of something that knows no place happened: `File::open(path).at(path)?`.
pub trait At<T> {
    /// Failures that have a place keep it.
    fn at(self, path: impl AsRef<Path>) -> Result<T>;
}

impl<T, E: Into<Failures>> At<T> for std::result::Result<T, E> {
    fn at(self, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|error| {
            let mut failures = error.into();
            for failure in &mut failures.0 {
                if failure.location.is_none() {
                    *failure = failure.clone().at(path.as_ref());
                }
            }
            failures
        })
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, failure) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            failure.fmt(f)?;
        }
        Ok(())
    }
}

impl<E: Into<Failure>> From<E> for Failures {
    fn from(error: E) -> Failures {
        Failures(vec![error.into()])
    }
}

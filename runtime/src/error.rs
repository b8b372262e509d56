//! What can go wrong, as data: who can mend it, where it is, what to do.

use std::fmt;
use std::path::PathBuf;

/// Who can mend an error. The command line maps each to an exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// An action did its work and found what it was given wrong (exit code 1).
    User,
    /// The project file, the lock or the arguments (2).
    Config,
    /// The plugin is at fault, traps included (1).
    Plugin,
    /// A capability was not granted (3).
    Denied,
    /// Disk, memory, network (4).
    Environment,
    /// A bug of ours (101).
    Internal,
    /// Ctrl-C (130).
    Interrupted,
}

/// A place in a file of the project, as its user knows it. Counts from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    pub file: PathBuf,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// One error: a lower-case fragment with names in backticks, its causes from the outside in,
/// a position, and hints that say what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    pub causes: Vec<String>,
    pub at: Option<Position>,
    pub hints: Vec<String>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            causes: Vec::new(),
            at: None,
            hints: Vec::new(),
        }
    }

    pub fn config(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Config, message)
    }

    pub fn environment(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Environment, message)
    }

    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Error {
        self.causes.push(cause.to_string());
        self
    }

    #[must_use]
    pub fn at(mut self, position: Position) -> Error {
        self.at = Some(position);
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in &self.causes {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

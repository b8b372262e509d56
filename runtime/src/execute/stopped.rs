//! What an execution that has no answer tells its user.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Position};
use crate::execute::done::AFTER_FAULT;
use crate::execute::environment::Environment;
use crate::observe::{Kind, Observations};
use crate::plan::Action;
use crate::record::SOURCE;
use crate::sandbox::{Failure, FailureKind, Location, Stop};

/// At most this many paths are named in a hint.
const NAMED: usize = 5;

pub fn errors(
    environment: &Environment,
    action: &Action,
    stop: &Stop,
    observations: &Observations,
) -> Vec<Error> {
    let mut errors = stop_errors(
        &format!("action `{}`", action.name),
        action.position.as_ref(),
        stop,
    );
    if let Some(hint) = out_of_sight(environment, observations)
        && let Some(last) = errors.last_mut()
    {
        last.hints.push(hint);
    }
    errors
}

/// `what` is the action or deployment, `position` where the project file asks for it.
pub fn stop_errors(what: &str, position: Option<&Position>, stop: &Stop) -> Vec<Error> {
    match stop {
        Stop::Failed(failures) => failures
            .iter()
            .map(|failure| from_failure(what, position, failure))
            .collect(),
        other => vec![from_stop(what, other)],
    }
}

fn from_failure(what: &str, position: Option<&Position>, failure: &Failure) -> Error {
    let kind = match failure.kind {
        FailureKind::User => ErrorKind::User,
        FailureKind::Config => ErrorKind::Config,
        FailureKind::Denied => ErrorKind::Denied,
        FailureKind::Internal => ErrorKind::Plugin,
    };
    let mut error = Error::new(kind, format!("{what} failed")).cause(&failure.message);
    error.at = match &failure.location {
        Some(location) => Some(shown(location)),
        None if failure.kind == FailureKind::Config => position.cloned(),
        None => None,
    };
    if failure.kind == FailureKind::Config {
        error = error.hint("`cofferdam plugin inspect PLUGIN` shows what its config may say");
    }
    if failure.retryable {
        error = error.hint("the plugin says that another try may succeed");
    }
    error
}

/// A guest's path as its user knows it: `/src/x` and `/build/x` as `x`, `/in/pages/y` as `pages:y`.
fn shown(location: &Location) -> Position {
    let path = location.path.trim_start_matches("./");
    let file = if let Some(rest) = path
        .strip_prefix("/src/")
        .or_else(|| path.strip_prefix("/build/"))
    {
        rest.to_owned()
    } else if let Some(rest) = path.strip_prefix("/in/") {
        rest.replacen('/', ":", 1)
    } else {
        path.to_owned()
    };
    Position {
        file: PathBuf::from(file),
        line: location.line,
        column: location.column,
    }
}

fn from_stop(what: &str, stop: &Stop) -> Error {
    let plugin = |message: String| Error::new(ErrorKind::Plugin, message);
    match stop {
        Stop::Failed(_) => unreachable!("failures have errors of their own"),
        Stop::Exited(code) => {
            Error::new(ErrorKind::User, format!("{what} exited with code {code}"))
        }
        Stop::Trapped { message, backtrace } => {
            let mut error = plugin(format!("{what} crashed")).cause(message);
            error
                .causes
                .extend(backtrace.iter().map(|frame| format!("in {frame}")));
            error.hint("this is a bug of the plugin: report it to its author")
        }
        Stop::StackOverflow => plugin(format!("{what} used up its stack"))
            .hint("the plugin recurses too deeply: report it to its author"),
        Stop::OutOfMemory(limit) => plugin(format!(
            "{what} needs more memory than its limit of {} MiB",
            limit >> 20
        ))
        .hint("raise its `memory` if that is expected"),
        Stop::TimedOut(limit) => plugin(format!("{what} did not end within {limit:?}"))
            .hint("raise its `timeout` if that is expected"),
        Stop::Cancelled => Error::new(ErrorKind::Interrupted, format!("{what} was interrupted")),
        Stop::OverQuota(quota) => plugin(format!("{what} was ended: it {quota}")),
        Stop::Fault(fault) => {
            Error::environment(format!("{what} ended: the host could not serve it"))
                .cause(fault)
                .hint(AFTER_FAULT)
        }
    }
}

/// How an execution ended that ended well before.
pub fn in_short(stop: &Stop) -> String {
    match stop {
        Stop::Failed(failures) => failures.first().map_or_else(
            || "fails".to_owned(),
            |first| format!("fails: {}", first.message),
        ),
        Stop::Exited(code) => format!("exits with code {code}"),
        Stop::Trapped { message, .. } => format!("crashes: {message}"),
        other => format!("ends otherwise ({other:?})"),
    }
}

/// Paths the action looked for and did not find although they exist: `reads` does not show them.
fn out_of_sight(environment: &Environment, observations: &Observations) -> Option<String> {
    let missed = observations.facts.iter().filter(|((mount, path), fact)| {
        *mount == SOURCE
            && fact.kind == Kind::Absent
            && environment
                .table
                .identity(path)
                .is_ok_and(|identity| identity.kind != Kind::Absent)
    });
    let paths: Vec<&str> = missed.map(|((_, path), _)| &**path).take(NAMED).collect();
    if paths.is_empty() {
        return None;
    }
    let list: Vec<String> = paths.iter().map(|path| format!("\"{path}\"")).collect();
    Some(format!(
        "it looked for what exists outside its `reads`; to show it, add {} to `reads`",
        list.join(", ")
    ))
}

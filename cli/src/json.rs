//! The subscriber for programs: one JSON object a line, the summary last.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cofferdam_runtime::{Error, ErrorKind, Event, LogLine, Summary};
use serde::Serialize;

use crate::stdout::Stdout;
use crate::terminal::level_name;

/// For docs/cli.md.
pub const REFERENCE: &str = "\
One JSON object a line on stdout, each with `event` first; programs should pass over events and fields that they do \
not know. Times are in milliseconds. Every action has one end: `cached`, `executed`, `failed` or `skipped`; what is \
looked up or executed is `started` before. Actions of a planner about which nothing has changed are told together, by \
`unchanged`. A run in which nothing has changed tells only its `summary`, which is always last where there is one. \
Its four counts add up to `actions`.

| event | fields |
|---|---|
| `compiling` | `component` |
| `compiled` | `component`, `elapsed_ms` |
| `started` | `action`, `planned` (how many actions are known by now) |
| `progress` | `action`, `done`, `total` (or null), `message` |
| `log` | `action`, `level` (`debug`, `info`, `warn`, `error`), `message`, `fields` (pairs) |
| `cached` | `action`, `output` (a digest's first digits), `saved_ms` |
| `unchanged` | `planner`, `actions` (how many of it), `saved_ms` |
| `executed` | `action`, `output`, `elapsed_ms` |
| `failed` | `action`, `errors`, `stdout`, `stderr` |
| `skipped` | `action`, `because` (the action that failed) |
| `notice` | `message` |
| `wrote` | `folder`, `files`, `deleted` |
| `error` | those of an error, for what is wrong with the whole run |
| `summary` | `actions`, `cached`, `executed`, `failed`, `skipped`, `elapsed_ms` |

An error has `kind` (`user`, `config`, `plugin`, `denied`, `environment`, `internal`, `interrupted`), `message`, \
`causes`, `file`, `line` and `column` (or null), `hints`.
";

/// Durations are in milliseconds with fractions, but for `elapsed_ms` of the summary, which is whole.
/// What guests printed is UTF-8 with replacement characters for what is not.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Compiling {
        component: &'a str,
    },
    Compiled {
        component: &'a str,
        elapsed_ms: f64,
    },
    Started {
        action: &'a str,
        planned: usize,
    },
    Progress {
        action: &'a str,
        done: u64,
        total: Option<u64>,
        message: &'a str,
    },
    Log {
        action: &'a str,
        level: &'static str,
        message: &'a str,
        fields: Vec<(&'a str, &'a str)>,
    },
    Cached {
        action: &'a str,
        output: &'a str,
        saved_ms: f64,
    },
    Unchanged {
        planner: &'a str,
        actions: usize,
        saved_ms: f64,
    },
    Executed {
        action: &'a str,
        output: &'a str,
        elapsed_ms: f64,
    },
    Failed {
        action: &'a str,
        errors: Vec<Shown<'a>>,
        stdout: String,
        stderr: String,
    },
    Skipped {
        action: &'a str,
        because: &'a str,
    },
    Notice {
        message: &'a str,
    },
    Wrote {
        folder: &'a str,
        files: usize,
        deleted: usize,
    },
    /// An error of the run itself.
    Error(Shown<'a>),
    Summary {
        actions: usize,
        cached: usize,
        executed: usize,
        failed: usize,
        skipped: usize,
        elapsed_ms: u128,
    },
}

#[derive(Serialize)]
struct Shown<'a> {
    kind: &'static str,
    message: &'a str,
    causes: &'a [String],
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    hints: &'a [String],
}

pub struct Json {
    state: Mutex<State>,
}

struct State {
    out: Stdout,
    summary: Option<Summary>,
}

impl Json {
    pub fn new(out: Stdout) -> Json {
        Json {
            state: Mutex::new(State { out, summary: None }),
        }
    }

    pub fn tell(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match line(event) {
            Line::Summary { .. } => {
                if let Event::Finished(summary) = event {
                    state.summary = Some(summary.clone());
                }
            }
            line => state.out.print(&text(&line)),
        }
    }

    /// Errors that no event told, then the summary. Says whether stdout took it all.
    pub fn close(&self, errors: &[Error]) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for error in errors {
            state.out.print(&text(&Line::Error(shown(error))));
        }
        if let Some(summary) = state.summary.take() {
            state.out.print(&text(&line(&Event::Finished(summary))));
        }
        state.out.close()
    }
}

fn text(line: &Line<'_>) -> String {
    // Texts and numbers only: nothing in it can fail to be written.
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}

/// To the microsecond.
fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

fn line(event: &Event) -> Line<'_> {
    match event {
        Event::Compiling { component } => Line::Compiling { component },
        Event::Compiled { component, elapsed } => Line::Compiled {
            component,
            elapsed_ms: millis(*elapsed),
        },
        Event::Started { action, planned } => Line::Started {
            action,
            planned: *planned,
        },
        Event::Progress {
            action,
            done,
            total,
            message,
        } => Line::Progress {
            action,
            done: *done,
            total: *total,
            message,
        },
        Event::Log { action, line } => log(action, line),
        Event::Cached {
            action,
            output,
            saved,
        } => Line::Cached {
            action,
            output,
            saved_ms: millis(*saved),
        },
        Event::Unchanged {
            planner,
            actions,
            saved,
        } => Line::Unchanged {
            planner,
            actions: *actions,
            saved_ms: millis(*saved),
        },
        Event::Executed {
            action,
            output,
            elapsed,
        } => Line::Executed {
            action,
            output,
            elapsed_ms: millis(*elapsed),
        },
        Event::Failed {
            action,
            errors,
            stdout,
            stderr,
        } => Line::Failed {
            action,
            errors: errors.iter().map(shown).collect(),
            stdout: String::from_utf8_lossy(stdout).into_owned(),
            stderr: String::from_utf8_lossy(stderr).into_owned(),
        },
        Event::Skipped { action, because } => Line::Skipped { action, because },
        Event::Notice { message } => Line::Notice { message },
        Event::Wrote {
            folder,
            files,
            deleted,
        } => Line::Wrote {
            folder,
            files: *files,
            deleted: *deleted,
        },
        Event::Finished(summary) => Line::Summary {
            actions: summary.actions,
            cached: summary.cached,
            executed: summary.executed,
            failed: summary.failed,
            skipped: summary.skipped,
            elapsed_ms: summary.elapsed.as_millis(),
        },
    }
}

fn log<'a>(action: &'a str, line: &'a LogLine) -> Line<'a> {
    let fields = line
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Line::Log {
        action,
        level: level_name(line.level),
        message: &line.message,
        fields: fields.collect(),
    }
}

fn shown(error: &Error) -> Shown<'_> {
    let kind = match error.kind {
        ErrorKind::User => "user",
        ErrorKind::Config => "config",
        ErrorKind::Plugin => "plugin",
        ErrorKind::Denied => "denied",
        ErrorKind::Environment => "environment",
        ErrorKind::Internal => "internal",
        ErrorKind::Interrupted => "interrupted",
    };
    Shown {
        kind,
        message: &error.message,
        causes: &error.causes,
        file: error
            .at
            .as_ref()
            .map(|position| position.file.display().to_string()),
        line: error.at.as_ref().and_then(|position| position.line),
        column: error.at.as_ref().and_then(|position| position.column),
        hints: &error.hints,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_in_the_reference() {
        let source = include_str!("json.rs");
        let declared = source
            .split("enum Line<'a> {")
            .nth(1)
            .unwrap()
            .split("\n}")
            .next()
            .unwrap();
        let names = declared
            .lines()
            .filter(|line| line.starts_with("    ") && line.as_bytes()[4].is_ascii_uppercase());
        let names: Vec<String> = names
            .map(|line| line.trim().split([' ', '(']).next().unwrap().to_lowercase())
            .collect();
        assert_eq!(names.len(), 14);
        for name in names {
            assert!(REFERENCE.contains(&format!("| `{name}` |")), "{name}");
        }
    }

    #[test]
    fn lines_begin_with_their_event() {
        let summary = Summary {
            actions: 7,
            cached: 4,
            executed: 2,
            failed: 1,
            skipped: 0,
            elapsed: Duration::from_micros(31_900),
            saved: Duration::ZERO,
        };
        assert_eq!(
            text(&line(&Event::Finished(summary))),
            "{\"event\":\"summary\",\"actions\":7,\"cached\":4,\"executed\":2,\"failed\":1,\"skipped\":0,\"elapsed_ms\":31}\n"
        );
        let failed = Event::Failed {
            action: "lint".to_owned(),
            errors: vec![Error::new(ErrorKind::User, "a `b`\nc").hint("d")],
            stdout: vec![b'x', 0xff],
            stderr: Vec::new(),
        };
        assert_eq!(
            text(&line(&failed)),
            "{\"event\":\"failed\",\"action\":\"lint\",\"errors\":[{\"kind\":\"user\",\"message\":\"a `b`\\nc\",\
             \"causes\":[],\"file\":null,\"line\":null,\"column\":null,\"hints\":[\"d\"]}],\
             \"stdout\":\"x\u{fffd}\",\"stderr\":\"\"}\n"
        );
        assert_eq!(
            text(&Line::Error(shown(&Error::config("no")))),
            "{\"event\":\"error\",\"kind\":\"config\",\"message\":\"no\",\"causes\":[],\"file\":null,\
             \"line\":null,\"column\":null,\"hints\":[]}\n"
        );
    }
}

//! A timeline of a run in Chrome's trace event format, which Perfetto opens: a lane for each worker,
//! lanes for compilation, marks for what came from the cache, and the counts over time.
//! The format: "Trace Event Format", JSON array form; times are microseconds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_runtime::{Error, Event};
use serde_json::{Value, json};

/// The first lane for compilations; executions have those below.
const COMPILATIONS: usize = 1000;
/// Where marks go that belong to no lane.
const MARKS: usize = 2000;

pub struct Trace {
    path: PathBuf,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    executions: Lanes,
    compilations: Lanes,
    cached: usize,
    executed: usize,
    failed: usize,
    written: std::io::Result<()>,
    empty: bool,
}

/// Gives each thing that runs the lowest lane that is free.
struct Lanes {
    first: usize,
    name: &'static str,
    /// Who is in each lane that was ever used, and since when.
    taken: Vec<Option<String>>,
    since: BTreeMap<String, (usize, Duration)>,
}

impl Trace {
    pub fn create(path: &Path) -> Result<Trace, Error> {
        let file = File::create(path).map_err(|error| {
            Error::environment(format!("cannot write the timeline `{}`", path.display()))
                .cause(error)
        })?;
        Ok(Trace::to(path, Box::new(BufWriter::new(file))))
    }

    fn to(path: &Path, out: Box<dyn Write + Send>) -> Trace {
        Trace {
            path: path.to_path_buf(),
            began: Instant::now(),
            state: Mutex::new(State {
                out,
                executions: Lanes::new(1, "worker"),
                compilations: Lanes::new(COMPILATIONS, "compiler"),
                cached: 0,
                executed: 0,
                failed: 0,
                written: Ok(()),
                empty: true,
            }),
        }
    }

    pub fn tell(&self, event: &Event) {
        self.tell_at(event, self.began.elapsed());
    }

    fn tell_at(&self, event: &Event, now: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in state.entries(event, now) {
            state.write(&entry);
        }
    }

    pub fn close(&self) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let end = if state.empty { "[]\n" } else { "\n]\n" };
        let written = std::mem::replace(&mut state.written, Ok(()));
        let written = written
            .and_then(|()| state.out.write_all(end.as_bytes()))
            .and_then(|()| state.out.flush());
        written.map_err(|error| {
            Error::environment(format!(
                "cannot write the timeline `{}`",
                self.path.display()
            ))
            .cause(error)
        })
    }
}

impl State {
    fn entries(&mut self, event: &Event, now: Duration) -> Vec<Value> {
        match event {
            Event::Started { action, .. } => self.executions.enter(action, now),
            Event::Compiling { component } => self.compilations.enter(component, now),
            Event::Compiled { component, elapsed } => {
                self.compilations
                    .leave(component, "compile", now, *elapsed, &json!({}))
            }
            Event::Executed {
                action,
                output,
                elapsed,
            } => {
                self.executed += 1;
                let ended = json!({ "output": output, "result": "executed" });
                let span = self
                    .executions
                    .leave(action, "executed", now, *elapsed, &ended);
                self.counted(span, now)
            }
            Event::Cached { action, output, .. } => {
                self.cached += 1;
                let ended = json!({ "output": output, "result": "cached" });
                let span = match self.executions.is_in(action) {
                    true => self
                        .executions
                        .leave(action, "cached", now, Duration::ZERO, &ended),
                    false => vec![mark(&format!("cached {action}"), now, &ended)],
                };
                self.counted(span, now)
            }
            Event::Unchanged {
                planner, actions, ..
            } => {
                self.cached += actions;
                let count = json!({ "actions": actions });
                let span = vec![mark(&format!("unchanged {planner}"), now, &count)];
                self.counted(span, now)
            }
            Event::Failed { action, errors, .. } => {
                self.failed += 1;
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                let ended = json!({ "errors": errors, "result": "failed" });
                let span = self
                    .executions
                    .leave(action, "failed", now, Duration::ZERO, &ended);
                self.counted(span, now)
            }
            Event::Skipped { action, because } => {
                vec![mark(
                    &format!("skipped {action}"),
                    now,
                    &json!({ "because": because }),
                )]
            }
            Event::Notice { message } => vec![mark(message, now, &json!({}))],
            Event::Wrote {
                folder,
                files,
                deleted,
            } => {
                let counts = json!({ "files": files, "deleted": deleted });
                vec![mark(&format!("wrote {folder}"), now, &counts)]
            }
            Event::Progress { .. } | Event::Log { .. } | Event::Finished(_) => Vec::new(),
        }
    }

    fn counted(&self, mut entries: Vec<Value>, now: Duration) -> Vec<Value> {
        let counts =
            json!({ "cached": self.cached, "executed": self.executed, "failed": self.failed });
        entries.push(
            json!({ "name": "actions", "ph": "C", "pid": 1, "ts": micros(now), "args": counts }),
        );
        entries
    }

    fn write(&mut self, entry: &Value) {
        let before = if self.empty { "[\n" } else { ",\n" };
        self.empty = false;
        if self.written.is_ok() {
            self.written = write!(self.out, "{before}{entry}");
        }
    }
}

impl Lanes {
    fn new(first: usize, name: &'static str) -> Lanes {
        Lanes {
            first,
            name,
            taken: Vec::new(),
            since: BTreeMap::new(),
        }
    }

    fn is_in(&self, name: &str) -> bool {
        self.since.contains_key(name)
    }

    /// A new lane is introduced by its name.
    fn enter(&mut self, name: &str, now: Duration) -> Vec<Value> {
        let free = self.taken.iter().position(Option::is_none);
        let lane = free.unwrap_or(self.taken.len());
        self.since.insert(name.to_owned(), (lane, now));
        if free.is_some() {
            self.taken[lane] = Some(name.to_owned());
            return Vec::new();
        }
        self.taken.push(Some(name.to_owned()));
        let title = format!("{} {}", self.name, lane + 1);
        vec![json!({
            "name": "thread_name", "ph": "M", "pid": 1, "tid": self.first + lane, "args": { "name": title },
        })]
    }

    /// One that never entered has a lane of its own for its `elapsed` time before now.
    fn leave(
        &mut self,
        name: &str,
        category: &str,
        now: Duration,
        elapsed: Duration,
        arguments: &Value,
    ) -> Vec<Value> {
        let mut entries = Vec::new();
        if !self.is_in(name) {
            entries = self.enter(name, now.saturating_sub(elapsed));
        }
        if let Some((lane, since)) = self.since.remove(name) {
            self.taken[lane] = None;
            entries.push(json!({
                "name": name, "cat": category, "ph": "X", "pid": 1, "tid": self.first + lane,
                "ts": micros(since), "dur": micros(now.saturating_sub(since)), "args": arguments,
            }));
        }
        entries
    }
}

fn mark(name: &str, now: Duration, arguments: &Value) -> Value {
    json!({
        "name": name, "cat": "mark", "ph": "i", "s": "p", "pid": 1, "tid": MARKS, "ts": micros(now), "args": arguments,
    })
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn trace(events: &[(Event, u64)]) -> Vec<Value> {
        let out = Written::default();
        let trace = Trace::to(Path::new("t"), Box::new(out.clone()));
        for (event, millis) in events {
            trace.tell_at(event, Duration::from_millis(*millis));
        }
        trace.close().unwrap();
        let bytes = out.0.lock().unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn started(action: &str) -> Event {
        Event::Started {
            action: action.to_owned(),
            planned: 3,
        }
    }

    fn executed(action: &str) -> Event {
        Event::Executed {
            action: action.to_owned(),
            output: "1a2b3c4d".to_owned(),
            elapsed: Duration::from_millis(2),
        }
    }

    #[test]
    fn spans_share_a_lane_only_one_after_another() {
        let entries = trace(&[
            (started("a"), 0),
            (started("b"), 1),
            (executed("a"), 5),
            (started("c"), 6),
            (executed("b"), 9),
            (executed("c"), 10),
            (
                Event::Cached {
                    action: "d".to_owned(),
                    output: "00".to_owned(),
                    saved: Duration::ZERO,
                },
                11,
            ),
        ]);
        let mut spans: Vec<_> = entries
            .iter()
            .filter(|entry| entry["ph"] == "X")
            .map(|entry| {
                let number = |key: &str| entry[key].as_f64().unwrap();
                (
                    number("tid") as u32,
                    number("ts"),
                    number("ts") + number("dur"),
                    entry["name"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            spans,
            [
                (1, 0.0, 5000.0, "a"),
                (2, 1000.0, 9000.0, "b"),
                (1, 6000.0, 10000.0, "c")
            ]
        );
        spans.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        assert!(
            spans
                .windows(2)
                .all(|pair| pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1)
        );
        let names = entries.iter().filter(|entry| entry["ph"] == "M").count();
        assert_eq!(names, 2, "each lane is named once");
        assert!(
            entries
                .iter()
                .any(|entry| entry["ph"] == "i" && entry["name"] == "cached d")
        );
        let counts = entries.iter().rfind(|entry| entry["ph"] == "C").unwrap();
        assert_eq!(
            counts["args"],
            json!({ "cached": 1, "executed": 3, "failed": 0 })
        );
    }

    #[test]
    fn an_empty_run_is_a_valid_file() {
        assert_eq!(trace(&[]), Vec::<Value>::new());
    }
}

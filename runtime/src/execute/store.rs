//! After a miss: blobs → trees → path set → result, in this order, as one batch.

use std::sync::Arc;
use std::time::Duration;

use cofferdam_cache::{ActionResult, Batch, Digest, Node, StoreError, Tree};

use crate::error::{Error, ErrorKind};
use crate::event::{Level, LogLine};
use crate::execute::done::{Done, Ending, How};
use crate::execute::environment::Environment;
use crate::execute::lookup::{done, full_key};
use crate::execute::reason::Reason;
use crate::execute::stopped;
use crate::observe::{Facets, Observations};
use crate::plan::Action;
use crate::record::{Reader, Writer};
use crate::sandbox::vfs::{Built, BuiltFile, BuiltNode, Delta};
use crate::sandbox::{Answer, Ended, NeedSource, PlannedAction, PlannedNeed};

pub fn store(
    environment: &Environment,
    action: &Action,
    ended: Ended,
    took: Duration,
    reason: Reason,
) -> Result<Ending, StoreError> {
    let planned = match ended.result {
        Ok(finished) => match finished.answer {
            Answer::Planned(actions) => Some(actions),
            Answer::Ran | Answer::Changed(_) => None,
        },
        Err(stop) => {
            let errors = stopped::errors(environment, action, &stop, &ended.built.observations);
            let (stdout, stderr) = (ended.stdout, ended.stderr);
            return Ok(Ending::Failed {
                errors,
                stdout,
                stderr,
            });
        }
    };
    if let Some(missing) = missing_output(action, &ended.built) {
        return Ok(Ending::Failed {
            errors: vec![missing],
            stdout: ended.stdout,
            stderr: ended.stderr,
        });
    }
    let trees = &environment.trees;
    let mut batch = trees.store().batch()?;
    let mut output = None;
    let mut layer = None;
    for (at, delta) in ended.built.deltas {
        let digest = put_delta(&mut batch, delta)?;
        match &*at {
            "/out" => output = Some(digest),
            _ => layer = Some(digest),
        }
    }
    let observations = ended.built.observations;
    let key = full_key(&action.key, &observations);
    let extra = Extra {
        microseconds: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        planned,
    };
    let path_set = batch.put(&encode_path_set(&observations))?;
    let result = ActionResult {
        output,
        layers: layer
            .iter()
            .map(|digest| ("build".to_owned(), *digest))
            .collect(),
        stdout: batch.put(&ended.stdout)?,
        stderr: batch.put(&ended.stderr)?,
        log: batch.put(&encode_log(&ended.log))?,
        exit_code: 0,
        extra: encode_extra(&extra),
        blobs: vec![path_set],
    };
    let output = match output {
        Some(output) => output,
        None => put_delta(&mut batch, Delta::default())?,
    };
    batch.put_path_set(&action.key, &path_set)?;
    let first = match trees.store().result(&key)? {
        Some(first) if trees.store().complete(&first)? => Some(first),
        _ => None,
    };
    if first.is_none() || environment.force {
        batch.put_result(&key, &result)?;
    }
    batch.commit()?;
    let how = How::Executed(reason);
    if let Some(first) = first {
        if first.output != result.output {
            environment.differs(action, &key, first.output.as_ref(), result.output.as_ref());
        }
        let done = done(&first, key, observations.clone());
        if let (Some(done), false) = (done, environment.force) {
            return Ok(Ending::Done(Done { how, took, ..done }));
        }
    }
    Ok(Ending::Done(Done {
        output,
        layer,
        full_key: key,
        observations: Some(Arc::new(observations)),
        planned: extra.planned.map(Arc::new),
        how,
        took,
    }))
}

/// The error of an action that did not leave what it declares.
fn missing_output(action: &Action, built: &Built) -> Option<Error> {
    let (_, out) = built.deltas.iter().find(|(at, _)| &**at == "/out")?;
    let there = |path: &str| {
        let mut names = path.split('/').peekable();
        let mut delta = out;
        while let Some(name) = names.next() {
            let Some((_, node)) = delta
                .entries
                .iter()
                .find(|(entry, _)| entry.as_str() == name)
            else {
                return false;
            };
            match node {
                _ if names.peek().is_none() => return true,
                BuiltNode::Directory { entries, .. } => delta = entries,
                _ => return false,
            }
        }
        true
    };
    let missing = action.outputs.iter().find(|path| !there(path))?;
    let error = Error::new(
        ErrorKind::User,
        format!("action `{}` left no `{missing}` below `/out`", action.name),
    );
    let error =
        error.hint("its `outputs` name what it must leave: mend the action, or take the name out");
    Some(match &action.position {
        Some(position) => error.at(position.clone()),
        None => error,
    })
}

fn put_delta(batch: &mut Batch, delta: Delta) -> Result<Digest, StoreError> {
    let mut entries = Vec::with_capacity(delta.entries.len());
    for (name, node) in delta.entries {
        let node = match node {
            BuiltNode::File { file, executable } => {
                let digest = match file {
                    BuiltFile::Stored(digest) => digest,
                    BuiltFile::Bytes(bytes) => batch.put(&bytes)?,
                };
                Node::File { digest, executable }
            }
            BuiltNode::Directory { entries, opaque } => {
                let digest = put_delta(batch, entries)?;
                Node::Directory { digest, opaque }
            }
            BuiltNode::Symlink { target } => Node::Symlink { target },
            BuiltNode::Whiteout => Node::Whiteout,
        };
        entries.push((name, node));
    }
    batch.put_tree(Tree::new(entries).expect("a delta's names are distinct"))
}

fn encode_path_set(observations: &Observations) -> Vec<u8> {
    let mut out = Writer::default();
    out.number(observations.facts.len() as u64);
    for ((mount, path), fact) in &observations.facts {
        out.number(u64::from(*mount));
        out.byte(fact.facets.bits());
        out.text(path);
    }
    out.0
}

pub fn decode_path_set(bytes: &[u8]) -> Option<Vec<(u16, Box<str>, Facets)>> {
    let mut reader = Reader(bytes);
    (0..reader.count()?)
        .map(|_| {
            let mount = u16::try_from(reader.number()?).ok()?;
            let facets = Facets::from_bits(reader.byte()?)?;
            Some((mount, reader.text()?.into(), facets))
        })
        .collect()
}

/// What the runtime keeps in a result beside what the cache knows of.
pub struct Extra {
    pub microseconds: u64,
    /// Of a planner.
    pub planned: Option<Vec<PlannedAction>>,
}

fn encode_extra(extra: &Extra) -> Vec<u8> {
    let mut out = Writer::default();
    out.number(extra.microseconds);
    out.byte(u8::from(extra.planned.is_some()));
    for action in extra.planned.iter().flatten() {
        out.text(&action.name);
        out.byte(u8::from(action.plugin.is_some()) | u8::from(action.exported) << 1);
        if let Some(plugin) = &action.plugin {
            out.text(plugin);
        }
        out.text(&action.config);
        out.number(action.reads.len() as u64);
        for pattern in &action.reads {
            out.text(pattern);
        }
        out.number(action.needs.len() as u64);
        for need in &action.needs {
            out.text(&need.name);
            let (kind, name) = match &need.source {
                NeedSource::Planned(name) => (0, name),
                NeedSource::Inherited(name) => (1, name),
            };
            out.byte(kind);
            out.text(name);
        }
    }
    out.0
}

pub fn decode_extra(bytes: &[u8]) -> Option<Extra> {
    let mut reader = Reader(bytes);
    let microseconds = reader.number()?;
    if reader.byte()? == 0 {
        return Some(Extra {
            microseconds,
            planned: None,
        });
    }
    let mut planned = Vec::new();
    while !reader.0.is_empty() {
        let name = reader.text()?.to_owned();
        let flags = reader.byte()?;
        planned.push(PlannedAction {
            name,
            plugin: if flags & 1 != 0 {
                Some(reader.text()?.to_owned())
            } else {
                None
            },
            exported: flags & 2 != 0,
            config: reader.text()?.to_owned(),
            reads: (0..reader.count()?)
                .map(|_| reader.text().map(str::to_owned))
                .collect::<Option<_>>()?,
            needs: (0..reader.count()?)
                .map(|_| decode_need(&mut reader))
                .collect::<Option<_>>()?,
        });
    }
    Some(Extra {
        microseconds,
        planned: Some(planned),
    })
}

fn decode_need(reader: &mut Reader) -> Option<PlannedNeed> {
    let name = reader.text()?.to_owned();
    let kind = reader.byte()?;
    let source = reader.text()?.to_owned();
    Some(PlannedNeed {
        name,
        source: match kind {
            0 => NeedSource::Planned(source),
            _ => NeedSource::Inherited(source),
        },
    })
}

fn encode_log(lines: &[LogLine]) -> Vec<u8> {
    let mut out = Writer::default();
    for line in lines {
        out.byte(line.level as u8);
        out.text(&line.message);
        out.number(line.fields.len() as u64);
        for (name, value) in &line.fields {
            out.text(name);
            out.text(value);
        }
    }
    out.0
}

/// The lines of a stored log, as far as they can be read.
pub fn decode_log(bytes: &[u8]) -> Vec<LogLine> {
    let mut reader = Reader(bytes);
    std::iter::from_fn(|| {
        let level = match reader.byte()? {
            0 => Level::Debug,
            1 => Level::Info,
            2 => Level::Warn,
            _ => Level::Error,
        };
        let message = reader.text()?.to_owned();
        let fields = (0..reader.count()?)
            .map(|_| Some((reader.text()?.to_owned(), reader.text()?.to_owned())))
            .collect::<Option<_>>()?;
        Some(LogLine {
            level,
            message,
            fields,
        })
    })
    .collect()
}

//! After a miss: blobs → trees → path set → result, in this order, as one batch.

use std::sync::Arc;
use std::time::Duration;

use cofferdam_cache::{ActionResult, Batch, Digest, Node, StoreError, Tree};

use crate::error::{Error, ErrorKind};
use crate::event::{Level, LogLine};
use crate::execute::done::{Done, Ending, How};
use crate::execute::environment::Environment;
use crate::execute::extra::{End, Extra};
use crate::execute::lookup::{done, full_key};
use crate::execute::reason::Reason;
use crate::execute::stopped;
use crate::observe::{Facets, Observations};
use crate::plan::Action;
use crate::record::{Reader, Writer};
use crate::sandbox::vfs::{Built, BuiltFile, BuiltNode, Delta};
use crate::sandbox::{Answer, Ended, Stop};

pub fn store(
    environment: &Environment,
    action: &Action,
    ended: Ended,
    took: Duration,
    reason: Reason,
) -> Result<Ending, StoreError> {
    if let Err(stop) = &ended.result {
        if action.cache_failures && stop.is_repeatable() {
            keep_failure(environment, action, stop, &ended, took)?;
        }
        return Ok(Ending::Failed {
            errors: stopped::errors(environment, action, stop, &ended.built.observations),
            stdout: ended.stdout,
            stderr: ended.stderr,
        });
    }
    let planned = match ended.result.map(|finished| finished.answer) {
        Ok(Answer::Planned(actions)) => Some(actions),
        _ => None,
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
        end: planned.map_or(End::Ran, End::Planned),
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
        extra: extra.encode(),
        blobs: vec![path_set],
    };
    let output = match output {
        Some(output) => output,
        None => put_delta(&mut batch, Delta::default())?,
    };
    batch.put_path_set(&action.key, &path_set)?;
    // A failure that was kept is no first result: now it did succeed.
    let first = match trees.store().result(&key)? {
        Some(first) if first.exit_code == 0 && trees.store().complete(&first)? => Some(first),
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
        planned: extra.planned().map(Arc::new),
        how,
        took,
    }))
}

/// A result without an output. Where one is known already, the first one stays.
fn keep_failure(
    environment: &Environment,
    action: &Action,
    stop: &Stop,
    ended: &Ended,
    took: Duration,
) -> Result<(), StoreError> {
    let store = environment.trees.store();
    let observations = &ended.built.observations;
    let mut batch = store.batch()?;
    let path_set = batch.put(&encode_path_set(observations))?;
    let extra = Extra {
        microseconds: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        end: End::Stopped(stop.clone()),
    };
    let result = ActionResult {
        output: None,
        layers: Vec::new(),
        stdout: batch.put(&ended.stdout)?,
        stderr: batch.put(&ended.stderr)?,
        log: batch.put(&encode_log(&ended.log))?,
        exit_code: match stop {
            Stop::Exited(code) => *code,
            _ => 1,
        },
        extra: extra.encode(),
        blobs: vec![path_set],
    };
    batch.put_path_set(&action.key, &path_set)?;
    let key = full_key(&action.key, observations);
    if environment.force || store.result(&key)?.is_none() {
        batch.put_result(&key, &result)?;
    }
    batch.commit()
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

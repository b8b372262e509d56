//! What an action of the last run observed, left and said.

use std::sync::Arc;

use cofferdam_cache::{ActionResult, Digest, Node, Store};

use crate::error::Error;
use crate::event::LogLine;
use crate::execute::{decode_log, describe};
use crate::inspect::{find, last_run};
use crate::observe::Fault;
use crate::open::{OpenOptions, from_store};
use crate::project::join;
use crate::record::{ActionRecord, PathRef, SOURCE};
use crate::trees::Trees;

pub struct Shown {
    pub action: String,
    pub output: Digest,
    pub microseconds: u64,
    /// Path and what was observed of it, in order.
    pub reads: Vec<(String, String)>,
    pub outputs: Vec<Output>,
    pub log: Vec<LogLine>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// One file or link of an action's output.
pub struct Output {
    pub path: String,
    pub size: u64,
    /// Of a file.
    pub digest: Option<Digest>,
    /// Of a symbolic link.
    pub target: Option<String>,
    pub executable: bool,
}

pub fn show(open: &OpenOptions, name: &str) -> Result<Shown, Error> {
    let (record, actions) = last_run(open)?;
    let action = &actions[find(&actions, name)?];
    let store = Arc::new(Store::open(&open.cache_dir).map_err(|error| from_store(&error))?);
    let trees = Trees::new(store.clone());
    let fault = |fault: Fault| Error::environment(fault.to_string());
    // An action that only gathers what others left ran nothing, so that nothing is stored of it.
    let result = match action.full_key == action.key {
        true => None,
        false => {
            let result = store.result(&action.full_key);
            let result = result.map_err(|error| from_store(&error))?;
            Some(result.ok_or_else(|| {
                Error::environment(format!("the result of `{name}` is no longer in the cache"))
                    .hint("run again: it is made anew")
            })?)
        }
    };
    let said = |of: fn(&ActionResult) -> &Digest| match &result {
        Some(result) => trees.blob(of(result)).map_err(fault),
        None => Ok(Arc::default()),
    };
    let mut outputs = Vec::new();
    list(&trees, &action.output, "", &mut outputs).map_err(fault)?;
    let reads = action.facts.iter().map(|known| {
        let path = match &known.path {
            PathRef::Row(row) => record.rows.path(*row as usize),
            PathRef::Text(text) => text,
        };
        (shown(action, known.mount, path), describe(&known.fact))
    });
    Ok(Shown {
        action: name.to_owned(),
        output: action.output,
        microseconds: action.microseconds,
        reads: reads.collect(),
        outputs,
        log: decode_log(&said(|result| &result.log)?),
        stdout: said(|result| &result.stdout)?.to_vec(),
        stderr: said(|result| &result.stderr)?.to_vec(),
    })
}

/// A path as its user knows it: `x` of the project, `NAME:x` of a need, `base:x`.
fn shown(action: &ActionRecord, mount: u16, path: &str) -> String {
    let path = if path.is_empty() { "." } else { path };
    if mount == SOURCE {
        return path.to_owned();
    }
    match action.needs.get(usize::from(mount) - 1) {
        Some((need, _)) => format!("{need}:{path}"),
        None => format!("base:{path}"),
    }
}

fn list(trees: &Trees, tree: &Digest, path: &str, outputs: &mut Vec<Output>) -> Result<(), Fault> {
    for (name, node) in trees.tree(tree)?.entries() {
        let path = join(path, name.as_str());
        match node {
            Node::Directory { digest, .. } => list(trees, digest, &path, outputs)?,
            Node::File { digest, executable } => outputs.push(Output {
                path,
                size: digest.size,
                digest: Some(*digest),
                target: None,
                executable: *executable,
            }),
            Node::Symlink { target } => outputs.push(Output {
                path,
                size: target.len() as u64,
                digest: None,
                target: Some(target.to_string()),
                executable: false,
            }),
            Node::Whiteout => {}
        }
    }
    Ok(())
}

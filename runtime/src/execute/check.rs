//! `run --check`: is what an action leaves decided by what it observes alone?

use cofferdam_cache::{Digest, Node, Tree};

use crate::error::Error;
use crate::execute::done::Done;
use crate::execute::environment::Environment;
use crate::execute::mounts::Mounts;
use crate::observe::Fault;
use crate::plan::Action;
use crate::project::join;
use crate::sandbox::Answer;
use crate::sandbox::vfs::{BuiltFile, BuiltNode, Delta};
use crate::trees::Trees;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Same,
    /// The first path of the output that differs; of a planner, its plan.
    Differs(String),
}

/// Runs an action again and compares. `variation` 0: with the same random numbers and clocks, so that any
/// difference is a fault of the plugin or of the sandbox; else with others.
pub fn check(
    environment: &Environment,
    action: &Action,
    mounts: &Mounts,
    done: &Done,
    variation: u64,
) -> Result<Verdict, Error> {
    let ended = environment.run(action, mounts, variation)?;
    let finished = match ended.result {
        Ok(finished) => finished,
        Err(stop) => {
            return Ok(Verdict::Differs(format!(
                "its end: it now {}",
                crate::execute::stopped::in_short(&stop)
            )));
        }
    };
    let mut output = done.output;
    if let (Answer::Planned(now), Some(before)) = (&finished.answer, &done.planned) {
        if now != &**before {
            return Ok(Verdict::Differs("its plan".to_owned()));
        }
        // What is kept as a planner's output is what its actions leave.
        output = Digest::empty_tree();
    }
    let fault = |fault: Fault| Error::environment(fault.to_string());
    for (at, delta) in &ended.built.deltas {
        let before = if &**at == "/out" {
            Some(output)
        } else {
            done.layer
        };
        let before = before.unwrap_or_else(Digest::empty_tree);
        if let Some(path) = difference(&environment.trees, &before, delta, "").map_err(fault)? {
            return Ok(Verdict::Differs(path));
        }
    }
    Ok(Verdict::Same)
}

/// The first path, in order, at which a delta is not what the stored tree says.
fn difference(
    trees: &Trees,
    stored: &Digest,
    delta: &Delta,
    folder: &str,
) -> Result<Option<String>, Fault> {
    let tree = trees.tree(stored)?;
    for (name, node) in &delta.entries {
        let path = join(folder, name.as_str());
        let same = match (tree.get(name.as_str()), node) {
            (
                Some(Node::Directory { digest, opaque }),
                BuiltNode::Directory {
                    entries,
                    opaque: now,
                },
            ) if opaque == now => match difference(trees, digest, entries, &path)? {
                Some(path) => return Ok(Some(path)),
                None => true,
            },
            (
                Some(Node::File { digest, executable }),
                BuiltNode::File {
                    file,
                    executable: now,
                },
            ) => executable == now && *digest == file_digest(file),
            (Some(Node::Symlink { target }), BuiltNode::Symlink { target: now }) => target == now,
            (Some(Node::Whiteout), BuiltNode::Whiteout) => true,
            _ => false,
        };
        if !same {
            return Ok(Some(path));
        }
    }
    Ok(first_missing(&tree, delta).map(|name| join(folder, name)))
}

fn first_missing<'t>(tree: &'t Tree, delta: &Delta) -> Option<&'t str> {
    let names = tree.entries().iter().map(|(name, _)| name);
    let mut missing = names.filter(|name| {
        delta
            .entries
            .binary_search_by(|(other, _)| other.cmp(name))
            .is_err()
    });
    missing.next().map(cofferdam_cache::Name::as_str)
}

fn file_digest(file: &BuiltFile) -> Digest {
    match file {
        BuiltFile::Stored(digest) => *digest,
        BuiltFile::Bytes(bytes) => Digest::of(bytes),
    }
}

//! Putting the outputs of planned actions together, and changing such a union where one of them changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use cofferdam_cache::{Batch, Digest, Name, Node, Tree};

use crate::observe::Fault;
use crate::trees::cached::Trees;

/// Two parts of a union hold something at one path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    pub path: String,
    /// The places of the two parts in the list.
    pub parts: (usize, usize),
}

enum Entry {
    Leaf(Node, usize),
    Directory(BTreeMap<Name, Entry>, usize),
}

/// The tree that holds everything the parts hold. Directories merge; a leaf belongs to one part, so that
/// [`replace`] can take it away with that part alone.
/// Its directories are put into `batch`.
pub fn union(
    trees: &Trees,
    parts: &[Digest],
    batch: &mut Batch,
) -> Result<Result<Digest, Conflict>, Fault> {
    if let [only] = parts {
        return Ok(Ok(*only));
    }
    let mut root = BTreeMap::new();
    for (part, digest) in parts.iter().enumerate() {
        if let Err(conflict) = add(trees, &mut root, digest, part, "")? {
            return Ok(Err(conflict));
        }
    }
    put(root, batch).map(Ok)
}

fn add(
    trees: &Trees,
    into: &mut BTreeMap<Name, Entry>,
    digest: &Digest,
    part: usize,
    path: &str,
) -> Result<Result<(), Conflict>, Fault> {
    for (name, node) in trees.tree(digest)?.entries() {
        let conflict = |other| {
            Ok(Err(Conflict {
                path: format!("{path}{name}"),
                parts: (other, part),
            }))
        };
        match (into.get_mut(name), node) {
            (None, Node::Directory { digest, .. }) => {
                let mut children = BTreeMap::new();
                if let Err(conflict) = add(
                    trees,
                    &mut children,
                    digest,
                    part,
                    &format!("{path}{name}/"),
                )? {
                    return Ok(Err(conflict));
                }
                into.insert(name.clone(), Entry::Directory(children, part));
            }
            (None, leaf) => {
                into.insert(name.clone(), Entry::Leaf(leaf.clone(), part));
            }
            (Some(Entry::Directory(children, _)), Node::Directory { digest, .. }) => {
                if let Err(conflict) =
                    add(trees, children, digest, part, &format!("{path}{name}/"))?
                {
                    return Ok(Err(conflict));
                }
            }
            (Some(Entry::Leaf(_, other) | Entry::Directory(_, other)), _) => {
                return conflict(*other);
            }
        }
    }
    Ok(Ok(()))
}

fn put(entries: BTreeMap<Name, Entry>, batch: &mut Batch) -> Result<Digest, Fault> {
    let entries = entries.into_iter().map(|(name, entry)| {
        let node = match entry {
            Entry::Leaf(node, _) => node,
            Entry::Directory(children, _) => {
                let digest = put(children, batch)?;
                Node::Directory {
                    digest,
                    opaque: false,
                }
            }
        };
        Ok((name, node))
    });
    let entries = entries.collect::<Result<_, Fault>>()?;
    store_tree(entries, batch)
}

fn store_tree(entries: Vec<(Name, Node)>, batch: &mut Batch) -> Result<Digest, Fault> {
    let tree = Tree::new(entries).expect("a map's names are distinct");
    batch
        .put_tree(tree)
        .map_err(|error| Fault::new(format!("cannot write to the cache: {error}")))
}

/// `whole` without what `old` holds and with what `new` holds: reads and writes only the directories on the
/// way to a difference. `None` where that is not possible without looking at the other parts of the union
/// (a folder becomes empty, or a leaf stands where a directory was): then make it anew.
pub fn replace(
    trees: &Trees,
    whole: &Digest,
    old: Option<&Digest>,
    new: Option<&Digest>,
    batch: &mut Batch,
) -> Result<Option<Digest>, Fault> {
    let entries = |digest: Option<&Digest>| match digest {
        Some(digest) => trees.tree(digest),
        None => Ok(Arc::default()),
    };
    let (old, new) = (entries(old)?, entries(new)?);
    let mut result: BTreeMap<Name, Node> = trees.tree(whole)?.entries().iter().cloned().collect();
    let mut names: Vec<&Name> = old
        .entries()
        .iter()
        .chain(new.entries())
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names.dedup();
    for name in names {
        let (before, after) = (old.get(name.as_str()), new.get(name.as_str()));
        if before == after {
            continue;
        }
        let directory = |node: Option<&Node>| match node {
            Some(Node::Directory { digest, .. }) => Some(*digest),
            _ => None,
        };
        let (from, to) = (directory(before), directory(after));
        let is_leaf =
            |node: Option<&Node>| node.is_some_and(|node| directory(Some(node)).is_none());
        if is_leaf(before) || is_leaf(after) {
            if from.is_some() || to.is_some() || result.get(name) != before {
                return Ok(None);
            }
            match after {
                Some(leaf) => result.insert(name.clone(), leaf.clone()),
                None => result.remove(name),
            };
            continue;
        }
        let here = match result.get(name) {
            Some(Node::Directory { digest, .. }) => *digest,
            Some(_) => return Ok(None),
            None => store_tree(Vec::new(), batch)?,
        };
        let Some(digest) = replace(trees, &here, from.as_ref(), to.as_ref(), batch)? else {
            return Ok(None);
        };
        if trees.tree(&digest)?.entries().is_empty() {
            // Whether another part has this folder, empty, cannot be told from here.
            return Ok(None);
        }
        result.insert(
            name.clone(),
            Node::Directory {
                digest,
                opaque: false,
            },
        );
    }
    store_tree(result.into_iter().collect(), batch).map(Some)
}

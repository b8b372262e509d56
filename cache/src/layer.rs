//! Laying layers over trees, and trees beside one another.

use std::sync::Arc;

use crate::{Batch, Digest, Name, Node, StoreError, Tree};

#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("tree `{0:?}` is not in the store")]
    Missing(Digest),
}

/// The tree that is seen where `layers`, the topmost first, lie over `base`, which is no layer.
/// It has neither whiteouts nor opaque directories, and is put into the batch.
/// Directories of the base that no layer reaches into are taken over unread.
pub fn flatten(
    batch: &mut Batch<'_>,
    layers: &[Digest],
    base: Option<&Digest>,
) -> Result<Digest, MergeError> {
    let mut stack: Vec<_> = layers.iter().map(|layer| (*layer, false)).collect();
    stack.extend(base.map(|base| (*base, true)));
    flatten_stack(batch, &stack)
}

/// `stack`: directories, the topmost first, and whether each is free of whiteouts.
fn flatten_stack(batch: &mut Batch<'_>, stack: &[(Digest, bool)]) -> Result<Digest, MergeError> {
    if let [(digest, true)] = stack {
        return Ok(*digest);
    }
    let trees = load(batch, stack.iter().map(|(digest, _)| digest))?;
    let mut entries = Vec::new();
    for (name, nodes) in by_name(&trees) {
        let mut nodes = nodes.into_iter();
        let node = match nodes.next() {
            None | Some((_, Node::Whiteout)) => continue,
            Some((level, Node::Directory { digest, opaque })) => {
                let mut below = vec![(*digest, stack[level].1)];
                let mut open = !opaque;
                for (level, node) in nodes {
                    match node {
                        Node::Directory { digest, opaque } if open => {
                            below.push((*digest, stack[level].1));
                            open = !opaque;
                        }
                        _ => break,
                    }
                }
                Node::Directory {
                    digest: flatten_stack(batch, &below)?,
                    opaque: false,
                }
            }
            Some((_, node)) => node.clone(),
        };
        entries.push((name.clone(), node));
    }
    put(batch, entries)
}

/// Two trees of a union that hold different things under one path; the first is in the result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    pub path: String,
    /// Positions among the trees given.
    pub first: usize,
    pub second: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Union {
    pub tree: Digest,
    pub conflicts: Vec<Conflict>,
}

/// All of several trees in one. Directories merge; files and links that are equal are no conflict.
/// Directories that only one tree has, or all have alike, are taken over unread.
pub fn union(batch: &mut Batch<'_>, trees: &[Digest]) -> Result<Union, MergeError> {
    let mut conflicts = Vec::new();
    let inputs: Vec<_> = trees.iter().copied().enumerate().collect();
    let tree = unite(batch, "", &inputs, &mut conflicts)?;
    Ok(Union { tree, conflicts })
}

fn unite(
    batch: &mut Batch<'_>,
    path: &str,
    inputs: &[(usize, Digest)],
    conflicts: &mut Vec<Conflict>,
) -> Result<Digest, MergeError> {
    if let [(_, first), rest @ ..] = inputs
        && rest.iter().all(|(_, digest)| digest == first)
    {
        return Ok(*first);
    }
    let trees = load(batch, inputs.iter().map(|(_, digest)| digest))?;
    let mut entries = Vec::new();
    for (name, nodes) in by_name(&trees) {
        let path = match path {
            "" => name.to_string(),
            _ => format!("{path}/{name}"),
        };
        let (first_level, first) = nodes[0];
        let mut below = Vec::new();
        for (level, node) in nodes {
            match (first, node) {
                (Node::Directory { .. }, Node::Directory { digest, .. }) => {
                    below.push((inputs[level].0, *digest));
                }
                _ if first != node => conflicts.push(Conflict {
                    path: path.clone(),
                    first: inputs[first_level].0,
                    second: inputs[level].0,
                }),
                _ => {}
            }
        }
        let node = match first {
            Node::Directory { opaque, .. } => Node::Directory {
                digest: unite(batch, &path, &below, conflicts)?,
                opaque: *opaque,
            },
            other => other.clone(),
        };
        entries.push((name.clone(), node));
    }
    put(batch, entries)
}

fn load<'d>(
    batch: &Batch<'_>,
    digests: impl Iterator<Item = &'d Digest>,
) -> Result<Vec<Arc<Tree>>, MergeError> {
    digests
        .map(|digest| {
            let tree = batch.store().tree(digest)?;
            tree.ok_or(MergeError::Missing(*digest))
        })
        .collect()
}

fn put(batch: &mut Batch<'_>, entries: Vec<(Name, Node)>) -> Result<Digest, MergeError> {
    let tree = Tree::new(entries).expect("names come sorted and once");
    Ok(batch.put_tree(tree)?)
}

/// Each name once, in order, with what the trees hold under it, in the order of the trees.
fn by_name(trees: &[Arc<Tree>]) -> Vec<(&Name, Vec<(usize, &Node)>)> {
    let mut all: Vec<(&Name, usize, &Node)> = Vec::new();
    for (level, tree) in trees.iter().enumerate() {
        all.extend(
            tree.entries()
                .iter()
                .map(|(name, node)| (name, level, node)),
        );
    }
    all.sort_by_key(|(name, level, _)| (*name, *level));
    let same = |a: &(&Name, usize, &Node), b: &(&Name, usize, &Node)| a.0 == b.0;
    let groups = all.chunk_by(same).map(|group| {
        let nodes = group.iter().map(|(_, level, node)| (*level, *node));
        (group[0].0, nodes.collect())
    });
    groups.collect()
}

//! Putting the outputs of planned actions together, and changing such a union where one of them changed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
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
/// [`Change::replace`] can take it away with that part alone.
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

/// A union that is changed part by part. Only directories on the way to a difference are read, and each that
/// changes is written once, by [`finish`](Change::finish).
pub struct Change<'a> {
    trees: &'a Trees,
    root: Level,
}

/// A directory on the way to a difference.
struct Level {
    tree: Arc<Tree>,
    /// What is there instead now; `None`: nothing.
    leaves: BTreeMap<Name, Option<Node>>,
    below: BTreeMap<Name, Level>,
}

impl<'a> Change<'a> {
    pub fn new(trees: &'a Trees, whole: &Digest) -> Result<Change<'a>, Fault> {
        let root = Level::new(trees.tree(whole)?);
        Ok(Change { trees, root })
    }

    /// Takes away what `old` holds and adds what `new` holds. `false` where that is not possible without looking
    /// at the other parts of the union (a folder becomes empty, or a leaf stands where a directory was): then
    /// make it anew.
    pub fn replace(&mut self, old: Option<&Digest>, new: Option<&Digest>) -> Result<bool, Fault> {
        self.root.replace(self.trees, old, new)
    }

    pub fn finish(self, batch: &mut Batch) -> Result<Digest, Fault> {
        self.root.finish(batch)
    }
}

impl Level {
    fn new(tree: Arc<Tree>) -> Level {
        Level {
            tree,
            leaves: BTreeMap::new(),
            below: BTreeMap::new(),
        }
    }

    fn leaf(&self, name: &Name) -> Option<&Node> {
        match self.leaves.get(name) {
            Some(changed) => changed.as_ref(),
            None => self.tree.get(name.as_str()),
        }
    }

    fn replace(
        &mut self,
        trees: &Trees,
        old: Option<&Digest>,
        new: Option<&Digest>,
    ) -> Result<bool, Fault> {
        let entries = |digest: Option<&Digest>| match digest {
            Some(digest) => trees.tree(digest),
            None => Ok(Arc::default()),
        };
        let (old, new) = (entries(old)?, entries(new)?);
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
                let stands = self.leaf(name);
                if from.is_some()
                    || to.is_some()
                    || self.below.contains_key(name)
                    || stands != before
                {
                    return Ok(false);
                }
                self.leaves.insert(name.clone(), after.cloned());
                continue;
            }
            let level = match self.below.entry(name.clone()) {
                Slot::Occupied(level) => level.into_mut(),
                Slot::Vacant(free) => {
                    let changed = self.leaves.get(name).map(Option::as_ref);
                    let tree = match changed.unwrap_or_else(|| self.tree.get(name.as_str())) {
                        Some(Node::Directory { digest, .. }) => trees.tree(digest)?,
                        Some(_) => return Ok(false),
                        None => Arc::default(),
                    };
                    free.insert(Level::new(tree))
                }
            };
            if !level.replace(trees, from.as_ref(), to.as_ref())? {
                return Ok(false);
            }
            if level.is_empty() {
                // Whether another part has this folder, empty, cannot be told from here.
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_empty(&self) -> bool {
        let gone = |name: &Name| matches!(self.leaves.get(name), Some(None));
        self.below.is_empty()
            && self.leaves.values().all(Option::is_none)
            && self.tree.entries().iter().all(|(name, _)| gone(name))
    }

    fn finish(self, batch: &mut Batch) -> Result<Digest, Fault> {
        let mut changed: BTreeMap<Name, Option<Node>> = self.leaves;
        for (name, level) in self.below {
            let digest = level.finish(batch)?;
            let opaque = false;
            changed.insert(name, Some(Node::Directory { digest, opaque }));
        }
        let kept = self.tree.entries().iter();
        let kept = kept.filter(|(name, _)| !changed.contains_key(name));
        let mut entries: Vec<(Name, Node)> = kept.cloned().collect();
        entries.extend(
            changed
                .into_iter()
                .filter_map(|(name, node)| Some((name, node?))),
        );
        store_tree(entries, batch)
    }
}

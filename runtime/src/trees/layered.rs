//! A layer over a tree: what an action that starts from another one's working tree sees.

use std::sync::Arc;

use cofferdam_cache::{Digest, Node};

use crate::observe::{Content, Fault, Kind, Listing, Lower, Stat};
use crate::trees::cached::{StoredTree, Trees, kind_of};

/// A delta with whiteouts and opaque directories, laid over another tree.
pub struct LayeredTree {
    trees: Arc<Trees>,
    layer: StoredTree,
    root: Digest,
    below: Arc<dyn Lower>,
}

/// Which of the two a path is taken from.
enum Side {
    Layer,
    /// A directory of both.
    Merged(Digest),
    Below,
    Absent,
}

impl LayeredTree {
    pub fn new(trees: Arc<Trees>, layer: Digest, below: Arc<dyn Lower>) -> LayeredTree {
        LayeredTree {
            layer: StoredTree::new(trees.clone(), layer),
            trees,
            root: layer,
            below,
        }
    }

    fn side(&self, path: &str) -> Result<Side, Fault> {
        let mut digest = self.root;
        let mut opaque = false;
        let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            let node = self.trees.tree(&digest)?.get(name).cloned();
            match node {
                Some(Node::Directory {
                    digest: next,
                    opaque: hides,
                }) => {
                    digest = next;
                    opaque |= hides;
                }
                Some(Node::Whiteout) => return Ok(Side::Absent),
                Some(_) if names.peek().is_none() => return Ok(Side::Layer),
                Some(_) => return Ok(Side::Absent),
                None if opaque => return Ok(Side::Absent),
                None => return Ok(Side::Below),
            }
        }
        Ok(if opaque {
            Side::Layer
        } else {
            Side::Merged(digest)
        })
    }

    fn pick(&self, path: &str) -> Result<&dyn Lower, Fault> {
        Ok(match self.side(path)? {
            Side::Layer => &self.layer,
            _ => &*self.below,
        })
    }
}

impl Lower for LayeredTree {
    fn stat(&self, path: &str) -> Result<Stat, Fault> {
        match self.side(path)? {
            Side::Layer => self.layer.stat(path),
            Side::Merged(_) => Ok(Stat {
                kind: Kind::Directory,
                size: 0,
            }),
            Side::Below => self.below.stat(path),
            Side::Absent => Ok(Stat::ABSENT),
        }
    }

    fn list(&self, path: &str) -> Result<Listing, Fault> {
        let digest = match self.side(path)? {
            Side::Merged(digest) => digest,
            Side::Layer => return self.layer.list(path),
            _ => return self.below.list(path),
        };
        let mut names: Vec<(Box<str>, Kind)> = if self.below.stat(path)?.kind == Kind::Directory {
            self.below.list(path)?.to_vec()
        } else {
            Vec::new()
        };
        let layer = self.trees.tree(&digest)?;
        names.retain(|(name, _)| layer.get(name).is_none());
        for (name, node) in layer.entries() {
            if *node != Node::Whiteout {
                names.push((name.as_str().into(), kind_of(node)));
            }
        }
        names.sort();
        Ok(names.into())
    }

    fn link(&self, path: &str) -> Result<Arc<str>, Fault> {
        self.pick(path)?.link(path)
    }

    fn digest(&self, path: &str) -> Result<(Digest, bool), Fault> {
        self.pick(path)?.digest(path)
    }

    fn read(&self, path: &str) -> Result<Content, Fault> {
        self.pick(path)?.read(path)
    }
}

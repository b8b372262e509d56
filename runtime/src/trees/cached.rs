//! A tree of the store as a lower tree.

use std::sync::Arc;

use cofferdam_cache::{Digest, Node, Store, StoreError, Tree};

use crate::observe::{Content, Fault, Kind, Listing, Lower, Stat};

/// The store as executions read it: what is not there, or damaged, is a fault.
pub struct Trees {
    store: Arc<Store>,
}

impl Trees {
    pub fn new(store: Arc<Store>) -> Trees {
        Trees { store }
    }

    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub fn tree(&self, digest: &Digest) -> Result<Arc<Tree>, Fault> {
        if *digest == Digest::empty_tree() {
            return Ok(Arc::default());
        }
        found(self.store.tree(digest), digest)
    }

    pub fn blob(&self, digest: &Digest) -> Result<Arc<[u8]>, Fault> {
        found(self.store.get(digest), digest)
    }
}

fn found<T>(looked_up: Result<Option<T>, StoreError>, digest: &Digest) -> Result<T, Fault> {
    match looked_up {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Fault::new(format!(
            "the cache lost the blob {}; the next run makes it anew",
            digest.short()
        ))),
        Err(error) => Err(Fault::new(format!("cannot read the cache: {error}"))),
    }
}

/// A tree of the store, read directory by directory as it is used.
pub struct StoredTree {
    trees: Arc<Trees>,
    root: Digest,
}

impl StoredTree {
    pub fn new(trees: Arc<Trees>, root: Digest) -> StoredTree {
        StoredTree { trees, root }
    }

    /// The node at a path; `Ok(None)` where there is none. The root is a directory.
    pub fn node(&self, path: &str) -> Result<Option<Node>, Fault> {
        let mut node = Node::Directory {
            digest: self.root,
            opaque: false,
        };
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Node::Directory { digest, .. } = &node else {
                return Ok(None);
            };
            match self.trees.tree(digest)?.get(name) {
                Some(next) => node = next.clone(),
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    fn file(&self, path: &str) -> Result<(Digest, bool), Fault> {
        match self.node(path)? {
            Some(Node::File { digest, executable }) => Ok((digest, executable)),
            _ => Err(Fault::new(format!("`{path}` is not a file of its tree"))),
        }
    }
}

pub fn kind_of(node: &Node) -> Kind {
    match node {
        Node::File { .. } => Kind::File,
        Node::Directory { .. } => Kind::Directory,
        Node::Symlink { .. } => Kind::Symlink,
        Node::Whiteout => Kind::Absent,
    }
}

impl Lower for StoredTree {
    fn stat(&self, path: &str) -> Result<Stat, Fault> {
        Ok(match self.node(path)? {
            None => Stat::ABSENT,
            Some(node) => Stat {
                kind: kind_of(&node),
                size: match &node {
                    Node::File { digest, .. } => digest.size,
                    Node::Symlink { target } => target.len() as u64,
                    _ => 0,
                },
            },
        })
    }

    fn list(&self, path: &str) -> Result<Listing, Fault> {
        match self.node(path)? {
            Some(Node::Directory { digest, .. }) => {
                let tree = self.trees.tree(&digest)?;
                let names = tree.entries().iter();
                Ok(names
                    .map(|(name, node)| (name.as_str().into(), kind_of(node)))
                    .collect())
            }
            _ => Err(Fault::new(format!(
                "`{path}` is not a directory of its tree"
            ))),
        }
    }

    fn link(&self, path: &str) -> Result<Arc<str>, Fault> {
        match self.node(path)? {
            Some(Node::Symlink { target }) => Ok(target.into()),
            _ => Err(Fault::new(format!(
                "`{path}` is not a symbolic link of its tree"
            ))),
        }
    }

    fn digest(&self, path: &str) -> Result<(Digest, bool), Fault> {
        self.file(path)
    }

    fn read(&self, path: &str) -> Result<Content, Fault> {
        let (digest, executable) = self.file(path)?;
        let bytes = self.trees.blob(&digest)?;
        Ok(Content {
            digest,
            executable,
            bytes,
        })
    }
}

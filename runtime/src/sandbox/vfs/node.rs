//! What exists: files, directories and links, by number. Handles and names hold numbers, never paths.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHasher};

use super::bytes::Bytes;
use super::sight::SeenId;
use crate::observe::Kind;

pub(super) type NodeId = u32;

/// No node.
pub(super) const NONE: NodeId = NodeId::MAX;

/// The guest's `/`.
pub(super) const ROOT: NodeId = 0;

/// The mount number of the folders above the mounts.
pub(super) const ABOVE: u16 = u16::MAX;

pub(super) struct Node {
    pub inode: u64,
    /// Names it has; lives while it has one or is open.
    pub links: u32,
    pub opens: u32,
    /// Of a directory; of `/` itself.
    pub parent: NodeId,
    pub mount: u16,
    pub body: Body,
}

pub(super) enum Body {
    /// A number to use again.
    Free,
    /// A folder above mounts: names in byte order.
    Above(Vec<(Box<str>, NodeId)>),
    Directory(Directory),
    File(File),
    Symlink(Text),
    /// A device, socket or pipe of a tree below.
    Other,
    HostDirectory(cap_std::fs::Dir),
    HostFile(cap_std::fs::File),
}

/// A directory of a tree or an overlay.
#[derive(Default)]
pub(super) struct Directory {
    /// The directories below that it merges, topmost first. Empty for one that the guest made.
    pub layers: Vec<SeenId>,
    /// Every name that was looked up or changed. With no layers: every name there is.
    pub names: HashMap<Box<str>, Slot, FxBuildHasher>,
    /// `names` differs from what the layers have.
    pub changed: bool,
    /// It has no name any more: nothing can be found or made in it.
    pub removed: bool,
}

/// What a name of a directory stands for.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// [`NONE`] if nothing has this name.
    pub node: NodeId,
    /// What the layers have under this name.
    pub below: Kind,
    /// The guest put the node here: it is not what the layers have.
    pub made: bool,
}

pub(super) struct File {
    pub content: Content,
    /// Bytes charged for it.
    pub charged: u64,
}

pub(super) enum Content {
    Below {
        seen: SeenId,
        /// It is a part of what is written, and not in the store.
        kept: Option<Arc<[u8]>>,
    },
    Own {
        bytes: Bytes,
        executable: bool,
    },
}

impl File {
    pub(super) fn is_below(&self) -> bool {
        matches!(self.content, Content::Below { .. })
    }
}

impl Content {
    pub(super) fn below(seen: SeenId) -> Content {
        Content::Below { seen, kept: None }
    }
}

pub(super) enum Text {
    Below(SeenId),
    Own(Arc<str>),
}

impl Node {
    pub(super) fn kind(&self) -> Kind {
        match &self.body {
            Body::Free => Kind::Absent,
            Body::Above(_) | Body::Directory(_) | Body::HostDirectory(_) => Kind::Directory,
            Body::File(_) | Body::HostFile(_) => Kind::File,
            Body::Symlink(_) => Kind::Symlink,
            Body::Other => Kind::Other,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind() == Kind::Directory
    }
}

/// All nodes, by number; numbers are used again.
#[derive(Default)]
pub(super) struct Nodes {
    all: Vec<Node>,
    free: Vec<NodeId>,
    made: u64,
}

impl Nodes {
    pub(super) fn with_capacity(count: usize) -> Nodes {
        Nodes {
            all: Vec::with_capacity(count),
            ..Nodes::default()
        }
    }

    pub(super) fn add(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.free.pop() {
            self[id] = node;
            return id;
        }
        let id = NodeId::try_from(self.all.len()).expect("fewer than 2^32 nodes: see the quotas");
        self.all.push(node);
        id
    }

    pub(super) fn free(&mut self, id: NodeId) {
        self[id].body = Body::Free;
        self.free.push(id);
    }

    /// An inode for what the guest makes: never used twice.
    pub(super) fn fresh_inode(&mut self) -> u64 {
        self.made += 1;
        mix(self.made)
    }

    pub(super) fn directory(&self, id: NodeId) -> Option<&Directory> {
        match &self[id].body {
            Body::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    pub(super) fn directory_mut(&mut self, id: NodeId) -> Option<&mut Directory> {
        match &mut self[id].body {
            Body::Directory(directory) => Some(directory),
            _ => None,
        }
    }
}

impl std::ops::Index<NodeId> for Nodes {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.all[id as usize]
    }
}

impl std::ops::IndexMut<NodeId> for Nodes {
    fn index_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.all[id as usize]
    }
}

/// The inode of what a directory below has under a name: known without looking the name up.
pub(super) fn inode_below(directory: u64, name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(directory);
    hasher.write(name.as_bytes());
    mix(hasher.finish())
}

/// Spreads every bit over all others (the finaliser of splitmix64). Never 0: C libraries take that for unknown.
pub(super) fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)).max(1)
}

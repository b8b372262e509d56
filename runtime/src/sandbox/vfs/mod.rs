//! The file system that a guest sees. Knows nothing of wasmtime: `wasi/` serves it to components.
//!
//! A path is walked (`walk`) from a handle's node to a node (`node`); what lies below in a tree is asked
//! for once, pinned and recorded (`sight`); names (`names`) and contents (`file`, `bytes`) change only in
//! overlays, of which `delta` tells what was written. Real folders go through cap-std (`host`).
//!
//! Where POSIX leaves a choice, Linux is followed. Where WASI and POSIX differ:
//!
//! | | |
//! |---|---|
//! | paths of the guest | relative, never above the handle's directory, else `not-permitted` |
//! | symbolic links on the way | within the guest's own `/`, absolute ones too |
//! | making an absolute link | `not-permitted`; reading one that is there gives its text |
//! | hard link of a link or directory | `not-permitted` |
//! | hard link of an unchanged file below into an overlay | from any mount; across mounts it is a copy by reference |
//! | truncating to nothing | makes a new, not executable file: the old one is not looked at |
//! | times | fixed; setting them succeeds where the file system is writable |
//! | link count | names of a file; 1 for a directory |
//! | `..` in a path below a real folder | not out of it: `not-permitted` |
//! | the mounts themselves | cannot be removed or renamed: `busy` |

mod bytes;
mod delta;
mod error;
mod file;
mod handle;
mod host;
mod index;
mod layout;
mod list;
mod modes;
mod names;
mod node;
mod open;
mod rename;
mod sight;
mod space;
mod stat;
mod walk;

#[cfg(test)]
mod tests;

pub use error::{Code, FsError, Result};
pub use handle::{Chunk, Entries, Entry, FileStat, Handle, Mode, OpenFlags};
pub use layout::{Built, BuiltFile, BuiltNode, Delta, Layout, LowerId, Mount, MountKind, Quotas};

use node::{ABOVE, Body, Directory, Node, NodeId, Nodes, ROOT, inode_below};
use sight::Sight;
use space::Space;

/// The file system of one execution.
pub struct Vfs {
    nodes: Nodes,
    sight: Sight,
    mounts: Vec<Mounted>,
    start: Box<str>,
    space: Space,
    path_length: usize,
    depth: u32,
    /// Open handles, and how many there may be.
    handles: u32,
    most_handles: u32,
}

struct Mounted {
    at: Box<str>,
    root: NodeId,
    writable: bool,
    /// What was written is asked for at the end.
    keep: bool,
}

impl Vfs {
    /// Nothing is listed or read yet.
    ///
    /// # Panics
    /// If a mount lies within another one.
    pub fn new(layout: Layout) -> Vfs {
        let quotas = layout.quotas;
        let mut vfs = Vfs {
            nodes: Nodes::with_capacity(layout.mounts.len() * 2 + 16),
            sight: Sight::new(quotas.observations),
            mounts: Vec::with_capacity(layout.mounts.len()),
            start: layout.start,
            space: Space::new(quotas.bytes, quotas.files),
            path_length: quotas.path_length as usize,
            depth: quotas.depth,
            handles: 0,
            most_handles: quotas.descriptors,
        };
        vfs.nodes.add(Node {
            inode: node::mix(0),
            links: 1,
            opens: 0,
            parent: ROOT,
            mount: ABOVE,
            body: Body::Above(Vec::new()),
        });
        for mount in layout.mounts {
            vfs.mount(mount);
        }
        vfs
    }

    fn mount(&mut self, mount: Mount) {
        let number = u16::try_from(self.mounts.len()).expect("fewer than 65,535 mounts");
        let mut root = ROOT;
        for name in mount.at.split('/').filter(|name| !name.is_empty()) {
            root = self.folder_above(root, name);
        }
        let is_free = matches!(&self.nodes[root].body, Body::Above(names) if names.is_empty());
        assert!(is_free, "the mount `{}` lies within another", mount.at);
        let (writable, keep);
        let body = match mount.kind {
            MountKind::Tree { lower } => {
                (writable, keep) = (false, false);
                self.directory_over(vec![lower])
            }
            MountKind::Overlay { lowers, keep: kept } => {
                (writable, keep) = (true, kept);
                self.directory_over(lowers)
            }
            MountKind::HostDir {
                folder,
                writable: rights,
            } => {
                (writable, keep) = (rights, false);
                Body::HostDirectory(folder)
            }
        };
        self.nodes[root].body = body;
        self.nodes[root].mount = number;
        self.mounts.push(Mounted {
            at: mount.at,
            root,
            writable,
            keep,
        });
    }

    fn directory_over(&mut self, lowers: Vec<LowerId>) -> Body {
        let mut layers = Vec::with_capacity(lowers.len());
        layers.extend(lowers.into_iter().map(|lower| self.sight.root(lower)));
        Body::Directory(Directory {
            layers,
            ..Directory::default()
        })
    }

    /// The folder `name` in `parent`, made if need be.
    fn folder_above(&mut self, parent: NodeId, name: &str) -> NodeId {
        let inode = inode_below(self.nodes[parent].inode, name);
        let Body::Above(names) = &self.nodes[parent].body else {
            panic!("the mount `{name}` lies within another");
        };
        let found = names.binary_search_by(|(entry, _)| (**entry).cmp(name));
        let index = match found {
            Ok(index) => return names[index].1,
            Err(index) => index,
        };
        let node = self.nodes.add(Node {
            inode,
            links: 1,
            opens: 0,
            parent,
            mount: ABOVE,
            body: Body::Above(Vec::new()),
        });
        if let Body::Above(names) = &mut self.nodes[parent].body {
            names.insert(index, (name.into(), node));
        }
        node
    }

    /// Names may be changed in `dir`, reached from the handle `base`.
    fn may_change(&self, base: &Handle, dir: NodeId) -> Result<()> {
        let mount = self.mounts.get(usize::from(self.nodes[dir].mount));
        match mount {
            Some(mount) if mount.writable && base.mode.mutate_directory => Ok(()),
            _ => Err(Code::ReadOnly.into()),
        }
    }
}

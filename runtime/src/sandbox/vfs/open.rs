//! Opening and closing.

use super::Vfs;
use super::bytes::Bytes;
use super::error::{Code, FsError, Result};
use super::handle::{Handle, Mode, OpenFlags};
use super::node::{Body, Content, File, NodeId, ROOT};
use super::walk::{Found, Place};
use crate::observe::Kind;

impl Vfs {
    /// What a guest starts with: `/`, and the layout's start as `.`, so that absolute and relative paths
    /// of any C library work.
    pub fn preopens(&mut self) -> Result<Vec<(Handle, String)>> {
        let mode = Mode {
            read: true,
            write: false,
            mutate_directory: true,
        };
        let root = self.handle(ROOT, mode)?;
        let start = self.start.clone();
        let start = match start.trim_matches('/') {
            "" => self.handle(ROOT, mode)?,
            path => {
                let flags = OpenFlags {
                    directory: true,
                    ..OpenFlags::default()
                };
                self.open_at(&root, path, true, flags, mode)?
            }
        };
        Ok(vec![(root, "/".to_owned()), (start, ".".to_owned())])
    }

    pub fn open_at(
        &mut self,
        dir: &Handle,
        path: &str,
        follow: bool,
        flags: OpenFlags,
        mut mode: Mode,
    ) -> Result<Handle> {
        if flags.create && flags.directory {
            return Err(Code::Invalid.into());
        }
        if flags.create
            && path.ends_with('/')
            && let Place::Entry { .. } = self.place(dir, path)?
        {
            return Err(Code::IsDirectory.into());
        }
        let exclusive = flags.create && flags.exclusive;
        let node = match self.find(dir, path, follow && !exclusive)? {
            Found::Node(_) if exclusive => return Err(Code::Exist.into()),
            Found::Node(node) => {
                self.open_node(dir, node, flags, mode)?;
                node
            }
            Found::Missing { .. } if !flags.create => return Err(Code::NoEntry.into()),
            Found::Missing { slash: true, .. } => return Err(Code::IsDirectory.into()),
            Found::Missing {
                dir: parent, name, ..
            } => {
                self.may_change(dir, parent)?;
                let content = Content::Own {
                    bytes: Bytes::default(),
                    executable: false,
                };
                let file = File {
                    content,
                    charged: 0,
                };
                self.make(parent, &name, Body::File(file))?
            }
            Found::Host { dir: real, path } => {
                if mode.write || flags.create || flags.truncate {
                    self.may_change(dir, real)?;
                }
                self.open_real(real, &path, follow && !exclusive, flags, mode)?
            }
        };
        mode.mutate_directory = dir.mode.mutate_directory && self.nodes[node].is_directory();
        self.handle(node, mode)
    }

    fn open_node(
        &mut self,
        base: &Handle,
        node: NodeId,
        flags: OpenFlags,
        mode: Mode,
    ) -> Result<()> {
        let may_change = base.mode.mutate_directory;
        let code = match self.nodes[node].kind() {
            Kind::Directory if mode.write || flags.create || flags.truncate => Code::IsDirectory,
            Kind::Directory if mode.mutate_directory && !may_change => Code::ReadOnly,
            Kind::Directory => return Ok(()),
            _ if flags.directory => Code::NotDirectory,
            Kind::Symlink => Code::Loop,
            Kind::File if flags.create && !may_change => Code::ReadOnly,
            Kind::File if !mode.write && !flags.truncate => return Ok(()),
            Kind::File if !may_change || !self.is_writable(node) => Code::ReadOnly,
            Kind::File if flags.truncate => return self.empty(node),
            Kind::File => return Ok(()),
            _ => Code::NoSuchDevice,
        };
        Err(code.into())
    }

    pub(super) fn is_writable(&self, node: NodeId) -> bool {
        let mount = self.mounts.get(usize::from(self.nodes[node].mount));
        mount.is_some_and(|mount| mount.writable)
    }

    fn handle(&mut self, node: NodeId, mode: Mode) -> Result<Handle> {
        if self.handles >= self.most_handles {
            self.discard(node);
            let message = format!("held more than {} descriptors open", self.most_handles);
            return Err(FsError::Quota(message));
        }
        self.handles += 1;
        self.nodes[node].opens += 1;
        Ok(Handle { node, mode })
    }

    /// Another handle on the same node with the same rights, for a stream that outlives its descriptor.
    pub fn duplicate(&mut self, handle: &Handle) -> Result<Handle> {
        self.handle(handle.node, handle.mode)
    }

    pub fn close(&mut self, handle: Handle) {
        self.handles -= 1;
        let node = &mut self.nodes[handle.node];
        node.opens -= 1;
        if node.opens > 0 {
            return;
        }
        if let Body::File(File {
            content: Content::Below { seen, .. },
            ..
        }) = &node.body
        {
            self.sight.rest(*seen);
        }
        self.discard(handle.node);
    }

    /// Frees a node that has neither a name nor a handle.
    pub(super) fn discard(&mut self, id: NodeId) {
        let node = &self.nodes[id];
        if node.links > 0 || node.opens > 0 {
            return;
        }
        let charged = match &node.body {
            Body::File(file) => file.charged,
            Body::Symlink(super::node::Text::Own(text)) => text.len() as u64,
            _ => 0,
        };
        self.space.release(charged);
        self.nodes.free(id);
    }
}

//! What is told of files, directories and links without opening them.

use super::error::{Code, Result};
use super::handle::{FileStat, Handle};
use super::node::{Body, Content, NodeId, mix};
use super::walk::Found;
use super::{Vfs, host};
use crate::observe::Kind;

impl Vfs {
    /// Observes nothing: opening did.
    pub fn kind(&self, handle: &Handle) -> Kind {
        self.nodes[handle.node].kind()
    }

    pub fn stat(&mut self, handle: &Handle) -> Result<FileStat> {
        self.stat_node(handle.node)
    }

    pub fn stat_at(&mut self, dir: &Handle, path: &str, follow: bool) -> Result<FileStat> {
        match self.find(dir, path, follow)? {
            Found::Node(node) => self.stat_node(node),
            Found::Missing { .. } => Err(Code::NoEntry.into()),
            Found::Host { dir, path } => {
                let metadata = self.real_metadata(dir, &path, follow)?;
                Ok(host::file_stat(&metadata))
            }
        }
    }

    fn stat_node(&mut self, id: NodeId) -> Result<FileStat> {
        let node = &self.nodes[id];
        let mut links = u64::from(node.links);
        let size = match &node.body {
            Body::File(file) => match &file.content {
                Content::Below { seen, .. } => self.sight.size(*seen)?,
                Content::Own { bytes, .. } => bytes.size(),
            },
            Body::Symlink(_) => self.link_text(id)?.len() as u64,
            Body::HostDirectory(folder) => {
                return Ok(host::file_stat(
                    &folder.dir_metadata().map_err(host::error)?,
                ));
            }
            Body::HostFile(file) => {
                return Ok(host::file_stat(&file.metadata().map_err(host::error)?));
            }
            Body::Directory(directory) => {
                links = u64::from(!directory.removed);
                0
            }
            Body::Free | Body::Above(_) | Body::Other => 0,
        };
        Ok(FileStat {
            kind: self.nodes[id].kind(),
            size,
            links,
        })
    }

    /// Times are fixed: succeeds without effect where the file system is writable.
    pub fn set_times(&mut self, handle: &Handle) -> Result<()> {
        match self.is_writable(handle.node) {
            true => Ok(()),
            false => Err(Code::ReadOnly.into()),
        }
    }

    pub fn set_times_at(&mut self, dir: &Handle, path: &str, follow: bool) -> Result<()> {
        match self.find(dir, path, follow)? {
            Found::Node(node) => self.may_change(dir, node),
            Found::Missing { .. } => Err(Code::NoEntry.into()),
            Found::Host { dir: real, path } => {
                self.real_metadata(real, &path, follow)?;
                self.may_change(dir, real)
            }
        }
    }

    /// Brings a real folder's file to the disk; nothing else needs it.
    pub fn sync(&mut self, handle: &Handle) -> Result<()> {
        match &self.nodes[handle.node].body {
            Body::HostFile(file) if handle.mode.write => file.sync_all().map_err(host::error),
            _ => Ok(()),
        }
    }

    /// For `metadata-hash` and inode numbers (its first eight bytes, little-endian): equal for the same
    /// file or directory as long as it lives, and the same in every execution that observes the same.
    pub fn identity(&mut self, handle: &Handle) -> Result<[u8; 16]> {
        self.identity_of(handle.node)
    }

    pub fn identity_at(&mut self, dir: &Handle, path: &str, follow: bool) -> Result<[u8; 16]> {
        match self.find(dir, path, follow)? {
            Found::Node(node) => self.identity_of(node),
            Found::Missing { .. } => Err(Code::NoEntry.into()),
            Found::Host { dir, path } => Ok(identity(host::inode(
                &self.real_metadata(dir, &path, follow)?,
            ))),
        }
    }

    fn identity_of(&self, id: NodeId) -> Result<[u8; 16]> {
        let inode = match &self.nodes[id].body {
            Body::HostDirectory(folder) => {
                host::inode(&folder.dir_metadata().map_err(host::error)?)
            }
            Body::HostFile(file) => host::inode(&file.metadata().map_err(host::error)?),
            _ => self.nodes[id].inode,
        };
        Ok(identity(inode))
    }

    pub fn is_same(&self, a: &Handle, b: &Handle) -> bool {
        let is_real = |handle: &Handle| {
            let body = &self.nodes[handle.node].body;
            matches!(body, Body::HostDirectory(_) | Body::HostFile(_))
        };
        if is_real(a) && is_real(b) {
            let (a, b) = (self.identity_of(a.node), self.identity_of(b.node));
            return a.is_ok() && a == b;
        }
        a.node == b.node
    }
}

fn identity(inode: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&inode.to_le_bytes());
    bytes[8..].copy_from_slice(&mix(inode).to_le_bytes());
    bytes
}

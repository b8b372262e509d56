//! Names: made and removed.

use std::borrow::Cow;

use super::error::{Code, Result};
use super::handle::Handle;
use super::node::{Body, Content, Directory, File, NONE, Node, NodeId, ROOT, Slot, Text};
use super::walk::{Found, Place};
use super::{Vfs, host};
use crate::observe::Kind;

/// A name that nothing has yet.
enum Vacant<'p> {
    Name { dir: NodeId, name: Cow<'p, str> },
    Host { dir: NodeId, path: String },
}

impl Vfs {
    pub fn create_directory_at(&mut self, dir: &Handle, path: &str) -> Result<()> {
        match self.vacant(dir, path, true)? {
            Vacant::Host { dir, path } => self.real(dir)?.create_dir(path).map_err(host::error),
            Vacant::Name { dir, name } => {
                if self.depth_of(dir) >= self.depth {
                    return Err(Code::InsufficientSpace.into());
                }
                let directory = Directory::default();
                self.make(dir, &name, Body::Directory(directory)).map(drop)
            }
        }
    }

    /// A link at `path` with the text `target`, which must be relative.
    pub fn symlink_at(&mut self, target: &str, dir: &Handle, path: &str) -> Result<()> {
        let code = match target.as_bytes() {
            [] => Code::NoEntry,
            [b'/', ..] => Code::NotPermitted,
            text if text.len() > self.path_length => Code::NameTooLong,
            text if text.contains(&0) => Code::Invalid,
            text => {
                let vacant = self.vacant(dir, path, false)?;
                return self.put_link(vacant, target, text.len() as u64);
            }
        };
        Err(code.into())
    }

    fn put_link(&mut self, vacant: Vacant, target: &str, length: u64) -> Result<()> {
        match vacant {
            Vacant::Host { dir, path } => {
                let real = self.real(dir)?;
                real.symlink(target, path).map_err(host::error)
            }
            Vacant::Name { dir, name } => {
                self.space.recharge(0, length)?;
                let made = self.make(dir, &name, Body::Symlink(Text::Own(target.into())));
                if made.is_err() {
                    self.space.release(length);
                }
                made.map(drop)
            }
        }
    }

    pub fn readlink_at(&mut self, dir: &Handle, path: &str) -> Result<String> {
        match self.find(dir, path, false)? {
            Found::Node(node) => Ok(self.link_text(node)?.as_ref().to_owned()),
            Found::Missing { .. } => Err(Code::NoEntry.into()),
            Found::Host { dir, path } => host::read_link(self.real(dir)?, &path),
        }
    }

    /// Another name for a file. An unchanged file below can get a name in any overlay: it is then a
    /// file of its own there, no byte of it copied.
    pub fn link_at(
        &mut self,
        old_dir: &Handle,
        follow: bool,
        old: &str,
        new_dir: &Handle,
        new: &str,
    ) -> Result<()> {
        let found = self.find(old_dir, old, follow)?;
        if let Found::Missing { .. } = found {
            return Err(Code::NoEntry.into());
        }
        match (found, self.vacant(new_dir, new, false)?) {
            (
                Found::Host {
                    dir: from,
                    path: old,
                },
                Vacant::Host { dir: to, path: new },
            ) => {
                self.same_mount(from, to)?;
                host::hard_link(self.real(from)?, &old, follow, self.real(to)?, &new)
            }
            (Found::Node(node), Vacant::Name { dir, name }) => self.link_node(node, dir, &name),
            // Of a real folder only the folder itself is a node.
            (Found::Node(node), Vacant::Host { dir, .. }) => {
                self.same_mount(node, dir)?;
                Err(Code::NotPermitted.into())
            }
            _ => Err(Code::CrossDevice.into()),
        }
    }

    fn link_node(&mut self, node: NodeId, dir: NodeId, name: &str) -> Result<()> {
        let Body::File(file) = &self.nodes[node].body else {
            return Err(Code::NotPermitted.into());
        };
        if self.same_mount(node, dir).is_ok() {
            self.adopt(node)?;
            self.space.take_name()?;
            self.nodes[node].links += 1;
            self.put(dir, name, node);
            return Ok(());
        }
        let Content::Below { seen, .. } = file.content else {
            return Err(Code::CrossDevice.into());
        };
        let copy = File {
            content: Content::below(seen),
            charged: 0,
        };
        let copy = self.make(dir, name, Body::File(copy))?;
        let adopted = self.adopt(copy);
        if adopted.is_err() {
            self.remove(dir, name);
        }
        adopted
    }

    pub(super) fn same_mount(&self, a: NodeId, b: NodeId) -> Result<()> {
        match self.nodes[a].mount == self.nodes[b].mount {
            true => Ok(()),
            false => Err(Code::CrossDevice.into()),
        }
    }

    /// Where something new can be put. `directory`: the path may end with a slash.
    fn vacant<'p>(&mut self, base: &Handle, path: &'p str, directory: bool) -> Result<Vacant<'p>> {
        match self.place(base, path)? {
            Place::Itself { .. } => Err(Code::Exist.into()),
            Place::HostItself { dir, path, .. } => {
                self.real_metadata(dir, &path, true)?;
                Err(Code::Exist.into())
            }
            Place::Host { dir, path } => {
                if path.ends_with('/') && !directory {
                    self.real_metadata(dir, path.trim_end_matches('/'), false)?;
                    return Err(Code::Exist.into());
                }
                self.may_change(base, dir)?;
                Ok(Vacant::Host { dir, path })
            }
            Place::Entry { dir, name, slash } => {
                if self.child(dir, &name)?.is_some() {
                    return Err(Code::Exist.into());
                }
                if slash && !directory {
                    return Err(Code::NoEntry.into());
                }
                self.may_change(base, dir)?;
                Ok(Vacant::Name { dir, name })
            }
        }
    }

    pub fn remove_directory_at(&mut self, dir: &Handle, path: &str) -> Result<()> {
        let (parent, name) = match self.place(dir, path)? {
            Place::Itself { up: true, .. } => return Err(Code::NotEmpty.into()),
            Place::Itself { .. } => return Err(Code::Invalid.into()),
            Place::HostItself { dir, path, up } => {
                self.real_metadata(dir, &path, true)?;
                return Err(if up { Code::NotEmpty } else { Code::Invalid }.into());
            }
            Place::Host { dir: real, path } => {
                self.may_change(dir, real)?;
                // cap-std does not take the slash; what is no directory fails without it, too.
                let path = path.trim_end_matches('/');
                return self.real(real)?.remove_dir(path).map_err(host::error);
            }
            Place::Entry { dir, name, .. } => (dir, name),
        };
        let node = self.victim(dir, parent, &name)?;
        if matches!(self.nodes[parent].body, Body::Above(_)) {
            return Err(Code::Busy.into());
        }
        if !self.nodes[node].is_directory() {
            return Err(Code::NotDirectory.into());
        }
        if !self.is_empty(node)? {
            return Err(Code::NotEmpty.into());
        }
        self.remove(parent, &name);
        Ok(())
    }

    pub fn unlink_file_at(&mut self, dir: &Handle, path: &str) -> Result<()> {
        let (parent, name, slash) = match self.place(dir, path)? {
            Place::Itself { .. } => return Err(Code::IsDirectory.into()),
            Place::HostItself { dir, path, .. } => {
                self.real_metadata(dir, &path, true)?;
                return Err(Code::IsDirectory.into());
            }
            Place::Host { dir: real, path } => {
                self.may_change(dir, real)?;
                if path.ends_with('/') {
                    self.real_directory(real, &path)?;
                    return Err(Code::IsDirectory.into());
                }
                return self.real(real)?.remove_file(path).map_err(host::error);
            }
            Place::Entry { dir, name, slash } => (dir, name, slash),
        };
        let node = self.victim(dir, parent, &name)?;
        if self.nodes[node].is_directory() {
            return Err(Code::IsDirectory.into());
        }
        if slash {
            return Err(Code::NotDirectory.into());
        }
        self.remove(parent, &name);
        Ok(())
    }

    /// What is to be removed or renamed. A read-only file system is not even looked at;
    /// of a folder above mounts this says what is there.
    pub(super) fn victim(&mut self, base: &Handle, dir: NodeId, name: &str) -> Result<NodeId> {
        if !matches!(self.nodes[dir].body, Body::Above(_)) {
            self.may_change(base, dir)?;
        }
        Ok(self.child(dir, name)?.ok_or(Code::NoEntry)?)
    }

    /// A new node under a name that nothing has.
    pub(super) fn make(&mut self, dir: NodeId, name: &str, body: Body) -> Result<NodeId> {
        if self.nodes.directory(dir).is_none_or(|dir| dir.removed) {
            return Err(Code::NoEntry.into());
        }
        self.space.take_name()?;
        let node = Node {
            inode: self.nodes.fresh_inode(),
            links: 1,
            opens: 0,
            parent: dir,
            mount: self.nodes[dir].mount,
            body,
        };
        let node = self.nodes.add(node);
        self.put(dir, name, node);
        Ok(node)
    }

    /// Puts a node under a name that nothing has. The name and the link are counted already.
    pub(super) fn put(&mut self, dir: NodeId, name: &str, node: NodeId) {
        if self.nodes[node].is_directory() {
            self.nodes[node].parent = dir;
        }
        let Some(directory) = self.nodes.directory_mut(dir) else {
            return;
        };
        directory.changed = true;
        match directory.names.get_mut(name) {
            Some(slot) => {
                slot.node = node;
                slot.made = true;
            }
            None => {
                let slot = Slot {
                    node,
                    below: Kind::Absent,
                    made: true,
                };
                directory.names.insert(name.into(), slot);
            }
        }
    }

    /// Takes a name away from its node, which keeps its link count.
    pub(super) fn take(&mut self, dir: NodeId, name: &str) -> Option<NodeId> {
        let directory = self.nodes.directory_mut(dir)?;
        directory.changed = true;
        let slot = directory.names.get_mut(name)?;
        let Slot { node, made, .. } = *slot;
        slot.node = NONE;
        slot.made = false;
        if directory.layers.is_empty() {
            directory.names.remove(name);
        }
        if made {
            self.space.give_name();
        }
        Some(node)
    }

    /// Removes a name and, when it was the last and nothing has it open, its node.
    pub(super) fn remove(&mut self, dir: NodeId, name: &str) {
        let Some(id) = self.take(dir, name) else {
            return;
        };
        let node = &mut self.nodes[id];
        node.links -= 1;
        if let Body::Directory(directory) = &mut node.body {
            *directory = Directory {
                removed: true,
                ..Directory::default()
            };
        }
        self.discard(id);
    }

    /// Directories from `/` down to this one.
    pub(super) fn depth_of(&self, mut dir: NodeId) -> u32 {
        let mut depth = 0;
        while dir != ROOT {
            depth += 1;
            dir = self.nodes[dir].parent;
        }
        depth
    }
}

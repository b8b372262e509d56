//! Renaming, with all that it does to what lies below.

use super::error::{Code, Result};
use super::handle::Handle;
use super::node::{Body, NONE, NodeId, ROOT};
use super::walk::Place;
use super::{Vfs, host};
use crate::observe::Kind;

impl Vfs {
    /// A directory that lies below is observed with all that is in it: the result depends on that.
    pub fn rename_at(
        &mut self,
        old_dir: &Handle,
        old: &str,
        new_dir: &Handle,
        new: &str,
    ) -> Result<()> {
        let place = self.place(old_dir, old)?;
        if let Place::Entry { dir, name, .. } = &place
            && matches!(self.nodes[*dir].body, Body::Above(_))
        {
            self.victim(old_dir, *dir, name)?;
            return Err(Code::Busy.into());
        }
        let (from, old, old_slash, to, new, new_slash) = match (place, self.place(new_dir, new)?) {
            (Place::Itself { .. } | Place::HostItself { .. }, _)
            | (_, Place::Itself { .. } | Place::HostItself { .. }) => {
                return Err(Code::Busy.into());
            }
            (
                Place::Host {
                    dir: from,
                    path: old,
                },
                Place::Host { dir: to, path: new },
            ) => {
                self.same_mount(from, to)?;
                self.may_change(old_dir, from)?;
                self.may_change(new_dir, to)?;
                if old.ends_with('/') || new.ends_with('/') {
                    self.real_directory(from, &old)?;
                }
                let (from, to) = (self.real(from)?, self.real(to)?);
                return from.rename(old, to, new).map_err(host::error);
            }
            (
                Place::Entry {
                    dir: from,
                    name: old,
                    slash: a,
                },
                Place::Entry {
                    dir: to,
                    name: new,
                    slash: b,
                },
            ) => (from, old, a, to, new, b),
            _ => return Err(Code::CrossDevice.into()),
        };
        self.same_mount(from, to)?;
        self.may_change(new_dir, to)?;
        let node = self.victim(old_dir, from, &old)?;
        let target = self.child(to, &new)?;
        let is_directory = self.nodes[node].is_directory();
        if (old_slash || new_slash) && !is_directory {
            return Err(Code::NotDirectory.into());
        }
        if is_directory && self.is_within(to, node) {
            return Err(Code::Invalid.into());
        }
        if let Some(target) = target {
            if self.is_within(from, target) {
                return Err(Code::NotEmpty.into());
            }
            if target == node {
                return Ok(());
            }
            match (is_directory, self.nodes[target].is_directory()) {
                (true, false) => return Err(Code::NotDirectory.into()),
                (false, true) => return Err(Code::IsDirectory.into()),
                (true, true) if !self.is_empty(target)? => return Err(Code::NotEmpty.into()),
                _ => {}
            }
        }
        if self.nodes.directory(to).is_none_or(|dir| dir.removed) {
            return Err(Code::NoEntry.into());
        }
        self.adopt_tree(node, self.depth_of(to) + 1)?;
        let made = self.is_made(from, &old);
        if !made {
            self.space.take_name()?;
        }
        if target.is_some() {
            self.remove(to, &new);
        }
        self.take(from, &old);
        if made {
            self.space.take_name()?;
        }
        self.put(to, &new, node);
        Ok(())
    }

    /// `dir` is `top` or lies below it.
    fn is_within(&self, mut dir: NodeId, top: NodeId) -> bool {
        while dir != top && dir != ROOT {
            dir = self.nodes[dir].parent;
        }
        dir == top
    }

    /// Makes a node and all below it a part of what is written, independent of the layers.
    /// `depth` is where it will be.
    fn adopt_tree(&mut self, node: NodeId, depth: u32) -> Result<()> {
        match &self.nodes[node].body {
            Body::File(_) => self.adopt(node),
            Body::Symlink(_) => self.link_text(node).map(drop),
            Body::Directory(_) if depth > self.depth => Err(Code::InsufficientSpace.into()),
            Body::Directory(_) => self.adopt_directory(node, depth),
            // A device, socket or pipe cannot be a part of a result.
            _ => Err(Code::NotPermitted.into()),
        }
    }

    fn adopt_directory(&mut self, dir: NodeId, depth: u32) -> Result<()> {
        for row in self.rows(dir)? {
            let Some(child) = self.child(dir, &row.name)? else {
                continue;
            };
            let made = self.is_made(dir, &row.name);
            if !made {
                self.space.take_name()?;
            }
            let adopted = self.adopt_tree(child, depth + 1);
            if adopted.is_err() && !made {
                self.space.give_name();
            }
            adopted?;
            // At once: if a later one fails, this one already hides what its layers have.
            let directory = self.nodes.directory_mut(dir);
            if let Some(slot) = directory.and_then(|dir| dir.names.get_mut(&row.name)) {
                slot.made = true;
            }
        }
        if let Some(directory) = self.nodes.directory_mut(dir) {
            directory.layers.clear();
            directory.changed = true;
            directory.names.retain(|_, slot| slot.node != NONE);
            for slot in directory.names.values_mut() {
                slot.below = Kind::Absent;
            }
        }
        Ok(())
    }

    fn is_made(&self, dir: NodeId, name: &str) -> bool {
        let directory = self.nodes.directory(dir);
        let slot = directory.and_then(|dir| dir.names.get(name));
        slot.is_some_and(|slot| slot.made)
    }
}

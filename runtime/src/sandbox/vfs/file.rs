//! The bytes of open files.

use std::ops::Range;

use super::bytes::Bytes;
use super::error::{Code, Result};
use super::handle::{Chunk, Handle, Shared};
use super::node::{Body, Content, File, NodeId, Nodes};
use super::{Vfs, host};

impl Vfs {
    /// The first byte read observes the whole content.
    pub fn read(&mut self, file: &Handle, offset: u64, length: usize) -> Result<Chunk> {
        if !file.mode.read {
            return Err(Code::BadDescriptor.into());
        }
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            return host::read(real, offset, length);
        }
        let (bytes, range) = match &file_of(&self.nodes, file.node)?.content {
            Content::Below { .. } if length == 0 => (Shared::Own(Vec::new()), None),
            Content::Below { seen, .. } => {
                let (bytes, _) = self.sight.content(*seen)?;
                let range = span(offset, length, bytes.len() as u64);
                (
                    Shared::Slice(bytes.clone(), range.clone()),
                    Some((range, bytes.len())),
                )
            }
            Content::Own { bytes, .. } => {
                let range = span(offset, length, bytes.size());
                let mut own = vec![0; range.len()];
                bytes.read(offset, &mut own);
                (Shared::Own(own), Some((range, bytes.size() as usize)))
            }
        };
        let eof = range.is_some_and(|(range, size)| range.end == size);
        Ok(Chunk { bytes, eof })
    }

    /// How many bytes were read: fewer than asked for only at the end.
    pub fn read_into(&mut self, file: &Handle, offset: u64, into: &mut [u8]) -> Result<usize> {
        if !file.mode.read {
            return Err(Code::BadDescriptor.into());
        }
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            return host::read_into(real, offset, into);
        }
        match &file_of(&self.nodes, file.node)?.content {
            Content::Below { .. } if into.is_empty() => Ok(0),
            Content::Below { seen, .. } => {
                let (bytes, _) = self.sight.content(*seen)?;
                let range = span(offset, into.len(), bytes.len() as u64);
                into[..range.len()].copy_from_slice(&bytes[range.clone()]);
                Ok(range.len())
            }
            Content::Own { bytes, .. } => Ok(bytes.read(offset, into)),
        }
    }

    /// All of `bytes` or an error. A hole before `offset` reads as zeros.
    pub fn write(&mut self, file: &Handle, offset: u64, bytes: &[u8]) -> Result<usize> {
        if !file.mode.write {
            return Err(Code::BadDescriptor.into());
        }
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            return host::write(real, offset, bytes);
        }
        let length = bytes.len() as u64;
        if length > 0 {
            let end = offset.checked_add(length).ok_or(Code::FileTooLarge)?;
            let cost = |old: &Bytes, keep| match keep {
                true => old.size().max(end),
                false => old.held() + old.growth(offset, length),
            };
            self.change(file.node, end, cost, |content| content.write(offset, bytes))?;
        }
        Ok(bytes.len())
    }

    /// All of `bytes` at the end, or an error.
    pub fn append(&mut self, file: &Handle, bytes: &[u8]) -> Result<usize> {
        if !file.mode.write {
            return Err(Code::BadDescriptor.into());
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        let end = match &self.nodes[file.node].body {
            Body::HostFile(real) => host::size(real)?,
            _ => match &file_of(&self.nodes, file.node)?.content {
                Content::Below { seen, .. } => self.sight.content(*seen)?.0.len() as u64,
                Content::Own { bytes, .. } => bytes.size(),
            },
        };
        self.write(file, end, bytes)
    }

    pub fn set_size(&mut self, file: &Handle, size: u64) -> Result<()> {
        if !file.mode.write {
            return Err(Code::BadDescriptor.into());
        }
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            return host::set_size(real, size);
        }
        if size == 0 {
            return self.empty(file.node);
        }
        let cost = |old: &Bytes, keep| if keep { size } else { old.held() };
        self.change(file.node, size, cost, |content| content.resize(size))
    }

    /// Takes all bytes from a file without looking at them.
    pub(super) fn empty(&mut self, node: NodeId) -> Result<()> {
        let file = file_of_mut(&mut self.nodes, node)?;
        self.space.release(std::mem::take(&mut file.charged));
        file.content = Content::Own {
            bytes: Bytes::default(),
            executable: false,
        };
        Ok(())
    }

    /// Makes what a file is now a part of what is written: it stays when the tree below changes.
    pub(super) fn adopt(&mut self, node: NodeId) -> Result<()> {
        let file = file_of_mut(&mut self.nodes, node)?;
        let Content::Below { seen, kept } = &mut file.content else {
            return Ok(());
        };
        if self.sight.is_stored(*seen) {
            self.sight.digest(*seen)?;
        } else if kept.is_none() {
            let (bytes, _) = self.sight.content(*seen)?;
            self.space.recharge(0, bytes.len() as u64)?;
            file.charged = bytes.len() as u64;
            *kept = Some(bytes.clone());
        }
        Ok(())
    }

    /// Changes a content, copied from below first. `end`: its size after that, if larger.
    /// `cost`: bytes to charge for it then at most, if it is kept at the end and if not.
    pub(super) fn change(
        &mut self,
        node: NodeId,
        end: u64,
        cost: impl FnOnce(&Bytes, bool) -> u64,
        apply: impl FnOnce(&mut Bytes),
    ) -> Result<()> {
        if end > self.space.largest() {
            return Err(Code::InsufficientSpace.into());
        }
        let keep = self.mounts[usize::from(self.nodes[node].mount)].keep;
        let file = file_of_mut(&mut self.nodes, node)?;
        let copy = match &file.content {
            Content::Below { seen, .. } => {
                let (bytes, executable) = self.sight.content(*seen)?;
                let bytes = Bytes::over(bytes.clone());
                self.sight.rest(*seen);
                Some(Content::Own { bytes, executable })
            }
            Content::Own { .. } => None,
        };
        if let Content::Own { bytes, .. } = copy.as_ref().unwrap_or(&file.content) {
            let cost = cost(bytes, keep);
            self.space.recharge(file.charged, cost)?;
            file.charged = cost;
        }
        if let Some(copy) = copy {
            file.content = copy;
        }
        if let Content::Own { bytes, .. } = &mut file.content {
            apply(bytes);
            let exact = if keep { bytes.size() } else { bytes.held() };
            self.space.recharge(file.charged, exact)?;
            file.charged = exact;
        }
        Ok(())
    }
}

pub(super) fn file_of(nodes: &Nodes, id: NodeId) -> Result<&File> {
    match &nodes[id].body {
        Body::File(file) => Ok(file),
        body => Err(not_a_file(body).into()),
    }
}

pub(super) fn file_of_mut(nodes: &mut Nodes, id: NodeId) -> Result<&mut File> {
    match &mut nodes[id].body {
        Body::File(file) => Ok(file),
        body => Err(not_a_file(body).into()),
    }
}

fn not_a_file(body: &Body) -> Code {
    match body {
        Body::Above(_) | Body::Directory(_) | Body::HostDirectory(_) => Code::IsDirectory,
        _ => Code::BadDescriptor,
    }
}

/// The part of `size` bytes that a read reaches.
fn span(offset: u64, length: usize, size: u64) -> Range<usize> {
    let start = offset.min(size);
    let end = start.saturating_add(length as u64).min(size);
    start as usize..end as usize
}

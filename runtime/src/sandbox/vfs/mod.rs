//! The file system that a guest sees. Knows nothing of wasmtime: `wasi/` serves it to components.

mod error;
mod handle;
mod layout;

pub use error::{Code, FsError, Result};
pub use handle::{Chunk, Entries, Entry, FileStat, Handle, Mode, OpenFlags};
pub use layout::{Built, BuiltFile, BuiltNode, Delta, Layout, LowerId, Mount, MountKind, Quotas};

use crate::observe::Kind;

pub struct Vfs;

#[allow(unused_variables, clippy::todo)]
impl Entries {
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    /// The entry at `index`, if there are so many.
    pub fn get(&self, index: usize) -> Option<Entry<'_>> {
        todo!()
    }
}

#[allow(unused_variables, clippy::todo)]
impl Vfs {
    pub fn new(layout: Layout) -> Vfs {
        todo!()
    }
    /// `/` and `.` (the layout's start).
    pub fn preopens(&mut self) -> Result<Vec<(Handle, String)>> {
        todo!()
    }
    pub fn finish(self) -> Built {
        todo!()
    }
    pub fn open_at(
        &mut self,
        dir: &Handle,
        path: &str,
        follow: bool,
        flags: OpenFlags,
        mode: Mode,
    ) -> Result<Handle> {
        todo!()
    }
    /// Another handle on the same node with the same rights, for a stream that outlives its descriptor.
    pub fn duplicate(&mut self, handle: &Handle) -> Result<Handle> {
        todo!()
    }
    pub fn close(&mut self, handle: Handle) {
        todo!()
    }
    pub fn kind(&self, handle: &Handle) -> Kind {
        todo!()
    }
    pub fn read(&mut self, file: &Handle, offset: u64, length: usize) -> Result<Chunk> {
        todo!()
    }
    /// How many bytes were read: less than asked for only at the end.
    pub fn read_into(&mut self, file: &Handle, offset: u64, into: &mut [u8]) -> Result<usize> {
        todo!()
    }
    /// All of `bytes` or an error.
    pub fn write(&mut self, file: &Handle, offset: u64, bytes: &[u8]) -> Result<usize> {
        todo!()
    }
    pub fn append(&mut self, file: &Handle, bytes: &[u8]) -> Result<usize> {
        todo!()
    }
    pub fn set_size(&mut self, file: &Handle, size: u64) -> Result<()> {
        todo!()
    }
    pub fn stat(&mut self, handle: &Handle) -> Result<FileStat> {
        todo!()
    }
    pub fn stat_at(&mut self, dir: &Handle, path: &str, follow: bool) -> Result<FileStat> {
        todo!()
    }
    pub fn list(&mut self, dir: &Handle) -> Result<Entries> {
        todo!()
    }
    pub fn create_directory_at(&mut self, dir: &Handle, path: &str) -> Result<()> {
        todo!()
    }
    pub fn remove_directory_at(&mut self, dir: &Handle, path: &str) -> Result<()> {
        todo!()
    }
    pub fn unlink_file_at(&mut self, dir: &Handle, path: &str) -> Result<()> {
        todo!()
    }
    pub fn rename_at(
        &mut self,
        old_dir: &Handle,
        old: &str,
        new_dir: &Handle,
        new: &str,
    ) -> Result<()> {
        todo!()
    }
    pub fn link_at(
        &mut self,
        old_dir: &Handle,
        follow: bool,
        old: &str,
        new_dir: &Handle,
        new: &str,
    ) -> Result<()> {
        todo!()
    }
    /// A link at `path` with the text `target`.
    pub fn symlink_at(&mut self, target: &str, dir: &Handle, path: &str) -> Result<()> {
        todo!()
    }
    pub fn readlink_at(&mut self, dir: &Handle, path: &str) -> Result<String> {
        todo!()
    }
    /// Times are fixed: succeeds without effect where the file system is writable.
    pub fn set_times(&mut self, handle: &Handle) -> Result<()> {
        todo!()
    }
    pub fn set_times_at(&mut self, dir: &Handle, path: &str, follow: bool) -> Result<()> {
        todo!()
    }
    /// Of a real folder's file to the disk; else no effect.
    pub fn sync(&mut self, handle: &Handle) -> Result<()> {
        todo!()
    }
    /// For `metadata-hash` and inode numbers (its first eight bytes, little-endian): equal for the same
    /// file or directory as long as it lives, and the same in every execution that observes the same.
    pub fn identity(&mut self, handle: &Handle) -> Result<[u8; 16]> {
        todo!()
    }
    pub fn identity_at(&mut self, dir: &Handle, path: &str, follow: bool) -> Result<[u8; 16]> {
        todo!()
    }
    pub fn is_same(&self, a: &Handle, b: &Handle) -> bool {
        todo!()
    }
}

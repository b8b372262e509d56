//! What passes between the file system and the one who serves it to a guest.

use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::observe::{Kind, Listing};

/// What a handle may be used for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Mode {
    pub read: bool,
    pub write: bool,
    /// Names in and below this directory may be made, changed and removed. Directories opened through
    /// one with this right have it too, asked for or not, as in other hosts of WASI: C libraries
    /// never ask for it.
    pub mutate_directory: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct OpenFlags {
    pub create: bool,
    pub directory: bool,
    pub exclusive: bool,
    pub truncate: bool,
}

/// An open file or directory. Give it back with [`Vfs::close`](super::Vfs::close): what it names lives
/// as long as a handle or a name does.
#[derive(Debug)]
pub struct Handle {
    pub(super) node: u32,
    pub(super) mode: Mode,
}

impl Handle {
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileStat {
    /// Never [`Kind::Absent`].
    pub kind: Kind,
    /// Of a file's content or a link's text, in bytes; of others 0.
    pub size: u64,
    /// Names of a file; 1 for a directory or a file below, 0 when it has none left.
    pub links: u64,
}

/// Bytes of a file, shared with it where that is possible.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub(super) bytes: Shared,
    /// The file ends with these bytes.
    pub eof: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Shared {
    Slice(Arc<[u8]>, Range<usize>),
    Own(Vec<u8>),
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Shared::Slice(bytes, range) => &bytes[range.clone()],
            Shared::Own(bytes) => bytes,
        }
    }
}

/// The entries of a directory when it was listed, in byte order of their names, without `.` and `..`.
#[derive(Clone, Debug)]
pub struct Entries(pub(super) Rows);

#[derive(Clone, Debug)]
pub(super) enum Rows {
    /// Of the directory with this inode.
    Below(Listing, u64),
    Merged(Arc<[Row]>),
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub name: Box<str>,
    pub kind: Kind,
    pub inode: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    pub name: &'a str,
    pub kind: Kind,
    /// The first half of its [`Vfs::identity`](super::Vfs::identity), little-endian.
    pub inode: u64,
}

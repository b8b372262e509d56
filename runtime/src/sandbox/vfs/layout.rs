//! What a file system is made from, and what is left of it when the guest has ended.

use std::sync::Arc;

use cofferdam_cache::{Digest, Name};

use crate::observe::{Lower, Observations};

/// The mounts of one execution. A guest sees `/` with the mounts in it; folders on the way to a mount
/// (`/in`) list exactly the mounts below them. Nothing else exists. No mount lies within another.
pub struct Layout {
    pub mounts: Vec<Mount>,
    /// The folder in which relative paths start, such as `/build`.
    pub start: Box<str>,
    pub quotas: Quotas,
}

pub struct Mount {
    /// Absolute, such as `/src` or `/in/pages`.
    pub at: Box<str>,
    pub kind: MountKind,
}

pub enum MountKind {
    /// Read-only. Observations name `lower`.
    Tree { lower: LowerId },
    /// Copy on write over layers, the first the topmost; none is an empty folder.
    /// What was written is returned as a [`Delta`] when `keep`.
    Overlay { lowers: Vec<LowerId>, keep: bool },
    /// A real folder, through cap-std: links and `..` cannot leave it. Not observed.
    HostDir {
        folder: cap_std::fs::Dir,
        writable: bool,
    },
}

/// A lower tree with the number under which its observations are recorded. The same tree may be mounted twice
/// (`/src` and below `/build`): it is then observed as one.
#[derive(Clone)]
pub struct LowerId {
    pub number: u16,
    pub tree: Arc<dyn Lower>,
    /// The blobs of its files are in the store already: a link to one of them is kept as a digest.
    pub stored: bool,
}

/// Limits on what a guest can make the host keep. Going over one gives the guest `insufficient-space`,
/// or for `observations` and `descriptors` ends the execution.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Sizes of the files written to kept overlays, and what others really hold, holes not counted.
    /// No file is larger than this.
    pub bytes: u64,
    /// Names that the guest made.
    pub files: u64,
    /// Directories from `/` down.
    pub depth: u32,
    /// Bytes of a path or a link's text; longer ones are `name-too-long`.
    pub path_length: u32,
    /// Paths looked at in the trees below, missing ones too.
    pub observations: u64,
    /// Handles open at once.
    pub descriptors: u32,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            bytes: 4 << 30,
            files: 1_000_000,
            depth: 256,
            path_length: 4096,
            observations: 4_000_000,
            descriptors: 16_384,
        }
    }
}

/// What is left when the guest has ended.
pub struct Built {
    /// One for each kept overlay, in the order of the mounts: its `at` and what was written.
    pub deltas: Vec<(Box<str>, Delta)>,
    pub observations: Observations,
}

/// What was written to an overlay, as a tree in memory, names in byte order. Whiteouts and opaque folders
/// occur only where the overlay has lowers.
#[derive(Default)]
pub struct Delta {
    pub entries: Vec<(Name, BuiltNode)>,
}

pub enum BuiltNode {
    File { file: BuiltFile, executable: bool },
    Directory { entries: Delta, opaque: bool },
    Symlink { target: Box<str> },
    Whiteout,
}

pub enum BuiltFile {
    /// Already in the store.
    Stored(Digest),
    /// New bytes, not yet digested.
    Bytes(Arc<[u8]>),
}

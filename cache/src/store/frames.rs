//! Large blobs as files: zstd frames of 1 MiB each, and a table that leads to any of them
//! (docs/cache-format.md, "Large blobs").
//!
//! The table holds the chaining value of each frame's bytes. They merge to the blob's own hash,
//! so each frame is verified against the digest without reading the others.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use blake3::Hasher;
use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::folder::Folder;
use super::pack::{compress, decompress};
use super::{StoreError, disk};
use crate::Digest;

/// Bytes of each frame but the last, before compression.
pub(super) const FRAME: usize = 1 << 20;

const MAGIC: &[u8; 8] = b"CFLARGE1";
/// Of a frame in the table: its stored length and its chaining value.
const ROW: usize = 36;
const TRAILER: usize = 32;

/// Writes a blob frame by frame.
pub(super) struct Frames<'a> {
    file: &'a File,
    path: &'a Path,
    offset: u64,
    size: u64,
    table: Vec<u8>,
    values: Vec<[u8; 32]>,
    packing: Packing,
    packed: Vec<u8>,
}

/// Whether a large blob is compressed when it is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Zstd,
    /// For what is mostly digests and read again soon.
    Raw,
}

impl<'a> Frames<'a> {
    pub(super) fn new(file: &'a File, path: &'a Path, packing: Packing) -> Frames<'a> {
        Frames {
            file,
            path,
            offset: 0,
            size: 0,
            table: Vec::new(),
            values: Vec::new(),
            packing,
            packed: Vec::new(),
        }
    }

    /// The next [`FRAME`] bytes, or fewer if they are the `last`.
    pub(super) fn push(&mut self, bytes: &[u8], last: bool) -> Result<(), StoreError> {
        debug_assert!(last || bytes.len() == FRAME);
        let value = value(bytes, self.size, last && self.size == 0);
        let stored = match self.packing == Packing::Zstd && compress(bytes, &mut self.packed) {
            true => &self.packed,
            false => bytes,
        };
        disk::write_at(self.file, self.path, stored, self.offset)?;
        let length = u32::try_from(stored.len()).expect("a frame has at most 1 MiB");
        self.table.extend_from_slice(&length.to_le_bytes());
        self.table.extend_from_slice(&value);
        self.values.push(value);
        self.offset += stored.len() as u64;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Writes the table. The digest is that of all bytes pushed.
    pub(super) fn finish(mut self) -> Result<Digest, StoreError> {
        let count = u32::try_from(self.values.len()).expect("fewer than 2^32 frames");
        let rows = self.table.len();
        self.table.extend_from_slice(&self.size.to_le_bytes());
        self.table.extend_from_slice(&count.to_le_bytes());
        self.table.extend_from_slice(&[0; 4]);
        let check = blake3::hash(&self.table[rows..]);
        self.table.extend_from_slice(&check.as_bytes()[..8]);
        self.table.extend_from_slice(MAGIC);
        disk::write_at(self.file, self.path, &self.table, self.offset)?;
        Ok(Digest {
            hash: root(&self.values),
            size: self.size,
        })
    }
}

/// The chaining value of the bytes at `offset`; of a blob of one frame, its hash.
fn value(bytes: &[u8], offset: u64, alone: bool) -> [u8; 32] {
    if alone {
        return *blake3::hash(bytes).as_bytes();
    }
    let mut hasher = Hasher::new();
    hasher.set_input_offset(offset);
    hasher.update(bytes).finalize_non_root()
}

/// blake3 of a blob from the chaining values of its frames. A frame is a power of two of chunks,
/// so the frames are subtrees of the whole and merge as chunks do.
fn root(values: &[[u8; 32]]) -> [u8; 32] {
    match values {
        [] => *blake3::hash(b"").as_bytes(),
        [hash] => *hash,
        _ => {
            let (left, right) = halves(values);
            *merge_subtrees_root(&join(left), &join(right), Mode::Hash).as_bytes()
        }
    }
}

fn join(values: &[[u8; 32]]) -> [u8; 32] {
    match values {
        [value] => *value,
        _ => {
            let (left, right) = halves(values);
            merge_subtrees_non_root(&join(left), &join(right), Mode::Hash)
        }
    }
}

/// The left half is the largest power of two that leaves something to the right.
fn halves(values: &[[u8; 32]]) -> (&[[u8; 32]], &[[u8; 32]]) {
    values.split_at(values.len().next_power_of_two() / 2)
}

/// The size of the blob that a file says it holds; None if its end is damaged.
pub(super) fn blob_size(file: &File) -> io::Result<Option<u64>> {
    let length = file.metadata()?.len();
    let mut trailer = [0; TRAILER];
    let Some(start) = length.checked_sub(TRAILER as u64) else {
        return Ok(None);
    };
    file.read_exact_at(&mut trailer, start)?;
    Ok(trailer_size(&trailer))
}

fn trailer_size(trailer: &[u8]) -> Option<u64> {
    let check = blake3::hash(&trailer[..16]);
    let whole = trailer[24..] == *MAGIC && trailer[16..24] == check.as_bytes()[..8];
    let size = u64::from_le_bytes(*trailer.first_chunk()?);
    whole.then_some(size)
}

struct Row {
    offset: u64,
    length: u32,
    value: [u8; 32],
}

/// A large blob that is open for reading; its table is verified against its digest.
pub(super) struct Opened {
    file: File,
    digest: Digest,
    rows: Vec<Row>,
}

impl Opened {
    /// None if the table is damaged.
    pub(super) fn new(file: File, digest: Digest) -> io::Result<Option<Opened>> {
        let length = file.metadata()?.len();
        let frames = digest.size.div_ceil(FRAME as u64);
        let table = frames * ROW as u64 + TRAILER as u64;
        let Some(start) = length.checked_sub(table) else {
            return Ok(None);
        };
        let mut bytes = vec![0; usize::try_from(table).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, start)?;
        let (table, trailer) = bytes.split_at(bytes.len() - TRAILER);
        let mut rows = Vec::with_capacity(table.len() / ROW);
        let mut offset = 0;
        for row in table.chunks_exact(ROW) {
            let length = u32::from_le_bytes(*row.first_chunk().expect("36 bytes"));
            rows.push(Row {
                offset,
                length,
                value: *row[4..].first_chunk().expect("36 bytes"),
            });
            offset += u64::from(length);
        }
        let values: Vec<_> = rows.iter().map(|row| row.value).collect();
        let whole = trailer_size(trailer) == Some(digest.size)
            && offset == start
            && root(&values) == digest.hash;
        Ok(whole.then_some(Opened { file, digest, rows }))
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    fn frame_size(&self, number: usize) -> usize {
        let start = number as u64 * FRAME as u64;
        usize::try_from(self.digest.size - start).map_or(FRAME, |left| left.min(FRAME))
    }

    /// The verified bytes of a frame into `target`, which has its size; false if they are damaged.
    fn read_frame(&self, number: usize, target: &mut [u8]) -> io::Result<bool> {
        let row = &self.rows[number];
        let length = row.length as usize;
        if length == target.len() {
            self.file.read_exact_at(target, row.offset)?;
        } else if length < target.len() {
            let mut packed = vec![0; length];
            self.file.read_exact_at(&mut packed, row.offset)?;
            match decompress(&packed, target) {
                Ok(size) if size == target.len() => {}
                _ => return Ok(false),
            }
        } else {
            return Ok(false);
        }
        let offset = number as u64 * FRAME as u64;
        Ok(value(target, offset, self.rows.len() == 1) == row.value)
    }

    /// All bytes; None if any of them is damaged.
    pub(super) fn read_all(&self) -> io::Result<Option<Arc<[u8]>>> {
        let size = usize::try_from(self.digest.size).map_err(io::Error::other)?;
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, size).collect();
        let target = Arc::get_mut(&mut bytes).expect("nobody else has it yet");
        for (number, frame) in target.chunks_mut(FRAME).enumerate() {
            if !self.read_frame(number, frame)? {
                return Ok(None);
            }
        }
        Ok(Some(bytes))
    }

    /// Whether all bytes are whole, in the memory of one frame.
    pub(super) fn verify(&self) -> io::Result<bool> {
        let mut frame = vec![0; FRAME];
        for number in 0..self.rows.len() {
            if !self.read_frame(number, &mut frame[..self.frame_size(number)])? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Reads a blob piece by piece; every byte is verified before it is given out. A piece that is damaged
/// is an error of kind `InvalidData`, and the blob is absent from then on.
pub struct BlobReader {
    source: Source,
    position: u64,
}

enum Source {
    Small(Arc<[u8]>),
    Large {
        opened: Opened,
        folder: Arc<Folder>,
        /// The number and the bytes of the frame read last.
        current: Option<(usize, Vec<u8>)>,
    },
}

impl BlobReader {
    pub(super) fn small(bytes: Arc<[u8]>) -> BlobReader {
        BlobReader {
            source: Source::Small(bytes),
            position: 0,
        }
    }

    pub(super) fn large(opened: Opened, folder: Arc<Folder>) -> BlobReader {
        BlobReader {
            source: Source::Large {
                opened,
                folder,
                current: None,
            },
            position: 0,
        }
    }

    /// Bytes of the whole blob.
    pub fn size(&self) -> u64 {
        match &self.source {
            Source::Small(bytes) => bytes.len() as u64,
            Source::Large { opened, .. } => opened.digest.size,
        }
    }

    /// What is held of the blob from the present position on, at least a byte before its end.
    fn ahead(&mut self) -> io::Result<&[u8]> {
        match &mut self.source {
            Source::Small(bytes) => {
                let from = usize::try_from(self.position).unwrap_or(usize::MAX);
                Ok(bytes.get(from..).unwrap_or(&[]))
            }
            Source::Large { opened, .. } if self.position >= opened.digest.size => Ok(&[]),
            Source::Large {
                opened,
                folder,
                current,
            } => {
                let frame = FRAME as u64;
                let number = usize::try_from(self.position / frame).map_err(io::Error::other)?;
                let from = usize::try_from(self.position % frame).map_err(io::Error::other)?;
                if current.as_ref().is_none_or(|(held, _)| *held != number) {
                    let mut bytes = current.take().map_or_else(Vec::new, |(_, bytes)| bytes);
                    bytes.resize(opened.frame_size(number), 0);
                    if !opened.read_frame(number, &mut bytes)? {
                        folder
                            .discard_large(&opened.digest)
                            .map_err(io::Error::other)?;
                        let message = format!("blob `{}` is damaged", opened.digest.short());
                        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                    }
                    *current = Some((number, bytes));
                }
                let (_, bytes) = current.as_ref().expect("a frame was read");
                Ok(&bytes[from..])
            }
        }
    }
}

impl Read for BlobReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let ahead = self.ahead()?;
        let count = ahead.len().min(target.len());
        target[..count].copy_from_slice(&ahead[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

//! The sorted index of a pack that is no longer written (docs/cache-format.md, "Indexes").
//!
//! Buckets of about 64 entries are read and checked when a key of theirs is first looked for:
//! opening costs the same for any number of records.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::OnceLock;

use super::folder::{Folder, Id};
use super::record::{Entry, Salt};
use super::{StoreError, disk};

const MAGIC: &[u8; 8] = b"CFINDEX1";
const HEADER: usize = 88;
/// A bucket's description: where its entries end, and their check.
const BUCKET: usize = 12;
const MOST_BITS: u32 = 16;

pub(super) struct Index {
    file: File,
    pub(super) salt: Salt,
    /// Bytes of the pack that this describes.
    pub(super) pack_length: u64,
    bits: u32,
    buckets: Vec<Bucket>,
}

struct Bucket {
    start: u32,
    end: u32,
    check: [u8; 8],
    bytes: OnceLock<Box<[u8]>>,
}

/// The index cannot be trusted; the pack can be read without it.
pub(super) struct Damaged;

impl Index {
    /// Publishes the index of a pack of `length` bytes.
    pub(super) fn write(
        folder: &Folder,
        id: Id,
        length: u64,
        salt: &Salt,
        mut entries: Vec<Entry>,
    ) -> Result<(), StoreError> {
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key).then(b.offset.cmp(&a.offset)));
        let bytes = encode(length, salt, &entries);
        let temporary = folder.temporary();
        let file = disk::create(&temporary)?;
        disk::write_at(&file, &temporary, &bytes, 0)?;
        disk::rename(&temporary, &folder.index(id))
    }

    /// None if there is none; damaged if it is not whole.
    pub(super) fn open(path: &Path) -> Result<Option<Result<Index, Damaged>>, StoreError> {
        let read = File::open(path).and_then(|file| {
            let mut header = [0; HEADER];
            file.read_exact_at(&mut header, 0)?;
            read(file, &header)
        });
        match read {
            Ok(index) => Ok(Some(index.ok_or(Damaged))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Some(Err(Damaged))),
            Err(error) => Err(StoreError::io("read", path, error)),
        }
    }

    /// The entries of a key, the newest first.
    pub(super) fn find(&self, key: &[u8; 32]) -> Result<impl Iterator<Item = Entry>, Damaged> {
        let bytes = self.bucket(bucket_of(key, self.bits))?;
        let count = bytes.len() / Entry::BYTES;
        let key_at = |at: usize| &bytes[at * Entry::BYTES..][..32];
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            if key_at(middle) < key.as_slice() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let key = *key;
        Ok((low..count)
            .map_while(move |at| Entry::decode(&bytes[at * Entry::BYTES..]))
            .take_while(move |entry| entry.key == key))
    }

    /// All entries, sorted by key.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Damaged> {
        let mut entries = Vec::new();
        for number in 0..self.buckets.len() {
            for bytes in self.bucket(number)?.chunks_exact(Entry::BYTES) {
                entries.push(Entry::decode(bytes).ok_or(Damaged)?);
            }
        }
        Ok(entries)
    }

    fn bucket(&self, number: usize) -> Result<&[u8], Damaged> {
        let bucket = &self.buckets[number];
        if let Some(bytes) = bucket.bytes.get() {
            return Ok(bytes);
        }
        let mut bytes = vec![0; (bucket.end - bucket.start) as usize * Entry::BYTES];
        let entries = HEADER + self.buckets.len() * BUCKET;
        let offset = entries as u64 + u64::from(bucket.start) * Entry::BYTES as u64;
        self.file
            .read_exact_at(&mut bytes, offset)
            .map_err(|_| Damaged)?;
        if short_check(&bytes) != bucket.check {
            return Err(Damaged);
        }
        Ok(bucket.bytes.get_or_init(|| bytes.into()))
    }
}

/// The first `bits` bits of the key.
fn bucket_of(key: &[u8; 32], bits: u32) -> usize {
    let first = u32::from_be_bytes([key[0], key[1], key[2], key[3]]);
    (u64::from(first) >> (32 - bits)) as usize
}

fn short_check(bytes: &[u8]) -> [u8; 8] {
    let hash = blake3::hash(bytes);
    *hash.as_bytes().first_chunk().expect("32 bytes hold 8")
}

/// `entries` are sorted by key, those of one key by falling offset.
fn encode(length: u64, salt: &Salt, entries: &[Entry]) -> Vec<u8> {
    let bits = (entries.len() / 64 + 1).ilog2().min(MOST_BITS);
    let mut body = Vec::with_capacity(entries.len() * Entry::BYTES);
    let mut table = Vec::with_capacity(BUCKET << bits);
    let mut rest = entries;
    for number in 0..1 << bits {
        let count = rest.partition_point(|entry| bucket_of(&entry.key, bits) <= number);
        let (bucket, tail) = rest.split_at(count);
        rest = tail;
        let start = body.len();
        for entry in bucket {
            entry.encode(&mut body);
        }
        let end = u32::try_from(entries.len() - rest.len()).expect("a pack's records fit");
        table.extend_from_slice(&end.to_le_bytes());
        table.extend_from_slice(&short_check(&body[start..]));
    }
    let count = u32::try_from(entries.len()).expect("a pack's records fit");
    let mut bytes = Vec::with_capacity(HEADER + table.len() + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&bits.to_le_bytes());
    let check = header_check(&bytes, &table);
    bytes.extend_from_slice(&check);
    bytes.extend_from_slice(&table);
    bytes.extend_from_slice(&body);
    bytes
}

fn header_check(header: &[u8], table: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header).update(table);
    *hasher.finalize().as_bytes()
}

/// None if the header or the table of buckets is not whole.
fn read(file: File, header: &[u8; HEADER]) -> io::Result<Option<Index>> {
    let word = |at: usize| u32::from_le_bytes(*header[at..].first_chunk().expect("in the header"));
    let (count, bits) = (word(48), word(52));
    if header[..8] != *MAGIC || bits > MOST_BITS {
        return Ok(None);
    }
    let mut table = vec![0; BUCKET << bits];
    file.read_exact_at(&mut table, HEADER as u64)?;
    if header[56..] != header_check(&header[..56], &table) {
        return Ok(None);
    }
    let mut start = 0;
    let buckets = table.chunks_exact(BUCKET).map(|bytes| {
        let end = u32::from_le_bytes(*bytes.first_chunk().expect("12 bytes"));
        let bucket = Bucket {
            start,
            end,
            check: *bytes[4..].first_chunk().expect("12 bytes"),
            bytes: OnceLock::new(),
        };
        start = end;
        bucket
    });
    let buckets: Vec<_> = buckets.collect();
    let sorted = buckets.iter().all(|bucket| bucket.start <= bucket.end);
    let whole = sorted && buckets.last().is_some_and(|bucket| bucket.end == count);
    Ok(whole.then(|| Index {
        file,
        salt: *header[16..].first_chunk().expect("in the header"),
        pack_length: u64::from_le_bytes(*header[8..].first_chunk().expect("in the header")),
        bits,
        buckets,
    }))
}

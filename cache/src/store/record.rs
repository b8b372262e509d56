//! The records of a pack (docs/cache-format.md, "Packs").

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Bytes of a pack's header, and of a record's.
pub(super) const HEADER: usize = 64;

const PACK_MAGIC: &[u8; 8] = b"CFPACK1\n";
const RECORD_MAGIC: &[u8; 4] = b"CFr1";

/// The payload is a zstd frame.
pub(super) const COMPRESSED: u8 = 1;
/// Compression was tried and not worth it.
pub(super) const INCOMPRESSIBLE: u8 = 2;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// Key: the hash. Payload: the bytes.
    Blob = 1,
    /// Payload: an encoded action result.
    Result = 2,
    /// Payload: the digest of a blob.
    PathSet = 3,
    /// The result or the path sets of the key were used again. No payload.
    Touch = 4,
}

impl Kind {
    fn parse(byte: u8) -> Option<Kind> {
        match byte {
            1 => Some(Kind::Blob),
            2 => Some(Kind::Result),
            3 => Some(Kind::PathSet),
            4 => Some(Kind::Touch),
            _ => None,
        }
    }
}

/// A pack's secret: records carry checks keyed with it, so that no blob can hold bytes that pass for a record.
pub(super) type Salt = [u8; 32];

/// Where a record is and what it says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) key: [u8; 32],
    /// Of the record's header in its pack.
    pub(super) offset: u32,
    /// Bytes of payload.
    pub(super) length: u32,
    /// Of last use, in seconds since 1970.
    pub(super) time: u32,
    pub(super) kind: Kind,
    pub(super) flags: u8,
    /// Of a blob before compression. Of others, which have no use for it, 65,536ths of a second after `time`.
    pub(super) size: u16,
}

impl Entry {
    pub(super) const BYTES: usize = 48;

    /// What is later is newer.
    pub(super) fn age(&self) -> (u32, u16) {
        (self.time, self.size)
    }

    /// Header and payload.
    pub(super) fn stored(&self) -> u64 {
        HEADER as u64 + u64::from(self.length)
    }

    pub(super) fn payload(&self) -> u64 {
        u64::from(self.offset) + HEADER as u64
    }

    pub(super) fn end(&self) -> u64 {
        u64::from(self.offset) + self.stored()
    }

    /// As it stands in an index.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        self.encode_fields(bytes);
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Entry> {
        let (key, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        Entry::decode_fields(*key, u32::from_le_bytes(*offset), rest)
    }

    fn encode_fields(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.kind as u8);
        bytes.push(self.flags);
        bytes.extend_from_slice(&self.size.to_le_bytes());
        bytes.extend_from_slice(&self.length.to_le_bytes());
        bytes.extend_from_slice(&self.time.to_le_bytes());
    }

    fn decode_fields(key: [u8; 32], offset: u32, fields: &[u8]) -> Option<Entry> {
        let fields: &[u8; 12] = fields.first_chunk()?;
        let word = |at: usize| {
            u32::from_le_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]])
        };
        Some(Entry {
            key,
            offset,
            length: word(4),
            time: word(8),
            kind: Kind::parse(fields[0])?,
            flags: fields[1],
            size: u16::from_le_bytes([fields[2], fields[3]]),
        })
    }

    /// Appends the record. A blob's check covers its header only: its key covers the payload.
    pub(super) fn write(&self, salt: &Salt, payload: &[u8], bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(RECORD_MAGIC);
        self.encode_fields(bytes);
        bytes.extend_from_slice(&self.key);
        let check = check(salt, &bytes[start..], self.kind, payload);
        bytes.extend_from_slice(&check);
        bytes.extend_from_slice(payload);
    }

    /// The entry of the record whose header is given; its payload is not yet checked.
    fn read_header(header: &[u8; HEADER], offset: u32) -> Option<Entry> {
        if header[..4] != *RECORD_MAGIC {
            return None;
        }
        let key = header[16..].first_chunk()?;
        Entry::decode_fields(*key, offset, &header[4..16])
    }

    /// Whether `record` (header and payload) is this record, whole.
    pub(super) fn is_whole(&self, salt: &Salt, record: &[u8]) -> bool {
        let Some((header, payload)) = record.split_first_chunk::<HEADER>() else {
            return false;
        };
        Entry::read_header(header, self.offset) == Some(*self)
            && payload.len() == self.length as usize
            && header[48..] == check(salt, &header[..48], self.kind, payload)
    }
}

fn check(salt: &Salt, header: &[u8], kind: Kind, payload: &[u8]) -> [u8; 16] {
    let hash = if kind == Kind::Blob {
        blake3::keyed_hash(salt, header)
    } else {
        let mut hasher = blake3::Hasher::new_keyed(salt);
        hasher.update(header).update(payload);
        hasher.finalize()
    };
    *hash.as_bytes().first_chunk().expect("32 bytes hold 16")
}

pub(super) fn pack_header(salt: &Salt) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(PACK_MAGIC);
    header[8..40].copy_from_slice(salt);
    let check = blake3::hash(&header[..48]);
    header[48..].copy_from_slice(&check.as_bytes()[..16]);
    header
}

/// None if the header is damaged.
pub(super) fn read_salt(file: &File) -> io::Result<Option<Salt>> {
    let mut header = [0; HEADER];
    match file.read_exact_at(&mut header, 0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let salt = *header[8..].first_chunk().expect("a header holds a salt");
    Ok((header == pack_header(&salt)).then_some(salt))
}

/// What a walk over a pack's records found.
pub(super) struct Scan {
    /// Where the last whole record ends.
    pub(super) end: u64,
    /// Bytes between whole records that are none.
    pub(super) damage: Vec<Range<u64>>,
}

/// Calls `each` with every record of `file` between `from` and `to`, in their order. Blobs' payloads are not read.
/// What is not a record ends the walk, unless `beyond` tells to look for the next one after it.
pub(super) fn scan(
    file: &File,
    salt: &Salt,
    (from, to): (u64, u64),
    beyond: bool,
    mut each: impl FnMut(Entry),
) -> io::Result<Scan> {
    let mut window = Window::new(file, to);
    let mut scan = Scan {
        end: from,
        damage: Vec::new(),
    };
    let mut at = from;
    while let Some(header) = window.get(at, HEADER)? {
        let header = *header.first_chunk().expect("a whole header");
        if let Some(entry) = record_at(&header, salt, at, &mut window)? {
            if scan.end < at {
                scan.damage.push(scan.end..at);
            }
            at = entry.end();
            scan.end = at;
            each(entry);
        } else if beyond {
            match window.find(at + 1, RECORD_MAGIC)? {
                Some(next) => at = next,
                None => break,
            }
        } else {
            break;
        }
    }
    Ok(scan)
}

fn record_at(
    header: &[u8; HEADER],
    salt: &Salt,
    at: u64,
    window: &mut Window<'_>,
) -> io::Result<Option<Entry>> {
    let offset = u32::try_from(at).ok();
    let Some(entry) = offset.and_then(|offset| Entry::read_header(header, offset)) else {
        return Ok(None);
    };
    if entry.end() > window.to {
        return Ok(None);
    }
    let payload = match entry.kind {
        Kind::Blob => &[],
        _ => window
            .get(entry.payload(), entry.length as usize)?
            .unwrap_or(&[]),
    };
    let whole = header[48..] == check(salt, &header[..48], entry.kind, payload);
    Ok(whole.then_some(entry))
}

/// A part of a file that moves forward.
struct Window<'a> {
    file: &'a File,
    to: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    const BYTES: usize = 256 << 10;

    fn new(file: &'a File, to: u64) -> Window<'a> {
        Window {
            file,
            to,
            start: 0,
            bytes: Vec::new(),
        }
    }

    /// None where the range does not end before `to`.
    fn get(&mut self, at: u64, length: usize) -> io::Result<Option<&[u8]>> {
        if at + length as u64 > self.to {
            return Ok(None);
        }
        let held = self.start + self.bytes.len() as u64;
        if at < self.start || at + length as u64 > held {
            let left = usize::try_from(self.to - at).unwrap_or(usize::MAX);
            self.bytes.resize(left.min(length.max(Window::BYTES)), 0);
            self.start = at;
            let read = read_up_to(self.file, &mut self.bytes, at)?;
            self.bytes.truncate(read);
            if read < length {
                return Ok(None);
            }
        }
        let from = usize::try_from(at - self.start).expect("a window fits into memory");
        Ok(Some(&self.bytes[from..from + length]))
    }

    /// The first place from `at` on where `wanted` stands.
    fn find(&mut self, mut at: u64, wanted: &[u8]) -> io::Result<Option<u64>> {
        loop {
            let left = usize::try_from(self.to.saturating_sub(at)).unwrap_or(usize::MAX);
            let length = left.min(Window::BYTES);
            if length < wanted.len() {
                return Ok(None);
            }
            let Some(bytes) = self.get(at, length)? else {
                return Ok(None);
            };
            if let Some(found) = bytes.windows(wanted.len()).position(|part| part == wanted) {
                return Ok(Some(at + found as u64));
            }
            at += (length - wanted.len() + 1) as u64;
        }
    }
}

/// Fills `bytes` as far as the file goes.
pub(super) fn read_up_to(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match file.read_at(&mut bytes[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

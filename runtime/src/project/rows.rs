//! What the last run knew of the project's paths: fixed-size rows, sorted by path, read in place from the
//! run record's bytes, so that a run with nothing to do decodes nothing else.

use std::ffi::CStr;
use std::sync::Arc;

use crate::observe::Kind;
use crate::project::identity::Identity;

/// Why a path is in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Roles {
    /// An action observed it.
    pub observed: bool,
    /// The host itself looked at it to plan: project file, lock, plugin files, expansions.
    pub host: bool,
    /// A run wrote it; `value` is the digest's hash it must have.
    pub output: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    pub path: Box<str>,
    pub identity: Identity,
    /// Whether an equal identity proves an equal value.
    pub settled: bool,
    pub roles: Roles,
    /// blake3 of a file's bytes, of a directory's whole listing, of a link's text; zeros where it was not needed.
    pub value: [u8; 32],
}

/// Bytes of one encoded row: text offset and length, kind, flags, size, inode, times, value.
const ROW: usize = TEXT + 1 + 1 + 4 * 8 + 32;
const TEXT: usize = 4 + 2;

/// An encoded row without the place of its text.
pub type RawRow = [u8; ROW - TEXT];

#[derive(Clone)]
pub struct Rows {
    bytes: Arc<Vec<u8>>,
    rows: std::ops::Range<usize>,
    texts: std::ops::Range<usize>,
}

impl Rows {
    pub fn empty() -> Rows {
        Rows {
            bytes: Arc::default(),
            rows: 0..0,
            texts: 0..0,
        }
    }

    /// Encodes rows that are sorted by path: their number, the rows, the length of the texts, the texts.
    pub fn encode(rows: &[Row], bytes: &mut Vec<u8>) {
        debug_assert!(rows.is_sorted_by(|a, b| a.path < b.path));
        put_u32(bytes, rows.len());
        let mut texts = Vec::with_capacity(rows.len() * 32);
        for row in rows {
            put_u32(bytes, texts.len());
            let length = u16::try_from(row.path.len()).expect("paths are shorter than 64 KiB");
            bytes.extend_from_slice(&length.to_le_bytes());
            texts.extend_from_slice(row.path.as_bytes());
            texts.push(0);
            put_fixed(bytes, row);
        }
        put_u32(bytes, texts.len());
        bytes.extend_from_slice(&texts);
    }

    /// Reads what [`Rows::encode`] wrote at `start`.
    /// The bytes are from a verified record: `None` only if they are cut.
    pub fn decode(bytes: &Arc<Vec<u8>>, start: usize) -> Option<Rows> {
        let count = take_u32(bytes, start)?;
        let rows = start + 4..start + 4 + count * ROW;
        let length = take_u32(bytes, rows.end)?;
        let texts = rows.end + 4..rows.end + 4 + length;
        if texts.end > bytes.len() {
            return None;
        }
        let bytes = bytes.clone();
        Some(Rows { bytes, rows, texts })
    }

    /// Puts another row of the same path into bytes that [`Rows::decode`] reads at `start`. `None`: there are not as
    /// many rows.
    pub fn put_raw(bytes: &mut [u8], start: usize, index: usize, row: &RawRow) -> Option<()> {
        if index >= take_u32(bytes, start)? {
            return None;
        }
        let place = start + 4 + index * ROW + TEXT;
        bytes
            .get_mut(place..place + row.len())?
            .copy_from_slice(row);
        Some(())
    }

    /// A row without its path.
    pub fn raw_of(row: &Row) -> RawRow {
        let mut bytes = Vec::with_capacity(ROW);
        put_fixed(&mut bytes, row);
        bytes.try_into().expect("all rows are as long")
    }

    pub fn len(&self) -> usize {
        self.rows.len() / ROW
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn raw(&self, index: usize) -> &[u8] {
        let start = self.rows.start + index * ROW;
        &self.bytes[start..start + ROW]
    }

    fn text(&self, index: usize) -> (usize, usize) {
        let raw = self.raw(index);
        let offset = u32::from_le_bytes(raw[..4].try_into().expect("four bytes")) as usize;
        let length = u16::from_le_bytes(raw[4..6].try_into().expect("two bytes")) as usize;
        (self.texts.start + offset, length)
    }

    pub fn path(&self, index: usize) -> &str {
        std::str::from_utf8(self.path_bytes(index)).expect("paths in a verified record are UTF-8")
    }

    fn path_bytes(&self, index: usize) -> &[u8] {
        let (start, length) = self.text(index);
        &self.bytes[start..start + length]
    }

    /// The path's bytes from `skip` on with their closing NUL, as system calls want them.
    pub fn c_path(&self, index: usize, skip: usize) -> &CStr {
        let (start, length) = self.text(index);
        CStr::from_bytes_with_nul(&self.bytes[start + skip..=start + length])
            .expect("paths hold no NUL")
    }

    pub fn identity(&self, index: usize) -> Identity {
        let raw = self.raw(index);
        let number =
            |at: usize| u64::from_le_bytes(raw[at..at + 8].try_into().expect("eight bytes"));
        Identity {
            kind: match raw[6] {
                1 => Kind::File,
                2 => Kind::Directory,
                3 => Kind::Symlink,
                4 => Kind::Other,
                _ => Kind::Absent,
            },
            executable: raw[7] & 1 != 0,
            size: number(8),
            inode: number(16),
            modified: number(24).cast_signed(),
            changed: number(32).cast_signed(),
        }
    }

    pub fn settled(&self, index: usize) -> bool {
        self.raw(index)[7] & 2 != 0
    }

    pub fn roles(&self, index: usize) -> Roles {
        let flags = self.raw(index)[7];
        Roles {
            observed: flags & 4 != 0,
            host: flags & 8 != 0,
            output: flags & 16 != 0,
        }
    }

    pub fn value(&self, index: usize) -> [u8; 32] {
        self.raw(index)[40..72].try_into().expect("32 bytes")
    }

    pub fn row(&self, index: usize) -> Row {
        Row {
            path: self.path(index).into(),
            identity: self.identity(index),
            settled: self.settled(index),
            roles: self.roles(index),
            value: self.value(index),
        }
    }

    /// Whether the row with this number is just this one; the paths are known to be equal.
    pub fn is(&self, index: usize, row: &Row) -> bool {
        self.identity(index) == row.identity
            && self.settled(index) == row.settled
            && self.roles(index) == row.roles
            && self.value(index) == row.value
    }

    /// Puts a new identity into a copy of the bytes these rows were decoded from.
    pub fn patch(&self, bytes: &mut [u8], index: usize, identity: &Identity, settled: bool) {
        let start = self.rows.start + index * ROW;
        let row = &mut bytes[start..start + ROW];
        row[6] = identity.kind as u8;
        row[7] = row[7] & !3 | u8::from(identity.executable) | u8::from(settled) << 1;
        row[8..16].copy_from_slice(&identity.size.to_le_bytes());
        row[16..24].copy_from_slice(&identity.inode.to_le_bytes());
        row[24..32].copy_from_slice(&identity.modified.to_le_bytes());
        row[32..40].copy_from_slice(&identity.changed.to_le_bytes());
    }

    /// Puts another row of the same path into a copy of the bytes these rows were decoded from.
    pub fn put(&self, bytes: &mut [u8], index: usize, row: &Row) {
        let start = self.rows.start + index * ROW + TEXT;
        bytes[start..start + ROW - TEXT].copy_from_slice(&Rows::raw_of(row));
    }

    /// [`find`](Rows::find) for paths that mostly come in order: `expected` is looked at first.
    pub fn find_near(&self, path: &str, expected: usize) -> Option<usize> {
        if expected < self.len() && self.path_bytes(expected) == path.as_bytes() {
            return Some(expected);
        }
        self.find(path)
    }

    pub fn find(&self, path: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.path_bytes(middle).cmp(path.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

/// All of a row but its text.
fn put_fixed(bytes: &mut Vec<u8>, row: &Row) {
    bytes.push(row.identity.kind as u8);
    bytes.push(flags(row));
    bytes.extend_from_slice(&row.identity.size.to_le_bytes());
    bytes.extend_from_slice(&row.identity.inode.to_le_bytes());
    bytes.extend_from_slice(&row.identity.modified.to_le_bytes());
    bytes.extend_from_slice(&row.identity.changed.to_le_bytes());
    bytes.extend_from_slice(&row.value);
}

fn flags(row: &Row) -> u8 {
    let flags = [
        row.identity.executable,
        row.settled,
        row.roles.observed,
        row.roles.host,
        row.roles.output,
    ];
    let bits = flags.iter().enumerate();
    bits.fold(0, |all, (bit, flag)| all | u8::from(*flag) << bit)
}

fn put_u32(bytes: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("a run record is smaller than 4 GiB");
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn take_u32(bytes: &[u8], at: usize) -> Option<usize> {
    let raw = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(raw.try_into().expect("four bytes")) as usize)
}

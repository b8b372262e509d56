//! The content of a file that the guest writes: chunks over an untouched base, so that holes, appends and
//! small changes of large files cost what they write.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

const CHUNK: u64 = 64 << 10;

/// What a chunk does not hold is the base's, and zeros beyond the base.
#[derive(Default)]
pub(super) struct Bytes {
    size: u64,
    base: Option<Arc<[u8]>>,
    /// How much of `base` is still seen: it only shrinks.
    base_size: u64,
    /// The first chunk, most files' only one.
    head: Option<Vec<u8>>,
    /// Further chunks, by their number. A chunk that is shorter than [`CHUNK`] continues with zeros.
    rest: BTreeMap<u64, Vec<u8>>,
    /// Lengths of all chunks.
    written: u64,
}

impl Bytes {
    /// A copy of `base` that copies nothing yet.
    pub(super) fn over(base: Arc<[u8]>) -> Bytes {
        Bytes {
            size: base.len() as u64,
            base_size: base.len() as u64,
            base: Some(base),
            ..Bytes::default()
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of memory that it keeps.
    pub(super) fn held(&self) -> u64 {
        self.written + self.base_size
    }

    /// How many bytes were read: fewer than asked for only at the end.
    pub(super) fn read(&self, offset: u64, into: &mut [u8]) -> usize {
        let length = self.size.saturating_sub(offset).min(into.len() as u64);
        let mut at = offset;
        let mut left = &mut into[..length as usize];
        while !left.is_empty() {
            let start = at % CHUNK;
            let step = (CHUNK - start).min(left.len() as u64);
            let (part, further) = left.split_at_mut(step as usize);
            match self.chunk(at / CHUNK) {
                Some(chunk) => copy_padded(chunk, start, part),
                None => copy_padded(self.base_part(0..self.base_size), at, part),
            }
            at += step;
            left = further;
        }
        length as usize
    }

    /// How much more it would hold after this write.
    pub(super) fn growth(&self, offset: u64, length: u64) -> u64 {
        let end = offset + length;
        let chunks = offset / CHUNK..end.div_ceil(CHUNK);
        let grown = chunks.map(|number| {
            let until = (end - number * CHUNK).min(CHUNK);
            match self.chunk(number) {
                Some(chunk) => until.saturating_sub(chunk.len() as u64),
                None => until.max(self.base_range(number).end - self.base_range(number).start),
            }
        });
        grown.sum()
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let mut at = offset;
        let mut left = bytes;
        while !left.is_empty() {
            let start = (at % CHUNK) as usize;
            let (part, further) = left.split_at(left.len().min(CHUNK as usize - start));
            let chunk = self.chunk_mut(at / CHUNK);
            let before = chunk.len();
            if start == before {
                chunk.extend_from_slice(part);
            } else {
                if start + part.len() > before {
                    chunk.resize(start + part.len(), 0);
                }
                chunk[start..start + part.len()].copy_from_slice(part);
            }
            let grown = chunk.len() - before;
            self.written += grown as u64;
            at += part.len() as u64;
            left = further;
        }
        self.size = self.size.max(at);
    }

    /// Cuts, or adds a hole.
    pub(super) fn resize(&mut self, size: u64) {
        if size < self.size {
            self.base_size = self.base_size.min(size);
            if self.base_size == 0 {
                self.base = None;
            }
            let (last, within) = (size / CHUNK, (size % CHUNK) as usize);
            drop(self.rest.split_off(&(last + u64::from(within > 0))));
            if size == 0 {
                self.head = None;
            } else if let Some(chunk) = self.present_mut(last) {
                chunk.truncate(within);
            }
            let head = self.head.iter();
            let chunks = head.chain(self.rest.values());
            self.written = chunks.map(|chunk| chunk.len() as u64).sum();
        }
        self.size = size;
    }

    /// The whole content in one piece, which becomes the base.
    pub(super) fn whole(&mut self) -> Arc<[u8]> {
        let whole = std::mem::take(self).into_whole();
        *self = Bytes::over(whole.clone());
        whole
    }

    /// A hole costs no memory until someone reads it.
    fn into_whole(self) -> Arc<[u8]> {
        let untouched = self.head.is_none() && self.rest.is_empty();
        match self.base {
            Some(base) if untouched && base.len() as u64 == self.size => return base,
            _ => {}
        }
        if let Some(head) = &self.head
            && head.len() as u64 == self.size
        {
            return head.as_slice().into();
        }
        let size = usize::try_from(self.size).expect("a size below the quota");
        // SAFETY: zeros are valid bytes.
        let mut whole = unsafe { Arc::<[u8]>::new_zeroed_slice(size).assume_init() };
        let bytes = Arc::get_mut(&mut whole).expect("nobody else has it yet");
        if let Some(base) = &self.base {
            let seen = self.base_size as usize;
            bytes[..seen].copy_from_slice(&base[..seen]);
        }
        let head = self.head.map(|chunk| (0, chunk));
        for (number, chunk) in head.into_iter().chain(self.rest) {
            let start = (number * CHUNK) as usize;
            let span = &mut bytes[start..size.min(start + CHUNK as usize)];
            let (held, zeros) = span.split_at_mut(chunk.len());
            held.copy_from_slice(&chunk);
            if (start + chunk.len()) < self.base_size as usize {
                zeros.fill(0);
            }
        }
        whole
    }

    fn chunk(&self, number: u64) -> Option<&[u8]> {
        match number {
            0 => self.head.as_deref(),
            _ => self.rest.get(&number).map(Vec::as_slice),
        }
    }

    fn present_mut(&mut self, number: u64) -> Option<&mut Vec<u8>> {
        match number {
            0 => self.head.as_mut(),
            _ => self.rest.get_mut(&number),
        }
    }

    /// The chunk, made from the base when it is not there yet.
    fn chunk_mut(&mut self, number: u64) -> &mut Vec<u8> {
        let range = self.base_range(number);
        let absent = self.chunk(number).is_none();
        if absent {
            self.written += range.end - range.start;
        }
        // The copies happen only if absent; the borrow checker wants the base apart from the chunks.
        let base = self.base.as_deref().unwrap_or(&[]);
        let copy = || base[range.start as usize..range.end as usize].to_vec();
        match number {
            0 => self.head.get_or_insert_with(copy),
            _ => self.rest.entry(number).or_insert_with(copy),
        }
    }

    /// The part of the base that is seen in a chunk's place.
    fn base_range(&self, number: u64) -> Range<u64> {
        let start = (number * CHUNK).min(self.base_size);
        start..(start + CHUNK).min(self.base_size)
    }

    fn base_part(&self, range: Range<u64>) -> &[u8] {
        let base = self.base.as_deref().unwrap_or(&[]);
        &base[range.start as usize..range.end as usize]
    }
}

/// Copies from `start` on, zeros where `from` has ended.
fn copy_padded(from: &[u8], start: u64, into: &mut [u8]) {
    let from = from.get(start as usize..).unwrap_or(&[]);
    let (bytes, zeros) = into.split_at_mut(from.len().min(into.len()));
    bytes.copy_from_slice(&from[..bytes.len()]);
    zeros.fill(0);
}

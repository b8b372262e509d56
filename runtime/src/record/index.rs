//! The actions of a record, found once and decoded as they are asked for: most runs ask for few of many.

use std::ops::Range;

use cofferdam_cache::Digest;

use crate::observe::Kind;
use crate::record::action::{ActionRecord, FactRecord, Head};
use crate::record::bytes::Reader;

pub struct Index {
    bytes: Vec<u8>,
    /// Where the first record begins.
    start: usize,
    entries: Vec<Entry>,
    needs: Vec<u32>,
}

pub struct Entry {
    /// Of the whole record of the action, of its name, of its facts.
    all: Range<usize>,
    name: Range<usize>,
    facts: usize,
    needs: Range<usize>,
    pub output: Digest,
    /// As in [`ActionRecord`].
    pub planner: Option<(u32, bool)>,
    pub microseconds: u64,
}

impl Index {
    /// `appended` are records that take the place of those with their numbers, the later ones last. `None` where
    /// the bytes are not what a record's second part holds.
    pub fn decode(mut bytes: Vec<u8>, appended: &[(usize, Vec<u8>)]) -> Option<Index> {
        let mut reader = Reader(&bytes);
        let count = reader.count()?;
        let start = bytes.len() - reader.0.len();
        let mut entries = Vec::with_capacity(count);
        let mut needs = Vec::with_capacity(count * 2);
        for _ in 0..count {
            entries.push(Entry::decode(&bytes, &mut reader, &mut needs)?);
        }
        for (number, record) in appended {
            let start = bytes.len();
            bytes.extend_from_slice(record);
            let mut reader = Reader(&bytes[start..]);
            *entries.get_mut(*number)? = Entry::decode(&bytes, &mut reader, &mut needs)?;
        }
        Some(Index {
            bytes,
            start,
            entries,
            needs,
        })
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn name(&self, index: usize) -> &str {
        std::str::from_utf8(&self.bytes[self.entries[index].name.clone()])
            .expect("names were decoded before")
    }

    /// The numbers of the actions it needs, in its order.
    pub fn needs(&self, index: usize) -> &[u32] {
        &self.needs[self.entries[index].needs.clone()]
    }

    pub fn record(&self, index: usize) -> ActionRecord {
        ActionRecord::decode(&mut Reader(self.encoded(index))).expect("it was decoded before")
    }

    /// The record without its facts and needs.
    pub fn head(&self, index: usize) -> Head<'_> {
        ActionRecord::decode_head(&mut Reader(self.encoded(index))).expect("it was decoded before")
    }

    /// As [`ActionRecord::encode`] wrote it.
    pub fn encoded(&self, index: usize) -> &[u8] {
        &self.bytes[self.entries[index].all.clone()]
    }

    /// All of the encoding in pieces, with other bytes for some actions, in order of their numbers.
    pub fn with<'a>(&'a self, others: &[(usize, &'a [u8])]) -> Vec<&'a [u8]> {
        let mut others = others.iter().peekable();
        let mut pieces = Vec::new();
        let mut piece = 0..self.start;
        for (number, entry) in self.entries.iter().enumerate() {
            let other = others.next_if(|(other, _)| *other == number);
            if other.is_none() && entry.all.start == piece.end {
                piece.end = entry.all.end;
                continue;
            }
            pieces.push(&self.bytes[piece]);
            piece = entry.all.clone();
            if let Some((_, bytes)) = other {
                pieces.push(*bytes);
                piece.start = piece.end;
            }
        }
        pieces.push(&self.bytes[piece]);
        pieces
    }

    /// Where each fact was observed.
    pub fn places(&self, index: usize) -> impl Iterator<Item = Place<'_>> {
        let mut reader = Reader(&self.bytes[self.entries[index].facts..]);
        let count = reader.count().expect("it was decoded before");
        (0..count).map(move |_| FactRecord::place(&mut reader).expect("it was decoded before"))
    }
}

impl Entry {
    /// The next record of `reader`, which reads `bytes` to their end.
    fn decode(bytes: &[u8], reader: &mut Reader, needs: &mut Vec<u32>) -> Option<Entry> {
        let at = |reader: &Reader| bytes.len() - reader.0.len();
        let start = at(reader);
        let head = ActionRecord::decode_head(reader)?;
        let name_end = head.name.as_ptr() as usize - bytes.as_ptr() as usize + head.name.len();
        let first_need = needs.len();
        for _ in 0..reader.count()? {
            reader.text()?;
            needs.push(u32::try_from(reader.number()?).ok()?);
        }
        let facts = at(reader);
        for _ in 0..reader.count()? {
            FactRecord::place(reader)?;
        }
        Some(Entry {
            all: start..at(reader),
            name: name_end - head.name.len()..name_end,
            facts,
            needs: first_need..needs.len(),
            output: head.output,
            planner: head.planner,
            microseconds: head.microseconds,
        })
    }
}

/// A fact without its value, in place.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The number of the tree.
    pub mount: u16,
    pub path: PathIn<'a>,
    /// The path's kind, where nothing else was observed of it.
    pub only_kind: Option<Kind>,
}

/// A [`PathRef`](crate::record::PathRef) in place.
#[derive(Clone, Copy)]
pub enum PathIn<'a> {
    Row(usize),
    Text(&'a str),
}

//! The actions of a record, found once and decoded as they are asked for: most runs ask for few of many.

use std::ops::Range;

use cofferdam_cache::Digest;

use crate::observe::Kind;
use crate::record::action::{ActionRecord, FactRecord, Head};
use crate::record::bytes::Reader;

pub struct Index {
    bytes: Vec<u8>,
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
    /// `None` where the bytes are not what a record's second part holds.
    pub fn decode(bytes: Vec<u8>) -> Option<Index> {
        let mut reader = Reader(&bytes);
        let count = reader.count()?;
        let mut entries = Vec::with_capacity(count);
        let mut needs = Vec::with_capacity(count * 2);
        let at = |reader: &Reader| bytes.len() - reader.0.len();
        for _ in 0..count {
            let start = at(&reader);
            let head = ActionRecord::decode_head(&mut reader)?;
            let name_end = head.name.as_ptr() as usize - bytes.as_ptr() as usize + head.name.len();
            let first_need = needs.len();
            for _ in 0..reader.count()? {
                reader.text()?;
                needs.push(u32::try_from(reader.number()?).ok()?);
            }
            let facts = at(&reader);
            for _ in 0..reader.count()? {
                FactRecord::place(&mut reader)?;
            }
            entries.push(Entry {
                all: start..at(&reader),
                name: name_end - head.name.len()..name_end,
                facts,
                needs: first_need..needs.len(),
                output: head.output,
                planner: head.planner,
                microseconds: head.microseconds,
            });
        }
        Some(Index {
            bytes,
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

    /// All of the encoding, with other bytes for some actions, in order of their numbers.
    pub fn with<'a>(&'a self, others: &[(usize, &'a [u8])]) -> Vec<&'a [u8]> {
        let mut pieces = Vec::with_capacity(others.len() * 2 + 1);
        let mut next = 0;
        for (number, bytes) in others {
            let all = &self.entries[*number].all;
            pieces.extend([&self.bytes[next..all.start], *bytes]);
            next = all.end;
        }
        pieces.push(&self.bytes[next..]);
        pieces
    }

    /// Where each fact was observed.
    pub fn places(&self, index: usize) -> impl Iterator<Item = Place<'_>> {
        let mut reader = Reader(&self.bytes[self.entries[index].facts..]);
        let count = reader.count().expect("it was decoded before");
        (0..count).map(move |_| FactRecord::place(&mut reader).expect("it was decoded before"))
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

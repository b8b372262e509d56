//! One action in the run record.

use cofferdam_cache::{Digest, Key};

use crate::observe::{Facets, Fact, Kind};
use crate::record::bytes::{Reader, Writer};
use crate::record::index::{PathIn, Place};

/// The tree an observation is of: its number in the execution's mounts.
pub const SOURCE: u16 = 0;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionRecord {
    pub name: Box<str>,
    pub key: Key,
    pub full_key: Key,
    pub output: Digest,
    /// The delta of its working tree, where another action starts from it.
    pub layer: Option<Digest>,
    /// The number of its planner in the record, and whether its output is part of the planner's.
    pub planner: Option<(u32, bool)>,
    /// Folder below `/in`, number of the action in the record.
    pub needs: Vec<(Box<str>, u32)>,
    pub base: Option<u32>,
    pub writes: Option<Box<str>>,
    /// What its last execution took.
    pub microseconds: u64,
    pub facts: Vec<FactRecord>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactRecord {
    /// 0 is the project's folder, then the needs in order, then the base.
    pub mount: u16,
    pub path: PathRef,
    pub fact: Fact,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PathRef {
    /// A row of the record's table: for the project's folder.
    Row(u32),
    Text(Box<str>),
}

impl ActionRecord {
    pub fn encode(&self, out: &mut Writer) {
        out.array(&self.key.0);
        out.array(&self.full_key.0);
        out.digest(&self.output);
        out.byte(u8::from(self.layer.is_some()) | u8::from(self.writes.is_some()) << 1);
        out.number(self.planner.map_or(0, |(id, exported)| {
            (u64::from(id) << 1 | u64::from(exported)) + 1
        }));
        out.number(self.base.map_or(0, |id| u64::from(id) + 1));
        out.number(self.microseconds);
        if let Some(layer) = &self.layer {
            out.digest(layer);
        }
        out.text(&self.name);
        if let Some(writes) = &self.writes {
            out.text(writes);
        }
        out.number(self.needs.len() as u64);
        for (name, id) in &self.needs {
            out.text(name);
            out.number(u64::from(*id));
        }
        out.number(self.facts.len() as u64);
        for fact in &self.facts {
            fact.encode(out);
        }
    }

    pub fn decode(reader: &mut Reader) -> Option<ActionRecord> {
        let head = Self::decode_head(reader)?;
        let needs = (0..reader.count()?)
            .map(|_| Some((reader.text()?.into(), u32::try_from(reader.number()?).ok()?)))
            .collect::<Option<_>>()?;
        let facts = (0..reader.count()?)
            .map(|_| FactRecord::decode(reader))
            .collect::<Option<_>>()?;
        Some(ActionRecord {
            name: head.name.into(),
            key: head.key,
            full_key: head.full_key,
            output: head.output,
            layer: head.layer,
            planner: head.planner,
            needs,
            base: head.base,
            writes: head.writes.map(Into::into),
            microseconds: head.microseconds,
            facts,
        })
    }

    /// All before the needs.
    pub(super) fn decode_head<'a>(reader: &mut Reader<'a>) -> Option<Head<'a>> {
        let key = reader.key()?;
        let full_key = reader.key()?;
        let output = reader.digest()?;
        let flags = reader.byte()?;
        let planner = reader.number()?;
        let base = reader.number()?;
        let microseconds = reader.number()?;
        Some(Head {
            key,
            full_key,
            output,
            planner: match planner.checked_sub(1) {
                Some(both) => Some((u32::try_from(both >> 1).ok()?, both & 1 != 0)),
                None => None,
            },
            base: match base.checked_sub(1) {
                Some(id) => Some(u32::try_from(id).ok()?),
                None => None,
            },
            microseconds,
            layer: if flags & 1 != 0 {
                Some(reader.digest()?)
            } else {
                None
            },
            name: reader.text()?,
            writes: if flags & 2 != 0 {
                Some(reader.text()?)
            } else {
                None
            },
        })
    }
}

/// What comes before the needs.
#[derive(Clone)]
pub struct Head<'a> {
    pub key: Key,
    pub full_key: Key,
    pub output: Digest,
    pub planner: Option<(u32, bool)>,
    pub base: Option<u32>,
    pub microseconds: u64,
    pub layer: Option<Digest>,
    pub name: &'a str,
    pub writes: Option<&'a str>,
}

const VALUED: Facets = Facets::CONTENT.union(Facets::LISTING).union(Facets::LINK);

impl FactRecord {
    fn encode(&self, out: &mut Writer) {
        let row = matches!(self.path, PathRef::Row(_));
        out.number(u64::from(self.mount) << 1 | u64::from(row));
        match &self.path {
            PathRef::Row(row) => out.number(u64::from(*row)),
            PathRef::Text(text) => out.text(text),
        }
        out.byte(self.fact.facets.bits());
        out.byte(self.fact.kind as u8);
        out.number(self.fact.size);
        if self.fact.facets.intersects(VALUED) {
            out.array(&self.fact.value);
        }
    }

    fn decode(reader: &mut Reader) -> Option<FactRecord> {
        let (mount, place) = Self::decode_place(reader)?;
        let path = match place {
            PathIn::Row(row) => PathRef::Row(row as u32),
            PathIn::Text(text) => PathRef::Text(text.into()),
        };
        let facets = Facets::from_bits(reader.byte()?)?;
        let kind = Kind::from_byte(reader.byte()?)?;
        let size = reader.number()?;
        let value = if facets.intersects(VALUED) {
            reader.array()?
        } else {
            [0; 32]
        };
        Some(FactRecord {
            mount,
            path,
            fact: Fact {
                facets,
                kind,
                size,
                value,
            },
        })
    }

    /// Passes over a fact; gives where it was observed.
    pub(super) fn place<'a>(reader: &mut Reader<'a>) -> Option<Place<'a>> {
        let (mount, path) = Self::decode_place(reader)?;
        let facets = Facets::from_bits(reader.byte()?)?;
        let kind = Kind::from_byte(reader.byte()?)?;
        reader.number()?;
        if facets.intersects(VALUED) {
            reader.slice(32)?;
        }
        Some(Place {
            mount,
            path,
            only_kind: (facets == Facets::KIND).then_some(kind),
        })
    }

    fn decode_place<'a>(reader: &mut Reader<'a>) -> Option<(u16, PathIn<'a>)> {
        let mount = reader.number()?;
        let place = if mount & 1 != 0 {
            PathIn::Row(u32::try_from(reader.number()?).ok()? as usize)
        } else {
            PathIn::Text(reader.text()?)
        };
        Some((u16::try_from(mount >> 1).ok()?, place))
    }
}

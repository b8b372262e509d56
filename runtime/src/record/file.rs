//! The record's file: written whole beside the old one and renamed over it, or, where little has changed, appended
//! to. Appended blocks count as far as they are whole: before them stands an older record, which is true too.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | [`MAGIC`] |
//! | 32 | blake3 of all that follows up to the end of the first part |
//! | 8, 8 | length of the first part, of the second |
//! | 32 | blake3 of the second part |
//! | … | first part: basis, environment, totals, rows: all that a run with nothing to do reads |
//! | … | second part: the actions |
//! | 8, 32, … | each block: length of what follows, blake3 of it, basis, totals, rows and actions by number |

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::project::{RawRow, Row, Rows, Swept};
use crate::record::action::ActionRecord;
use crate::record::bytes::{Reader, Writer};
use crate::record::index::Index;

/// Changes with every change of the encoding: an older record is as good as none.
const MAGIC: &[u8; 16] = b"cofferdam run 3\n";
const SEAL: usize = MAGIC.len();
const LENGTHS: usize = SEAL + 32;
const HEAD: usize = LENGTHS + 16 + 32;
/// Blocks are at most this part of what stands before them, and a little more.
const SHARE: u64 = 4;
const SPARE: u64 = 4096;

/// What holds for a whole run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Basis {
    /// blake3 of what the run was asked for: targets, flags, binary.
    pub request: [u8; 32],
    /// The store's generation: any deletion there changes it.
    pub generation: u64,
    /// blake3 of the folders that no action was shown.
    pub hidden: [u8; 32],
    /// blake3 of the list of written trees: a run that failed may have written others since.
    pub written: [u8; 32],
}

/// What [`RunRecord::write`] puts down. The actions stay in the file until they are asked for.
pub struct RunRecord {
    pub basis: Basis,
    /// Names of host variables that were passed on, and blake3 of their values.
    pub environment: Vec<(Box<str>, [u8; 32])>,
    pub totals: Totals,
    pub rows: Rows,
    file: File,
    /// The head and the first part, with the rows that were appended in their places.
    bytes: Arc<Vec<u8>>,
    /// Actions that were appended, by number, the later ones last.
    appended: Vec<(usize, Vec<u8>)>,
    /// Where the blocks begin, where the last whole one ends, where the file ended.
    ends: [u64; 3],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    pub actions: u64,
    /// What the last execution of every action took, all together: what a cached run saves.
    pub microseconds: u64,
}

impl RunRecord {
    /// `None` where there is no record, or one that is cut, damaged or of another version: then everything
    /// is looked up anew and nothing is lost.
    pub fn read(path: &Path) -> Option<RunRecord> {
        let file = File::open(path).ok()?;
        let mut head = [0; HEAD];
        file.read_exact_at(&mut head, 0).ok()?;
        let [first, second] = lengths(&head);
        let length = file.metadata().ok()?.len();
        let base = (HEAD as u64).checked_add(first)?.checked_add(second)?;
        if head[..SEAL] != *MAGIC || length < base {
            return None;
        }
        let mut bytes = vec![0; HEAD + usize::try_from(first).ok()?];
        bytes[..HEAD].copy_from_slice(&head);
        file.read_exact_at(&mut bytes[HEAD..], HEAD as u64).ok()?;
        if bytes[SEAL..LENGTHS] != *blake3::hash(&bytes[LENGTHS..]).as_bytes() {
            return None;
        }
        let mut reader = Reader(&bytes[HEAD..]);
        let (mut basis, mut totals) = take_basis(&mut reader)?;
        let environment = (0..reader.count()?)
            .map(|_| Some((reader.text()?.into(), reader.array()?)))
            .collect::<Option<_>>()?;
        let start = bytes.len() - reader.0.len();
        let mut blocks = vec![0; usize::try_from(length - base).ok()?];
        file.read_exact_at(&mut blocks, base).ok()?;
        let mut reader = Reader(&blocks);
        let (mut appended, mut end) = (Vec::new(), base);
        while let Some(block) = Block::decode(&mut reader) {
            (basis, totals) = (block.basis, block.totals);
            for (index, row) in block.rows {
                Rows::put_raw(&mut bytes, start, index, row)?;
            }
            appended.extend(block.actions);
            end = length - reader.0.len() as u64;
        }
        let bytes = Arc::new(bytes);
        let rows = Rows::decode(&bytes, start)?;
        Some(RunRecord {
            basis,
            environment,
            totals,
            rows,
            file,
            bytes,
            appended,
            ends: [base, end, length],
        })
    }

    /// Whether this is still the record in the file.
    pub fn is_at(&self, path: &Path) -> bool {
        let mut head = [0; HEAD];
        let read = File::open(path).and_then(|file| {
            file.read_exact_at(&mut head, 0)?;
            file.metadata()
        });
        read.is_ok_and(|now| now.len() == self.ends[2]) && self.bytes.starts_with(&head)
    }

    pub fn actions(&self) -> Option<Vec<ActionRecord>> {
        let index = self.index()?;
        Some(
            (0..index.len())
                .map(|number| index.record(number))
                .collect(),
        )
    }

    pub fn index(&self) -> Option<Index> {
        Index::decode(self.second_part()?, &self.appended)
    }

    fn second_part(&self) -> Option<Vec<u8>> {
        let [_, second] = lengths(&self.bytes);
        let mut bytes = vec![0; usize::try_from(second).ok()?];
        let start = self.ends[0] - second;
        self.file.read_exact_at(&mut bytes, start).ok()?;
        let hash = blake3::hash(&bytes);
        (self.bytes[HEAD - 32..HEAD] == *hash.as_bytes()).then_some(bytes)
    }

    /// Writes the record again with the identities that a sweep found.
    pub fn renew(&self, path: &Path, swept: &Swept) -> std::io::Result<()> {
        let Some(index) = self.index() else {
            return Err(std::io::ErrorKind::InvalidData.into());
        };
        let mut bytes = self.first_part(&self.basis, self.totals);
        for (index, (identity, settled)) in swept.renewed_rows() {
            self.rows.patch(&mut bytes, index, &identity, settled);
        }
        seal(path, bytes, &index.with(&[]))
    }

    /// Writes the record again with other values in some rows and with other actions, encoded, in pieces; the paths,
    /// and the environment, are the same.
    pub fn rewrite(
        &self,
        path: &Path,
        basis: &Basis,
        totals: Totals,
        rows: &BTreeMap<usize, Row>,
        actions: &[&[u8]],
    ) -> std::io::Result<()> {
        let mut bytes = self.first_part(basis, totals);
        for (index, row) in rows {
            self.rows.put(&mut bytes, *index, row);
        }
        seal(path, bytes, actions)
    }

    /// Appends what [`RunRecord::rewrite`] would write anew. Does nothing and gives `false` where too much is
    /// appended already.
    pub fn append(
        &self,
        path: &Path,
        basis: &Basis,
        totals: Totals,
        rows: &BTreeMap<usize, Row>,
        actions: &[(usize, Vec<u8>)],
    ) -> std::io::Result<bool> {
        let block = Block::encode(basis, totals, rows, actions);
        let [base, end, _] = self.ends;
        if end - base + block.len() as u64 > base / SHARE + SPARE {
            return Ok(false);
        }
        let file = File::options().write(true).open(path)?;
        file.set_len(end)?;
        file.write_all_at(&block, end)?;
        Ok(true)
    }

    /// A copy of the head and the first part.
    fn first_part(&self, basis: &Basis, totals: Totals) -> Vec<u8> {
        let mut head = Writer::default();
        put_basis(&mut head, basis, totals);
        let mut bytes = self.bytes.to_vec();
        bytes[HEAD..HEAD + head.0.len()].copy_from_slice(&head.0);
        bytes
    }

    /// `rows` sorted by path. Renamed into place: a reader sees the old record or the new one.
    pub fn write(
        path: &Path,
        basis: &Basis,
        environment: &[(Box<str>, [u8; 32])],
        rows: &[Row],
        actions: &[ActionRecord],
    ) -> std::io::Result<()> {
        let mut out = Writer(Vec::with_capacity(HEAD + 256 + rows.len() * 110));
        out.array(&[0; HEAD]);
        let totals = Totals {
            actions: actions.len() as u64,
            microseconds: actions.iter().map(|action| action.microseconds).sum(),
        };
        put_basis(&mut out, basis, totals);
        out.number(environment.len() as u64);
        for (name, value) in environment {
            out.text(name);
            out.array(value);
        }
        Rows::encode(rows, &mut out.0);
        let mut second = Writer(Vec::with_capacity(actions.len() * 256));
        second.number(actions.len() as u64);
        for action in actions {
            action.encode(&mut second);
        }
        seal(path, out.0, &[&second.0])
    }
}

/// Always as long.
fn put_basis(out: &mut Writer, basis: &Basis, totals: Totals) {
    out.array(&basis.request);
    out.array(&basis.generation.to_le_bytes());
    out.array(&basis.hidden);
    out.array(&basis.written);
    out.array(&totals.actions.to_le_bytes());
    out.array(&totals.microseconds.to_le_bytes());
}

fn take_basis(reader: &mut Reader) -> Option<(Basis, Totals)> {
    let basis = Basis {
        request: reader.array()?,
        generation: u64::from_le_bytes(reader.array()?),
        hidden: reader.array()?,
        written: reader.array()?,
    };
    let totals = Totals {
        actions: u64::from_le_bytes(reader.array()?),
        microseconds: u64::from_le_bytes(reader.array()?),
    };
    Some((basis, totals))
}

/// What one run appends.
struct Block<'a> {
    basis: Basis,
    totals: Totals,
    rows: Vec<(usize, &'a RawRow)>,
    actions: Vec<(usize, Vec<u8>)>,
}

impl Block<'_> {
    fn encode(
        basis: &Basis,
        totals: Totals,
        rows: &BTreeMap<usize, Row>,
        actions: &[(usize, Vec<u8>)],
    ) -> Vec<u8> {
        let mut out = Writer(vec![0; 8 + 32]);
        put_basis(&mut out, basis, totals);
        out.number(rows.len() as u64);
        for (index, row) in rows {
            out.number(*index as u64);
            out.array(&Rows::raw_of(row));
        }
        out.number(actions.len() as u64);
        for (number, record) in actions {
            out.number(*number as u64);
            out.number(record.len() as u64);
            out.0.extend_from_slice(record);
        }
        let mut bytes = out.0;
        let length = (bytes.len() - 8 - 32) as u64;
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        let hash = blake3::hash(&bytes[8 + 32..]);
        bytes[8..8 + 32].copy_from_slice(hash.as_bytes());
        bytes
    }

    /// `None` at the end, and where a block is cut or damaged: `reader` is then where it begins.
    fn decode<'a>(reader: &mut Reader<'a>) -> Option<Block<'a>> {
        let mut ahead = reader.clone();
        let length = usize::try_from(u64::from_le_bytes(ahead.array()?)).ok()?;
        let hash: [u8; 32] = ahead.array()?;
        let bytes = ahead.slice(length)?;
        if *blake3::hash(bytes).as_bytes() != hash {
            return None;
        }
        let mut inside = Reader(bytes);
        let (basis, totals) = take_basis(&mut inside)?;
        let rows = (0..inside.count()?).map(|_| {
            let index = usize::try_from(inside.number()?).ok()?;
            let row = inside.slice(size_of::<RawRow>())?.try_into().ok()?;
            Some((index, row))
        });
        let rows = rows.collect::<Option<_>>()?;
        let actions = (0..inside.count()?).map(|_| {
            let number = usize::try_from(inside.number()?).ok()?;
            let length = inside.count()?;
            Some((number, inside.slice(length)?.to_vec()))
        });
        let actions = actions.collect::<Option<_>>()?;
        *reader = ahead;
        Some(Block {
            basis,
            totals,
            rows,
            actions,
        })
    }
}

/// The lengths of the two parts.
fn lengths(head: &[u8]) -> [u64; 2] {
    [LENGTHS, LENGTHS + 8]
        .map(|at| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes")))
}

/// Fills the head in, and puts the file in its place.
fn seal(path: &Path, mut first: Vec<u8>, second: &[&[u8]]) -> std::io::Result<()> {
    first[..SEAL].copy_from_slice(MAGIC);
    let length = (first.len() - HEAD) as u64;
    first[LENGTHS..LENGTHS + 8].copy_from_slice(&length.to_le_bytes());
    let mut hasher = blake3::Hasher::new();
    for piece in second {
        hasher.update(piece);
    }
    first[LENGTHS + 8..LENGTHS + 16].copy_from_slice(&hasher.count().to_le_bytes());
    first[HEAD - 32..HEAD].copy_from_slice(hasher.finalize().as_bytes());
    let hash = blake3::hash(&first[LENGTHS..]);
    first[SEAL..LENGTHS].copy_from_slice(hash.as_bytes());
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = File::create(&beside)?;
    file.write_all(&first)?;
    for piece in second {
        file.write_all(piece)?;
    }
    std::fs::rename(&beside, path)
}

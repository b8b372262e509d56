//! The record's file: written whole beside the old one and renamed over it.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | [`MAGIC`] |
//! | 32 | blake3 of all that follows up to the end of the first part |
//! | 8, 8 | length of the first part, of the second |
//! | 32 | blake3 of the second part |
//! | … | first part: basis, environment, totals, rows: all that a run with nothing to do reads |
//! | … | second part: the actions |

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::project::{Row, Rows, Swept};
use crate::record::action::ActionRecord;
use crate::record::bytes::{Reader, Writer};
use crate::record::index::Index;

/// Changes with every change of the encoding: an older record is as good as none.
const MAGIC: &[u8; 16] = b"cofferdam run 3\n";
const SEAL: usize = MAGIC.len();
const LENGTHS: usize = SEAL + 32;
const HEAD: usize = LENGTHS + 16 + 32;

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
    /// The head and the first part.
    bytes: Arc<Vec<u8>>,
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
        let is_whole =
            file.metadata().ok()?.len() == (HEAD as u64).checked_add(first)?.checked_add(second)?;
        if head[..SEAL] != *MAGIC || !is_whole {
            return None;
        }
        let mut bytes = vec![0; HEAD + usize::try_from(first).ok()?];
        bytes[..HEAD].copy_from_slice(&head);
        file.read_exact_at(&mut bytes[HEAD..], HEAD as u64).ok()?;
        if bytes[SEAL..LENGTHS] != *blake3::hash(&bytes[LENGTHS..]).as_bytes() {
            return None;
        }
        let bytes = Arc::new(bytes);
        let mut reader = Reader(&bytes[HEAD..]);
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
        let environment = (0..reader.count()?)
            .map(|_| Some((reader.text()?.into(), reader.array()?)))
            .collect::<Option<_>>()?;
        let start = bytes.len() - reader.0.len();
        let rows = Rows::decode(&bytes, start)?;
        Some(RunRecord {
            basis,
            environment,
            totals,
            rows,
            file,
            bytes,
        })
    }

    /// Whether this is still the record in the file.
    pub fn is_at(&self, path: &Path) -> bool {
        let mut head = [0; HEAD];
        let read = File::open(path).and_then(|file| file.read_exact_at(&mut head, 0));
        read.is_ok() && self.bytes.starts_with(&head)
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
        Index::decode(self.second_part()?)
    }

    fn second_part(&self) -> Option<Vec<u8>> {
        let [_, second] = lengths(&self.bytes);
        let mut bytes = vec![0; usize::try_from(second).ok()?];
        let start = self.bytes.len() as u64;
        self.file.read_exact_at(&mut bytes, start).ok()?;
        let hash = blake3::hash(&bytes);
        (self.bytes[HEAD - 32..HEAD] == *hash.as_bytes()).then_some(bytes)
    }

    /// Writes the record again with the identities that a sweep found.
    pub fn renew(&self, path: &Path, swept: &Swept) -> std::io::Result<()> {
        let Some(second) = self.second_part() else {
            return Err(std::io::ErrorKind::InvalidData.into());
        };
        let mut bytes = self.bytes.to_vec();
        for (index, (identity, settled)) in swept.renewed_rows() {
            self.rows.patch(&mut bytes, index, &identity, settled);
        }
        seal(path, bytes, &[&second])
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
        let mut head = Writer::default();
        put_basis(&mut head, basis, totals);
        let mut bytes = self.bytes.to_vec();
        bytes[HEAD..HEAD + head.0.len()].copy_from_slice(&head.0);
        for (index, row) in rows {
            self.rows.put(&mut bytes, *index, row);
        }
        seal(path, bytes, actions)
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

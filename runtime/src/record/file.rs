//! The record's file: written whole beside the old one and renamed over it, read whole and checked.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::project::{Row, Rows, Swept};
use crate::record::action::ActionRecord;
use crate::record::bytes::{Reader, Writer};

/// Changes with every change of the encoding: an older record is as good as none.
const MAGIC: &[u8; 16] = b"cofferdam run 2\n";

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

/// What [`RunRecord::write`] puts down. The reader leaves the actions encoded until they are asked for.
pub struct RunRecord {
    pub basis: Basis,
    /// Names of host variables that were passed on, and blake3 of their values.
    pub environment: Vec<(Box<str>, [u8; 32])>,
    pub totals: Totals,
    pub rows: Rows,
    actions: Actions,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    pub actions: u64,
    /// What the last execution of every action took, all together: what a cached run saves.
    pub microseconds: u64,
}

#[derive(Clone)]
struct Actions {
    bytes: Arc<[u8]>,
    start: usize,
}

impl RunRecord {
    /// `None` where there is no record, or one that is cut, damaged or of another version: then everything
    /// is looked up anew and nothing is lost.
    pub fn read(path: &Path) -> Option<RunRecord> {
        let bytes: Arc<[u8]> = std::fs::read(path).ok()?.into();
        let (head, body) = bytes.split_at_checked(MAGIC.len() + 32)?;
        if head[..MAGIC.len()] != *MAGIC || head[MAGIC.len()..] != *blake3::hash(body).as_bytes() {
            return None;
        }
        let mut reader = Reader(body);
        let basis = Basis {
            request: reader.array()?,
            generation: u64::from_le_bytes(reader.array()?),
            hidden: reader.array()?,
            written: reader.array()?,
        };
        let environment = (0..reader.count()?)
            .map(|_| Some((reader.text()?.into(), reader.array()?)))
            .collect::<Option<_>>()?;
        let totals = Totals {
            actions: reader.number()?,
            microseconds: reader.number()?,
        };
        let start = bytes.len() - reader.0.len();
        let (rows, start) = Rows::decode(&bytes, start)?;
        Some(RunRecord {
            basis,
            environment,
            totals,
            rows,
            actions: Actions { bytes, start },
        })
    }

    /// Whether this is still the record in the file.
    pub fn is_at(&self, path: &Path) -> bool {
        let mut head = [0; MAGIC.len() + 32];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
        read.is_ok() && self.actions.bytes.starts_with(&head)
    }

    pub fn actions(&self) -> Option<Vec<ActionRecord>> {
        let mut reader = Reader(&self.actions.bytes[self.actions.start..]);
        (0..reader.count()?)
            .map(|_| ActionRecord::decode(&mut reader))
            .collect()
    }

    /// Writes the record again with the identities that a sweep found.
    pub fn renew(&self, path: &Path, swept: &Swept) -> std::io::Result<()> {
        let mut bytes = self.actions.bytes.to_vec();
        for (index, (identity, settled)) in swept.renewed_rows() {
            self.rows.patch(&mut bytes, index, &identity, settled);
        }
        seal(path, bytes)
    }

    /// `rows` sorted by path. Renamed into place: a reader sees the old record or the new one.
    pub fn write(
        path: &Path,
        basis: &Basis,
        environment: &[(Box<str>, [u8; 32])],
        rows: &[Row],
        actions: &[ActionRecord],
    ) -> std::io::Result<()> {
        let mut out = Writer(Vec::with_capacity(
            64 + rows.len() * 110 + actions.len() * 256,
        ));
        out.array(MAGIC);
        out.array(&[0; 32]);
        out.array(&basis.request);
        out.array(&basis.generation.to_le_bytes());
        out.array(&basis.hidden);
        out.array(&basis.written);
        out.number(environment.len() as u64);
        for (name, value) in environment {
            out.text(name);
            out.array(value);
        }
        out.number(actions.len() as u64);
        out.number(actions.iter().map(|action| action.microseconds).sum());
        Rows::encode(rows, &mut out.0);
        out.number(actions.len() as u64);
        for action in actions {
            action.encode(&mut out);
        }
        seal(path, out.0)
    }
}

/// Enters the digest and puts the file in its place.
fn seal(path: &Path, mut bytes: Vec<u8>) -> std::io::Result<()> {
    let hash = blake3::hash(&bytes[MAGIC.len() + 32..]);
    bytes[MAGIC.len()..MAGIC.len() + 32].copy_from_slice(hash.as_bytes());
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, &bytes)?;
    std::fs::rename(&beside, path)
}

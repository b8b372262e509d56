//! Reading everything, to find damage before it is met.

use std::path::PathBuf;
use std::sync::Arc;

use super::compact::Compaction;
use super::pack::Pack;
use super::record::{self, Entry, HEADER, Kind};
use super::{Store, StoreError, disk};
use crate::Key;

/// A place in a file of the cache that is not what it was when it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    pub file: PathBuf,
    /// Where in the file, if that is known.
    pub offset: Option<u64>,
    /// Such as "a blob's bytes".
    pub what: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VerifyReport {
    pub records: usize,
    pub large: usize,
    /// Bytes read, as stored.
    pub bytes: u64,
    pub results: usize,
    /// Results that are no hits because something that they name is missing.
    pub incomplete: usize,
    pub damage: Vec<Damage>,
}

impl Store {
    /// Reads every record and every large blob. With `repair`, what is damaged is taken out,
    /// so that it will be made again.
    pub fn verify(&self, repair: bool) -> Result<VerifyReport, StoreError> {
        let one = match repair {
            true => Some(self.folder.lock("gc.lock")?),
            false => None,
        };
        self.writer.seal(&self.folder, &self.view)?;
        self.refresh()?;
        let mut report = VerifyReport::default();
        let mut rewrite = Vec::new();
        for pack in self.view.packs().iter() {
            let before = report.damage.len();
            let entries = self.verify_pack(pack, &mut report)?;
            if report.damage.len() > before && pack.is_sealed() {
                rewrite.push((Arc::clone(pack), entries));
            }
        }
        let bad = self.verify_large(&mut report)?;
        if repair && !(rewrite.is_empty() && bad.is_empty()) {
            self.folder.change_generation()?;
            self.repair(&rewrite, &bad)?;
        }
        if repair {
            self.clear_leftovers()?;
        }
        drop(one);
        self.trees.forget();
        self.refresh()?;
        self.verify_results(&mut report)?;
        Ok(report)
    }

    /// The records that can be read.
    fn verify_pack(
        &self,
        pack: &Pack,
        report: &mut VerifyReport,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut damaged = |offset: Option<u64>, what: &'static str| {
            report.damage.push(Damage {
                file: pack.path.clone(),
                offset,
                what,
            });
        };
        let salt = record::read_salt(&pack.file).map_err(|error| pack.cannot_read(error))?;
        if salt != Some(pack.salt) {
            damaged(Some(0), "a pack's header");
        }
        let known = pack.entries()?;
        let mut found = Vec::with_capacity(known.len());
        let range = (HEADER as u64, pack.length());
        let scan = record::scan(&pack.file, &pack.salt, range, true, |entry| {
            found.push(entry);
        });
        let scan = scan.map_err(|error| pack.cannot_read(error))?;
        let tail = (scan.end < pack.length()).then_some(scan.end..pack.length());
        for range in scan.damage.into_iter().chain(tail) {
            damaged(Some(range.start), "a record");
        }
        if known != found || pack.index_is_damaged() {
            damaged(None, "a pack's index, or records that it names");
        }
        report.records += found.len();
        report.bytes += pack.length();
        // A record whose header is damaged may still be read by its index, and the other way about.
        let mut entries = known;
        entries.extend(found);
        entries.sort_by_key(|entry| entry.offset);
        entries.dedup();
        let mut readable = Vec::with_capacity(entries.len());
        for entry in entries {
            let whole = match entry.kind {
                Kind::Blob => pack.blob(&entry)?.is_some(),
                _ => pack.payload(&entry)?.is_some(),
            };
            if whole {
                readable.push(entry);
            } else {
                report.damage.push(Damage {
                    file: pack.path.clone(),
                    offset: Some(u64::from(entry.offset)),
                    what: "a record's payload",
                });
            }
        }
        Ok(readable)
    }

    /// The paths of damaged files.
    fn verify_large(&self, report: &mut VerifyReport) -> Result<Vec<PathBuf>, StoreError> {
        let mut bad = Vec::new();
        for file in self.folder.list_large()? {
            report.large += 1;
            report.bytes += file.stored;
            let whole = match self.folder.opened(&file)? {
                Some(opened) => opened.verify(),
                None => Ok(false),
            };
            if whole.map_err(|error| StoreError::io("read", &file.path, error))? {
                continue;
            }
            report.damage.push(Damage {
                file: file.path.clone(),
                offset: None,
                what: "a large blob",
            });
            bad.push(file.path);
        }
        Ok(bad)
    }

    fn repair(
        &self,
        rewrite: &[(Arc<Pack>, Vec<Entry>)],
        bad: &[PathBuf],
    ) -> Result<(), StoreError> {
        let mut compaction = Compaction::new(&self.folder)?;
        let mut old = Vec::with_capacity(rewrite.len());
        for (pack, entries) in rewrite {
            for entry in entries {
                compaction.copy(pack, entry, entry.time)?;
            }
            old.push(Arc::clone(pack));
        }
        compaction.replace(&old)?;
        bad.iter().try_for_each(|path| disk::remove(path))
    }

    fn verify_results(&self, report: &mut VerifyReport) -> Result<(), StoreError> {
        let mut keys = Vec::new();
        for pack in self.view.packs().iter() {
            let entries = pack.entries()?;
            let results = entries.iter().filter(|entry| entry.kind == Kind::Result);
            keys.extend(results.map(|entry| entry.key));
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let Some((result, _)) = self.find_result(&Key(key))? else {
                continue;
            };
            report.results += 1;
            if !self.complete(&result)? {
                report.incomplete += 1;
            }
        }
        Ok(())
    }
}

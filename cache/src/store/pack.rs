//! One pack as a process sees it: its records by key, and their payloads.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::folder::Id;
use super::index::{Damaged, Index};
use super::record::{self, COMPRESSED, Entry, HEADER, Salt};
use super::table::Table;
use super::{StoreError, disk};

pub(super) struct Pack {
    pub(super) id: Id,
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) salt: Salt,
    records: Records,
    own: AtomicBool,
    /// Offsets of records that were found damaged: they read as absent.
    bad: Mutex<HashSet<u32>>,
    any_bad: AtomicBool,
}

enum Records {
    /// No longer written; `rebuilt` replaces a damaged index.
    Sealed {
        index: Index,
        rebuilt: OnceLock<Table>,
    },
    /// Written by this process or another.
    Open(RwLock<Open>),
}

struct Open {
    table: Table,
    /// Where the last known record ends.
    end: u64,
}

impl Pack {
    pub(super) fn sealed(id: Id, path: PathBuf, file: File, index: Index) -> Pack {
        let salt = index.salt;
        let rebuilt = OnceLock::new();
        Pack::new(id, path, file, salt, Records::Sealed { index, rebuilt })
    }

    /// A pack that is still written, of which nothing is known yet.
    pub(super) fn open(id: Id, path: PathBuf, file: File, salt: Salt) -> Pack {
        let open = Open {
            table: Table::default(),
            end: HEADER as u64,
        };
        Pack::new(id, path, file, salt, Records::Open(RwLock::new(open)))
    }

    fn new(id: Id, path: PathBuf, file: File, salt: Salt, records: Records) -> Pack {
        Pack {
            id,
            path,
            file,
            salt,
            records,
            own: AtomicBool::new(false),
            bad: Mutex::default(),
            any_bad: AtomicBool::new(false),
        }
    }

    pub(super) fn is_sealed(&self) -> bool {
        matches!(self.records, Records::Sealed { .. })
    }

    /// Its index could not be used; what the pack itself holds is known instead.
    pub(super) fn index_is_damaged(&self) -> bool {
        match &self.records {
            Records::Sealed { rebuilt, .. } => rebuilt.get().is_some(),
            Records::Open(_) => false,
        }
    }

    /// This process writes it and holds its lock.
    pub(super) fn is_own(&self) -> bool {
        self.own.load(Ordering::Relaxed)
    }

    pub(super) fn set_own(&self, own: bool) {
        self.own.store(own, Ordering::Relaxed);
    }

    /// Bytes of whole records, and the header.
    pub(super) fn length(&self) -> u64 {
        match &self.records {
            Records::Sealed { index, .. } => index.pack_length,
            Records::Open(open) => open.read().unwrap_or_else(PoisonError::into_inner).end,
        }
    }

    /// The records of a key that are not known to be damaged, the newest first.
    pub(super) fn each(
        &self,
        key: &[u8; 32],
        mut each: impl FnMut(Entry),
    ) -> Result<(), StoreError> {
        let visit = |entry: Entry| {
            if !self.any_bad.load(Ordering::Relaxed) || !self.is_bad(entry.offset) {
                each(entry);
            }
        };
        match &self.records {
            Records::Open(open) => {
                let open = open.read().unwrap_or_else(PoisonError::into_inner);
                open.table.find(key).for_each(visit);
            }
            Records::Sealed { index, rebuilt } => match rebuilt.get() {
                Some(table) => table.find(key).for_each(visit),
                None => match index.find(key) {
                    Ok(entries) => entries.for_each(visit),
                    Err(Damaged) => self.rebuild(rebuilt)?.find(key).for_each(visit),
                },
            },
        }
        Ok(())
    }

    /// All records, in the order of their making, and not those known to be damaged.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries: Vec<Entry> = match &self.records {
            Records::Open(open) => {
                let open = open.read().unwrap_or_else(PoisonError::into_inner);
                open.table.entries().collect()
            }
            Records::Sealed { index, rebuilt } => match index.entries() {
                Ok(entries) => entries,
                Err(Damaged) => self.rebuild(rebuilt)?.entries().collect(),
            },
        };
        if self.any_bad.load(Ordering::Relaxed) {
            entries.retain(|entry| !self.is_bad(entry.offset));
        }
        entries.sort_unstable_by_key(|entry| entry.offset);
        Ok(entries)
    }

    /// Reads the pack in place of its index, and has the next process that opens it write a new one.
    fn rebuild<'a>(&self, rebuilt: &'a OnceLock<Table>) -> Result<&'a Table, StoreError> {
        let mut table = Table::default();
        let length = self.length();
        let range = (HEADER as u64, length);
        record::scan(&self.file, &self.salt, range, true, |entry| {
            table.push(entry);
        })
        .map_err(|error| self.cannot_read(error))?;
        disk::remove(&self.path.with_extension("idx"))?;
        Ok(rebuilt.get_or_init(|| table))
    }

    /// Learns of records that another process has written since.
    pub(super) fn catch_up(&self) -> Result<(), StoreError> {
        let Records::Open(open) = &self.records else {
            return Ok(());
        };
        let length = self
            .file
            .metadata()
            .map_err(|error| self.cannot_read(error))?
            .len();
        let mut open = open.write().unwrap_or_else(PoisonError::into_inner);
        let Open { table, end } = &mut *open;
        if *end < length {
            let range = (*end, length);
            let scan = record::scan(&self.file, &self.salt, range, false, |entry| {
                table.push(entry);
            });
            *end = scan.map_err(|error| self.cannot_read(error))?.end;
        }
        Ok(())
    }

    /// Makes records known that this process has written at `base`; their offsets are relative to it.
    pub(super) fn appended(&self, entries: impl Iterator<Item = Entry>, base: u64, length: u64) {
        if let Records::Open(open) = &self.records {
            let mut open = open.write().unwrap_or_else(PoisonError::into_inner);
            let base = u32::try_from(base).expect("a pack is sealed long before 4 GiB");
            for mut entry in entries {
                entry.offset += base;
                open.table.push(entry);
            }
            open.end = u64::from(base) + length;
        }
    }

    /// The verified bytes of a blob; None (and remembered) if they are damaged.
    pub(super) fn blob(&self, entry: &Entry) -> Result<Option<Arc<[u8]>>, StoreError> {
        let bytes = if entry.flags & COMPRESSED == 0 {
            self.raw(entry)
        } else {
            self.unpacked(entry)
        };
        let bytes = whole(bytes).map_err(|error| self.cannot_read(error))?;
        let bytes = bytes.filter(|bytes| {
            bytes.len() == usize::from(entry.size) && *blake3::hash(bytes).as_bytes() == entry.key
        });
        if bytes.is_none() {
            self.set_bad(entry.offset);
        }
        Ok(bytes)
    }

    fn raw(&self, entry: &Entry) -> io::Result<Arc<[u8]>> {
        let mut bytes = zeros(entry.length as usize);
        let target = Arc::get_mut(&mut bytes).expect("nobody else has it yet");
        self.file.read_exact_at(target, entry.payload())?;
        Ok(bytes)
    }

    fn unpacked(&self, entry: &Entry) -> io::Result<Arc<[u8]>> {
        let mut packed = vec![0; entry.length as usize];
        self.file.read_exact_at(&mut packed, entry.payload())?;
        let mut bytes = zeros(usize::from(entry.size));
        let target = Arc::get_mut(&mut bytes).expect("nobody else has it yet");
        let length = decompress(&packed, target)?;
        if length != bytes.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(bytes)
    }

    /// A blob's payload as it is stored, unchecked.
    pub(super) fn stored(&self, entry: &Entry) -> Result<Arc<[u8]>, StoreError> {
        self.raw(entry).map_err(|error| self.cannot_read(error))
    }

    /// The payload of a record that is not a blob; None (and remembered) if it is damaged.
    pub(super) fn payload(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        let record = self.record(entry)?;
        let payload = record
            .filter(|record| entry.is_whole(&self.salt, record))
            .map(|mut record| {
                record.drain(..HEADER);
                record
            });
        if payload.is_none() {
            self.set_bad(entry.offset);
        }
        Ok(payload)
    }

    /// Header and payload, unchecked; None beyond the file's end.
    fn record(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        let length = HEADER + entry.length as usize;
        if u64::from(entry.offset) + length as u64 > self.length() {
            return Ok(None);
        }
        let mut record = vec![0; length];
        let read = self
            .file
            .read_exact_at(&mut record, u64::from(entry.offset));
        let record = whole(read.map(|()| record));
        record.map_err(|error| self.cannot_read(error))
    }

    pub(super) fn set_bad(&self, offset: u32) {
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        bad.insert(offset);
        self.any_bad.store(true, Ordering::Relaxed);
    }

    fn is_bad(&self, offset: u32) -> bool {
        let bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        bad.contains(&offset)
    }

    pub(super) fn cannot_read(&self, error: io::Error) -> StoreError {
        StoreError::io("read", &self.path, error)
    }
}

/// None where the bytes end too early or are no zstd frame: damage, not a fault of the disk.
fn whole<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Ok(None),
            _ => Err(error),
        },
    }
}

fn zeros(length: usize) -> Arc<[u8]> {
    std::iter::repeat_n(0, length).collect()
}

/// Decompresses one zstd frame; what is no frame, or longer than `target`, is invalid data.
pub(super) fn decompress(packed: &[u8], target: &mut [u8]) -> io::Result<usize> {
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
            const { RefCell::new(None) };
    }
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            None => decompressor.insert(zstd::bulk::Decompressor::new()?),
        };
        decompressor
            .decompress_to_buffer(packed, target)
            .map_err(|_| io::ErrorKind::InvalidData.into())
    })
}

/// Compresses at level 3 into `packed`, which is cleared first; false if it saves less than an eighth.
pub(super) fn compress(bytes: &[u8], packed: &mut Vec<u8>) -> bool {
    thread_local! {
        static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
            const { RefCell::new(None) };
    }
    packed.clear();
    packed.resize(bytes.len() - bytes.len() / 8, 0);
    let length = COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = match compressor {
            Some(compressor) => compressor,
            None => compressor.insert(zstd::bulk::Compressor::new(3).ok()?),
        };
        // Fails where the target is too small.
        compressor.compress_to_buffer(bytes, &mut packed[..]).ok()
    });
    packed.truncate(length.unwrap_or(0));
    length.is_some()
}

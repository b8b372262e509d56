//! The cache folder: its layout, its format, its generation and its locks.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::record::read_up_to;
use super::{StoreError, disk};

/// The format of the whole folder. A change of any part of it changes this number.
pub(super) const FORMAT: u32 = 1;

const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache: its files can be made again. See https://bford.info/cachedir/\n";

/// Left behind by a process that died if it has not been written to for this long.
const ABANDONED: Duration = Duration::from_secs(3600);

/// The name of a file that one process makes: milliseconds since 1970, then 32 random bits.
/// The order of ids is the order of their making; within a process exactly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Id(u128);

impl Id {
    pub(super) fn new() -> Id {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = since.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(0));
        let next = |last: u64| now.max(last + 1);
        let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(next(last))
        });
        let milliseconds = next(last.unwrap_or_else(|last| last)) & ((1 << 48) - 1);
        Id(u128::from(milliseconds) << 32 | u128::from(random() & 0xffff_ffff))
    }

    fn parse(text: &str) -> Option<Id> {
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 20 || !text.bytes().all(lower) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(Id)
    }

    pub(super) fn file(self, extension: &str) -> String {
        format!("{:020x}.{extension}", self.0)
    }
}

/// Unpredictable enough for names that must not meet; never for secrets.
fn random() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    RandomState::new().hash_one((std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// Seconds since 1970.
pub(super) fn now() -> u32 {
    #[cfg(test)]
    let later = super::tests::clock_ahead();
    #[cfg(not(test))]
    let later = 0;
    seconds(SystemTime::now()) + later
}

/// Seconds since 1970, and 65,536ths of the present one.
pub(super) fn now_and_part() -> (u32, u16) {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let part = since.map_or(0, |time| {
        (u64::from(time.subsec_nanos()) << 16) / 1_000_000_000
    });
    (now(), u16::try_from(part).unwrap_or(u16::MAX))
}

pub(super) fn seconds(time: SystemTime) -> u32 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX))
}

/// Seconds within which a further use is not recorded. Leases protect what was used so long before them.
pub(super) const STALE: u32 = 3600;

/// Whether what was last used at `time` may be collected while a lease is held: then a use must be recorded.
pub(super) fn is_stale(time: u32) -> bool {
    time.saturating_add(STALE) < now()
}

/// A lock file that is held.
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let_go(&self.file);
    }
}

/// Closing a file is not enough: a process that is just being started may hold it too until it is.
pub(super) fn let_go(file: &File) {
    // It cannot fail for a file that is open.
    let _ = file.unlock();
}

pub(super) struct Folder {
    root: PathBuf,
    generation: File,
    /// How many damaged records and files were met.
    pub(super) damaged: AtomicU64,
}

impl Folder {
    pub(super) fn open(root: &Path) -> Result<Folder, StoreError> {
        if !is_ours(root)? {
            create(root)?;
        }
        let path = root.join("generation");
        // A cache may be deleted at any time, and so may a part of it.
        if !PARTS.iter().all(|name| root.join(name).is_dir()) || !path.exists() {
            make_parts(root)?;
        }
        let generation = OpenOptions::new().read(true).write(true).open(&path);
        Ok(Folder {
            root: root.to_owned(),
            generation: generation.map_err(|error| StoreError::io("open", &path, error))?,
            damaged: AtomicU64::new(0),
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn pack(&self, id: Id) -> PathBuf {
        self.root.join("packs").join(id.file("pack"))
    }

    pub(super) fn index(&self, id: Id) -> PathBuf {
        self.root.join("packs").join(id.file("idx"))
    }

    /// A path below `tmp/` that no other process uses.
    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp").join(Id::new().file("tmp"))
    }

    /// The ids of all packs, and of all indexes, in the order of their making.
    pub(super) fn list_packs(&self) -> Result<(Vec<Id>, Vec<Id>), StoreError> {
        let (mut packs, mut indexes) = (Vec::new(), Vec::new());
        for (name, _) in list(&self.path("packs"))? {
            if let Some(id) = name.strip_suffix(".pack").and_then(Id::parse) {
                packs.push(id);
            } else if let Some(id) = name.strip_suffix(".idx").and_then(Id::parse) {
                indexes.push(id);
            }
        }
        packs.sort_unstable();
        indexes.sort_unstable();
        Ok((packs, indexes))
    }

    /// Changes whenever anything is deleted. An unreadable file counts as a change.
    pub(super) fn generation(&self) -> Result<u64, StoreError> {
        let path = self.path("generation");
        let mut text = [0; 17];
        let length = read_up_to(&self.generation, &mut text, 0)
            .map_err(|error| StoreError::io("read", &path, error))?;
        if let Some(value) = read_generation(&text[..length]) {
            return Ok(value);
        }
        self.change_generation()
    }

    /// Gives the folder a generation that it never had. Called before the first deletion.
    pub(super) fn change_generation(&self) -> Result<u64, StoreError> {
        let value = random();
        let text = format!("{value:016x}\n");
        let path = self.path("generation");
        disk::write_at(&self.generation, &path, text.as_bytes(), 0)?;
        Ok(value)
    }

    /// Something is lost: counted, and no longer covered by what was concluded before.
    pub(super) fn met_damage(&self) -> Result<(), StoreError> {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        self.change_generation().map(drop)
    }

    /// Whoever deletes what is not damaged holds `gc.lock`; whoever exchanges packs holds `packs.lock`.
    pub(super) fn lock(&self, name: &str) -> Result<Lock, StoreError> {
        let (file, path) = self.lock_file(name)?;
        file.lock()
            .map_err(|error| StoreError::io("lock", &path, error))?;
        Ok(Lock { file })
    }

    pub(super) fn lock_shared(&self, name: &str) -> Result<Lock, StoreError> {
        let (file, path) = self.lock_file(name)?;
        file.lock_shared()
            .map_err(|error| StoreError::io("lock", &path, error))?;
        Ok(Lock { file })
    }

    pub(super) fn try_lock(&self, name: &str) -> Result<Option<Lock>, StoreError> {
        let (file, path) = self.lock_file(name)?;
        let locked = tried(file.try_lock(), &path)?;
        Ok(locked.then(|| Lock { file }))
    }

    pub(super) fn try_lock_shared(&self, name: &str) -> Result<Option<Lock>, StoreError> {
        let (file, path) = self.lock_file(name)?;
        let locked = tried(file.try_lock_shared(), &path)?;
        Ok(locked.then(|| Lock { file }))
    }

    fn lock_file(&self, name: &str) -> Result<(File, PathBuf), StoreError> {
        let path = self.root.join(name);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = file.map_err(|error| StoreError::io("open", &path, error))?;
        Ok((file, path))
    }

    /// Deletes what processes that died left in `tmp/`.
    pub(super) fn clear_temporary(&self) -> Result<(), StoreError> {
        let old = SystemTime::now() - ABANDONED;
        for (name, entry) in list(&self.path("tmp"))? {
            let modified = entry.metadata().and_then(|meta| meta.modified());
            if modified.is_ok_and(|modified| modified < old) {
                disk::remove(&self.path("tmp").join(name))?;
            }
        }
        Ok(())
    }
}

/// None if the text is damaged.
pub(super) fn read_generation(text: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
    let value = u64::from_str_radix(digits, 16).ok()?;
    (format!("{value:016x}") == digits).then_some(value)
}

/// Whether a lock that was tried is held.
pub(super) fn tried(result: Result<(), fs::TryLockError>, path: &Path) -> Result<bool, StoreError> {
    match result {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(StoreError::io("lock", path, error)),
    }
}

/// The entries of a folder whose names are UTF-8 (all of ours are); a missing folder has none.
pub(super) fn list(path: &Path) -> Result<Vec<(String, fs::DirEntry)>, StoreError> {
    let wrong = |error| StoreError::io("list", path, error);
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut named = Vec::new();
    for entry in entries {
        let entry = entry.map_err(wrong)?;
        if let Ok(name) = entry.file_name().into_string() {
            named.push((name, entry));
        }
    }
    Ok(named)
}

/// Whether `root` is a cache of this format. A folder of another format, or one that holds something else,
/// is an error. A `format` file that cannot be read as one was damaged: each pack names its format too.
fn is_ours(root: &Path) -> Result<bool, StoreError> {
    let path = root.join("format");
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(64).read_to_string(&mut text));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => text.clear(),
        Err(error) => return Err(StoreError::io("read", &path, error)),
    }
    let number = text
        .strip_prefix("cofferdam cache ")
        .and_then(|rest| rest.strip_suffix('\n')?.parse().ok());
    match number {
        Some(FORMAT) => Ok(true),
        Some(found) => Err(StoreError::Format {
            path: root.to_owned(),
            found,
        }),
        None => Ok(false),
    }
}

fn create(root: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(root).map_err(|error| StoreError::io("create", root, error))?;
    let entries = list(root)?;
    let ours = |name: &str| name == "packs" || name == "tmp";
    let started = entries.iter().any(|(name, _)| ours(name));
    if !entries.is_empty() && !started {
        return Err(StoreError::Foreign {
            path: root.to_owned(),
        });
    }
    disk::make_folder(&root.join("tmp"))?;
    make_parts(root)?;
    make_file(root, "format", &format!("cofferdam cache {FORMAT}\n"))
}

const PARTS: [&str; 6] = ["tmp", "packs", "large", "leases", "code", "projects"];

/// All that is missing but `format`, which says that all is there.
fn make_parts(root: &Path) -> Result<(), StoreError> {
    for name in PARTS {
        disk::make_folder(&root.join(name))?;
    }
    make_file(root, "CACHEDIR.TAG", TAG)?;
    // Never replaced, so that all processes hold the same file; an empty one is filled when it is read.
    match disk::create(&root.join("generation")) {
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
        other => drop(other?),
    }
    Ok(())
}

fn make_file(root: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    let temporary = root.join("tmp").join(Id::new().file("tmp"));
    let file = disk::create(&temporary)?;
    disk::write_at(&file, &temporary, text.as_bytes(), 0)?;
    disk::rename(&temporary, &root.join(name))
}

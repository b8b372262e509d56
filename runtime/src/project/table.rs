//! The file table: what this run knows of the project's paths, each looked at once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cofferdam_cache::Digest;

use crate::observe::{Content, Fact, Fault, Kind, Listing};
use crate::project::folder::Folder;
use crate::project::identity::Identity;
use crate::project::rows::{Roles, Row, Rows};
use crate::project::sweep::Swept;

/// One path in this run. The first identity seen is kept; if a later look finds another one, the table takes
/// the new one and is [`disturbed`](FileTable::disturbed).
#[derive(Clone)]
struct Entry {
    identity: Identity,
    settled: bool,
    /// Of a file's bytes, a directory's whole listing, a link's text.
    value: Option<[u8; 32]>,
    listing: Option<Listing>,
    link: Option<Arc<str>>,
    bytes: Option<Arc<[u8]>>,
}

pub struct FileTable {
    folder: Folder,
    known: Rows,
    swept: Option<Swept>,
    shards: [Mutex<HashMap<Box<str>, Entry>>; SHARDS],
    hasher: RandomState,
    disturbed: AtomicBool,
    /// Bytes of contents that are kept for the next action that reads the same file.
    kept: AtomicUsize,
}

const SHARDS: usize = 16;
const KEEP: usize = 32 << 20;
const KEEP_FILE: usize = 1 << 20;
/// How often a file may change while it is read before the action gives up.
const TRIES: usize = 5;

impl FileTable {
    /// `known` are the rows of the last run; `swept` says which of them still hold.
    pub fn new(folder: Folder, known: Rows, swept: Option<Swept>) -> FileTable {
        FileTable {
            folder,
            known,
            swept,
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            disturbed: AtomicBool::new(false),
            kept: AtomicUsize::new(0),
        }
    }

    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Whether a path had two values in this run: two actions may have seen different ones.
    pub fn disturbed(&self) -> bool {
        self.disturbed.load(Ordering::SeqCst)
    }

    pub fn identity(&self, path: &str) -> Result<Identity, Fault> {
        Ok(self.entry(path)?.identity)
    }

    pub fn digest(&self, path: &str) -> Result<(Digest, bool), Fault> {
        let entry = self.entry(path)?;
        if let (Kind::File, Some(hash)) = (entry.identity.kind, entry.value) {
            let size = entry.identity.size;
            return Ok((Digest { hash, size }, entry.identity.executable));
        }
        let content = self.read(path)?;
        Ok((content.digest, content.executable))
    }

    pub fn read(&self, path: &str) -> Result<Content, Fault> {
        let pinned = self.entry(path)?;
        if let (Some(bytes), Some(hash)) = (&pinned.bytes, pinned.value) {
            return Ok(content(&pinned.identity, hash, bytes.clone()));
        }
        for _ in 0..TRIES {
            let clock = self.folder.clock();
            let Some(read) = self.folder.read(path)? else {
                self.disturbed.store(true, Ordering::SeqCst);
                let identity = self.folder.identity(path)?;
                if identity.kind != Kind::File {
                    self.put(path, Entry::new(identity, identity.settled(clock)));
                    return Err(Fault::disturbed(path));
                }
                continue;
            };
            if read.identity != pinned.identity {
                self.disturbed.store(true, Ordering::SeqCst);
            }
            let bytes: Arc<[u8]> = read.bytes.into();
            let hash = *blake3::hash(&bytes).as_bytes();
            let keep = bytes.len() <= KEEP_FILE
                && self.kept.fetch_add(bytes.len(), Ordering::Relaxed) < KEEP;
            self.put(
                path,
                Entry {
                    value: Some(hash),
                    bytes: keep.then(|| bytes.clone()),
                    ..Entry::new(read.identity, read.identity.settled(clock))
                },
            );
            return Ok(content(&read.identity, hash, bytes));
        }
        Err(Fault::disturbed(path))
    }

    /// All names in a directory, whatever `reads` says.
    pub fn list(&self, path: &str) -> Result<Listing, Fault> {
        let entry = self.entry(path)?;
        if let Some(listing) = entry.listing {
            return Ok(listing);
        }
        for _ in 0..TRIES {
            let clock = self.folder.clock();
            let identity = self.folder.identity(path)?;
            let names = self.folder.list(path)?;
            if identity != entry.identity {
                self.disturbed.store(true, Ordering::SeqCst);
            }
            let Some(names) = names else {
                self.put(path, Entry::new(identity, identity.settled(clock)));
                return Err(Fault::disturbed(path));
            };
            if self.folder.identity(path)? != identity {
                self.disturbed.store(true, Ordering::SeqCst);
                continue;
            }
            let listing: Listing = names.into();
            self.put(
                path,
                Entry {
                    value: Some(Fact::listing_value(&listing)),
                    listing: Some(listing.clone()),
                    ..Entry::new(identity, identity.settled(clock))
                },
            );
            return Ok(listing);
        }
        Err(Fault::disturbed(path))
    }

    pub fn link(&self, path: &str) -> Result<Arc<str>, Fault> {
        let entry = self.entry(path)?;
        if let Some(link) = entry.link {
            return Ok(link);
        }
        let clock = self.folder.clock();
        let text = self.folder.link(path)?;
        let identity = self.folder.identity(path)?;
        let Some(text) = text.filter(|_| identity == entry.identity) else {
            self.disturbed.store(true, Ordering::SeqCst);
            self.put(path, Entry::new(identity, identity.settled(clock)));
            return Err(Fault::disturbed(path));
        };
        let link: Arc<str> = text.into();
        self.put(
            path,
            Entry {
                value: Some(Fact::link_value(&link)),
                link: Some(link.clone()),
                ..Entry::new(identity, identity.settled(clock))
            },
        );
        Ok(link)
    }

    /// The row to remember a path by. Its value is there if this run or the last one needed it.
    pub fn row(&self, path: &str, roles: Roles) -> Result<Row, Fault> {
        let entry = self.entry(path)?;
        let needs_value = matches!(
            entry.identity.kind,
            Kind::File | Kind::Directory | Kind::Symlink
        );
        Ok(Row {
            path: path.into(),
            identity: entry.identity,
            // Without a value nothing but the identity was used, and that is compared as it is.
            settled: entry.settled || !needs_value,
            roles,
            value: entry.value.unwrap_or_default(),
        })
    }

    /// Drops what is known of a path that the host itself has just written.
    pub fn forget(&self, path: &str) {
        self.shard(path)
            .lock()
            .expect("no panic while locked")
            .remove(path);
    }

    fn entry(&self, path: &str) -> Result<Entry, Fault> {
        if let Some(entry) = self
            .shard(path)
            .lock()
            .expect("no panic while locked")
            .get(path)
        {
            return Ok(entry.clone());
        }
        let known = self.known.find(path);
        if let (Some(index), Some(swept)) = (known, &self.swept)
            && swept.holds(index)
        {
            return Ok(self.remembered(index));
        }
        let clock = self.folder.clock();
        let identity = self.folder.identity(path)?;
        let entry = match known {
            Some(index) if self.known.settled(index) && self.known.identity(index) == identity => {
                self.remembered(index)
            }
            _ => Entry::new(identity, identity.settled(clock)),
        };
        self.put(path, entry.clone());
        Ok(entry)
    }

    fn remembered(&self, index: usize) -> Entry {
        let value = self.known.value(index);
        let entry = match self.swept.as_ref().and_then(|swept| swept.renewed(index)) {
            Some((identity, settled)) => Entry::new(identity, settled),
            None => Entry::new(self.known.identity(index), self.known.settled(index)),
        };
        Entry {
            value: (value != [0; 32]).then_some(value),
            ..entry
        }
    }

    fn put(&self, path: &str, entry: Entry) {
        self.shard(path)
            .lock()
            .expect("no panic while locked")
            .insert(path.into(), entry);
    }

    fn shard(&self, path: &str) -> &Mutex<HashMap<Box<str>, Entry>> {
        let hash = self.hasher.hash_one(path);
        &self.shards[usize::try_from(hash >> 60).expect("four bits")]
    }
}

impl Entry {
    fn new(identity: Identity, settled: bool) -> Entry {
        Entry {
            identity,
            settled,
            value: None,
            listing: None,
            link: None,
            bytes: None,
        }
    }
}

fn content(identity: &Identity, hash: [u8; 32], bytes: Arc<[u8]>) -> Content {
    Content {
        digest: Digest {
            hash,
            size: bytes.len() as u64,
        },
        executable: identity.executable,
        bytes,
    }
}

//! The folder of large blobs: `large/ab/<hash>`, the first two digits of the hash as a folder of their own.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::folder::{Folder, is_stale, list, seconds};
use super::frames::{FRAME, Frames, Opened, Packing, blob_size};
use super::{StoreError, disk};
use crate::Digest;
use crate::digest::parse_hex;

/// Blobs of at least so many bytes are files of their own.
pub(super) const LARGE: u64 = 64 << 10;

/// A file of `large/`.
pub(super) struct LargeFile {
    pub(super) hash: [u8; 32],
    pub(super) path: PathBuf,
    /// Bytes on disk.
    pub(super) stored: u64,
    /// When it was written or touched last.
    pub(super) time: u32,
}

impl Folder {
    pub(super) fn large_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let mut path = self.path("large");
        path.push(&hex[..2]);
        path.push(hex);
        path
    }

    pub(super) fn has_large(&self, digest: &Digest) -> Result<bool, StoreError> {
        let path = self.large_path(digest);
        match rustix::fs::stat(&path) {
            // After a loss of power a file may be there without its bytes.
            Ok(stat) => Ok(stat.st_size > 0),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(error) => Err(StoreError::io("look at", &path, error.into())),
        }
    }

    /// None if it is absent or its table is damaged; then it is deleted.
    pub(super) fn open_large(&self, digest: &Digest) -> Result<Option<Opened>, StoreError> {
        let path = self.large_path(digest);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("open", &path, error)),
        };
        let opened = Opened::new(file, *digest);
        match opened.map_err(|error| StoreError::io("read", &path, error))? {
            Some(opened) => Ok(Some(opened)),
            None => self.discard_large(digest).map(|()| None),
        }
    }

    /// Deletes a damaged file, so that it can be written anew.
    pub(super) fn discard_large(&self, digest: &Digest) -> Result<(), StoreError> {
        self.met_damage()?;
        disk::remove(&self.large_path(digest))
    }

    /// Marks a file as used now, unless it was within the hour: whether it had to. None if it is absent.
    pub(super) fn touch_large(&self, digest: &Digest) -> Result<Option<bool>, StoreError> {
        let path = self.large_path(digest);
        let wrong = |error| StoreError::io("touch", &path, error);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error)),
        };
        let meta = file.metadata().map_err(wrong)?;
        if meta.len() == 0 {
            return Ok(None);
        }
        let stale = is_stale(seconds(meta.modified().map_err(wrong)?));
        if stale {
            disk::set_modified(&file, &path, SystemTime::now())?;
        }
        Ok(Some(stale))
    }

    /// Writes a blob whose frames `next` gives: it clears and fills the buffer, and leaves it empty at the end.
    pub(super) fn put_large(
        &self,
        packing: Packing,
        mut next: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
    ) -> Result<Digest, StoreError> {
        let temporary = self.temporary();
        let file = disk::create(&temporary)?;
        let written = self.write_large(&file, &temporary, packing, &mut next);
        if written.is_err() {
            // The first error is the one to tell.
            let _ = disk::remove(&temporary);
        }
        written
    }

    fn write_large(
        &self,
        file: &File,
        temporary: &Path,
        packing: Packing,
        next: &mut dyn FnMut(&mut Vec<u8>) -> io::Result<()>,
    ) -> Result<Digest, StoreError> {
        let wrong = |error| StoreError::io("read what is stored as", temporary, error);
        let mut frames = Frames::new(file, temporary, packing);
        let (mut bytes, mut ahead) = (Vec::with_capacity(FRAME), Vec::with_capacity(FRAME));
        next(&mut bytes).map_err(wrong)?;
        while !bytes.is_empty() {
            next(&mut ahead).map_err(wrong)?;
            frames.push(&bytes, ahead.is_empty())?;
            std::mem::swap(&mut bytes, &mut ahead);
        }
        let digest = frames.finish()?;
        disk::make_read_only(file, temporary)?;
        let path = self.large_path(&digest);
        match disk::rename(temporary, &path) {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                disk::make_folder(path.parent().expect("a path below `large`"))?;
                disk::rename(temporary, &path)?;
            }
            other => other?,
        }
        Ok(digest)
    }

    /// A file that was listed; None if its table is damaged or it is gone.
    pub(super) fn opened(&self, listed: &LargeFile) -> Result<Option<Opened>, StoreError> {
        let wrong = |error| StoreError::io("read", &listed.path, error);
        let file = match File::open(&listed.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error)),
        };
        let Some(size) = blob_size(&file).map_err(wrong)? else {
            return Ok(None);
        };
        let digest = Digest {
            hash: listed.hash,
            size,
        };
        Opened::new(file, digest).map_err(wrong)
    }

    pub(super) fn list_large(&self) -> Result<Vec<LargeFile>, StoreError> {
        let mut files = Vec::new();
        for (name, entry) in list(&self.path("large"))? {
            if name.len() != 2 {
                continue;
            }
            for (name, entry) in list(&entry.path())? {
                let (Some(hash), Ok(meta)) = (parse_hex(&name), entry.metadata()) else {
                    continue;
                };
                files.push(LargeFile {
                    hash,
                    path: entry.path(),
                    stored: meta.len(),
                    time: meta.modified().map_or(0, seconds),
                });
            }
        }
        Ok(files)
    }
}

//! Files named by the SHA-256 of their bytes.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use cofferdam_plugin::{At as _, Result, files, out};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) struct Blob {
    /// `sha256:HEX`.
    digest: String,
    size: u64,
}

impl Blob {
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Blob> {
        let mut hashed = Hashed::new(io::sink());
        hashed.write_all(bytes)?;
        let blob = hashed.blob();
        files::write(blob.path(), bytes)?;
        Ok(blob)
    }

    /// Takes a file that holds the blob's bytes to its place.
    pub(crate) fn place(self, file: PathBuf) -> Result<Blob> {
        fs::rename(&file, self.path()).at(file)?;
        Ok(self)
    }

    pub(crate) fn descriptor(&self, media_type: &str) -> Value {
        json!({ "mediaType": media_type, "digest": self.digest, "size": self.size })
    }

    pub(crate) fn digest(self) -> String {
        self.digest
    }

    fn path(&self) -> PathBuf {
        let hex = self.digest.trim_start_matches("sha256:");
        out().join("blobs/sha256").join(hex)
    }
}

/// Hashes and counts what passes through.
pub(crate) struct Hashed<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Hashed<W> {
    pub(crate) fn new(inner: W) -> Hashed<W> {
        Hashed {
            inner,
            hash: Sha256::new(),
            size: 0,
        }
    }

    pub(crate) fn blob(&self) -> Blob {
        let hash = self.hash.clone().finalize();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Blob {
            digest: format!("sha256:{hex}"),
            size: self.size,
        }
    }

    pub(crate) fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

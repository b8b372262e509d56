//! One need as a layer: a tar with sorted names, fixed times and owner 0, compressed.

use std::fs::{self, File};
use std::io::{BufWriter, Write};

use cofferdam_plugin::files::{self, Entry, Kind};
use cofferdam_plugin::{At as _, Result, input, out};
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::blob::{Blob, Hashed};
use crate::config::{Compression, Config};
use crate::frames::Frames;

/// The layer's blob, and the digest of its uncompressed bytes.
pub(crate) fn write(need: &str, config: &Config) -> Result<(Blob, String)> {
    let entries = files::walk(input(need))?;
    files::create_folder(out().join("blobs/sha256"))?;
    let path = out().join("blobs/unfinished");
    let file = File::create(&path).at(&path)?;
    let blob = Hashed::new(BufWriter::new(file));
    let (blob, plain) = match config.compression {
        Compression::Gzip => {
            let packed = GzEncoder::new(blob, flate2::Compression::new(6));
            let (packed, plain) = append(packed, &entries, config.mtime)?;
            (packed.finish()?, plain)
        }
        Compression::Zstd => {
            let packed = Frames::new(blob);
            let (packed, plain) = append(packed, &entries, config.mtime)?;
            (packed.finish()?, plain)
        }
        Compression::None => append(blob, &entries, config.mtime)?,
    };
    let layer = blob.blob();
    blob.into_inner().flush()?;
    Ok((layer.place(path)?, plain.digest()))
}

fn append<W: Write>(to: W, entries: &[Entry], mtime: u32) -> Result<(W, Blob)> {
    let mut tape = Builder::new(Hashed::new(to));
    for entry in entries {
        member(&mut tape, entry, mtime).at(&entry.path)?;
    }
    let plain = tape.into_inner()?;
    let blob = plain.blob();
    Ok((plain.into_inner(), blob))
}

fn member<W: Write>(tape: &mut Builder<W>, entry: &Entry, mtime: u32) -> Result {
    let Entry { name, path, kind } = entry;
    let mut header = Header::new_gnu();
    header.set_mtime(mtime.into());
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    match kind {
        Kind::Directory => {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(0o755);
            tape.append_data(&mut header, format!("{name}/"), &[][..])?;
        }
        Kind::Symlink => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            tape.append_link(&mut header, name, fs::read_link(path)?)?;
        }
        Kind::File => {
            let file = File::open(path)?;
            header.set_size(file.metadata()?.len());
            header.set_mode(if files::is_executable(path)? {
                0o755
            } else {
                0o644
            });
            tape.append_data(&mut header, name, file)?;
        }
    }
    Ok(())
}

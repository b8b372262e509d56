//! zip, deflated.

use std::io::{self, Read, Write};

use cofferdam_plugin::files::Kind;
use cofferdam_plugin::{Failure, Result};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::{Member, link_text, mode, open};

/// 1980-01-01, where a zip's time begins.
const FIRST: u32 = 315_532_800;

const FILE: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const SYMLINK: u32 = 0o120_000;

pub(crate) fn write<W: Write>(to: W, members: &[Member], mtime: u32) -> Result {
    let time = UtcDateTime::from_unix(mtime.max(FIRST).into());
    let mut zip = ZipArchiveWriter::new(to);
    for member in members {
        let path = &member.entry.path;
        match member.entry.kind {
            Kind::Directory => {
                let name = format!("{}/", member.name);
                zip.new_dir(name.as_str())
                    .last_modified(time)
                    .unix_permissions(DIRECTORY | 0o755)
                    .create()
                    .map_err(failure)?;
            }
            Kind::Symlink => {
                let text = link_text(path)?;
                add(&mut zip, member, time, SYMLINK | 0o777, text.as_bytes())?;
            }
            Kind::File => {
                add(&mut zip, member, time, FILE | mode(path)?, open(path)?)?;
            }
        }
    }
    zip.finish().map_err(failure)?;
    Ok(())
}

fn add<W: Write>(
    zip: &mut ZipArchiveWriter<W>,
    member: &Member,
    time: UtcDateTime,
    mode: u32,
    mut bytes: impl Read,
) -> Result {
    let (mut entry, config) = zip
        .new_file(member.name.as_str())
        .compression_method(CompressionMethod::DEFLATE)
        .last_modified(time)
        .unix_permissions(mode)
        .start()
        .map_err(failure)?;
    let packed = DeflateEncoder::new(&mut entry, Compression::new(6));
    let mut plain = config.wrap(packed);
    io::copy(&mut bytes, &mut plain)?;
    let (packed, descriptor) = plain.finish().map_err(failure)?;
    packed.finish()?;
    entry.finish(descriptor).map_err(failure)?;
    Ok(())
}

fn failure(error: rawzip::Error) -> Failure {
    Failure::from(io::Error::other(error))
}

//! tar.

use std::io::Write;

use cofferdam_plugin::files::Kind;
use cofferdam_plugin::{At as _, Result};
use tar::{Builder, EntryType, Header};

use crate::{Member, link_text, mode, open};

pub(crate) fn write<W: Write>(to: W, members: &[Member], mtime: u32) -> Result<W> {
    let mut tape = Builder::new(to);
    for member in members {
        append(&mut tape, member, mtime)?;
    }
    Ok(tape.into_inner()?)
}

fn append<W: Write>(tape: &mut Builder<W>, member: &Member, mtime: u32) -> Result {
    let path = &member.entry.path;
    let mut header = Header::new_gnu();
    header.set_mtime(mtime.into());
    header.set_uid(0);
    header.set_gid(0);
    let written = match member.entry.kind {
        Kind::Directory => {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(0o755);
            header.set_size(0);
            tape.append_data(&mut header, format!("{}/", member.name), &[][..])
        }
        Kind::Symlink => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            header.set_size(0);
            tape.append_link(&mut header, &member.name, link_text(path)?)
        }
        Kind::File => {
            let file = open(path)?;
            header.set_mode(mode(path)?);
            header.set_size(file.metadata()?.len());
            tape.append_data(&mut header, &member.name, file)
        }
    };
    written.at(path)
}

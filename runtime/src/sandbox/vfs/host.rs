//! Real folders, through cap-std: neither links nor `..` lead out of one, whoever changes it meanwhile.

use std::io;

use cap_std::fs::{Dir, File, FileExt, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};

use super::Vfs;
use super::error::{Code, FsError, Result};
use super::handle::{Chunk, FileStat, Mode, OpenFlags, Row, Shared};
use super::node::{Body, Node, NodeId, mix};
use crate::observe::{Fault, Kind};

/// Read at once, whatever the guest asks for.
const LARGEST_READ: usize = 1 << 20;

impl Vfs {
    pub(super) fn real(&self, dir: NodeId) -> Result<&Dir> {
        match &self.nodes[dir].body {
            Body::HostDirectory(folder) => Ok(folder),
            _ => Err(Code::NotDirectory.into()),
        }
    }

    pub(super) fn real_metadata(&self, dir: NodeId, path: &str, follow: bool) -> Result<Metadata> {
        metadata(self.real(dir)?, path, follow).map_err(error)
    }

    /// That a path is a directory itself, whatever slashes it ends with: cap-std takes those away.
    pub(super) fn real_directory(&self, dir: NodeId, path: &str) -> Result<()> {
        let metadata = self.real_metadata(dir, path.trim_end_matches('/'), false)?;
        match metadata.is_dir() {
            true => Ok(()),
            false => Err(Code::NotDirectory.into()),
        }
    }

    /// A node for what is opened; it goes when its handle is closed.
    pub(super) fn open_real(
        &mut self,
        dir: NodeId,
        path: &str,
        follow: bool,
        flags: OpenFlags,
        mode: Mode,
    ) -> Result<NodeId> {
        let body = open(self.real(dir)?, path, follow, flags, mode)?;
        let mount = self.nodes[dir].mount;
        Ok(self.nodes.add(Node {
            inode: 0,
            links: 0,
            opens: 0,
            parent: dir,
            mount,
            body,
        }))
    }
}

/// A slash at the end asks for what a link leads to; cap-std would tell of the link.
fn metadata(folder: &Dir, path: &str, follow: bool) -> io::Result<Metadata> {
    match follow || path.ends_with('/') {
        true => folder.metadata(path),
        false => folder.symlink_metadata(path),
    }
}

fn open(folder: &Dir, path: &str, follow: bool, flags: OpenFlags, mode: Mode) -> Result<Body> {
    match metadata(folder, path, follow).map(|metadata| kind(metadata.file_type())) {
        Ok(_) if flags.create && flags.exclusive => return Err(Code::Exist.into()),
        Ok(Kind::Directory) if mode.write || flags.create || flags.truncate => {
            return Err(Code::IsDirectory.into());
        }
        Ok(Kind::Directory) => {
            let folder = folder.open_dir(path).map_err(error)?;
            return Ok(Body::HostDirectory(folder));
        }
        Ok(_) if flags.directory => return Err(Code::NotDirectory.into()),
        Ok(Kind::Symlink) => return Err(Code::Loop.into()),
        // To open a pipe would block, to open a device may do anything.
        Ok(Kind::Other) => return Err(Code::NoSuchDevice.into()),
        Ok(_) => {}
        Err(missing) if missing.kind() == io::ErrorKind::NotFound && flags.create => {}
        Err(failure) => return Err(error(failure)),
    }
    let mut options = OpenOptions::new();
    options
        .read(mode.read || !mode.write)
        .write(mode.write || flags.create || flags.truncate)
        .create(flags.create)
        .create_new(flags.create && flags.exclusive)
        .truncate(flags.truncate)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = folder.open_with(path, &options).map_err(error)?;
    match kind(file.metadata().map_err(error)?.file_type()) {
        Kind::File => Ok(Body::HostFile(file)),
        _ => Err(Code::NoSuchDevice.into()),
    }
}

pub(super) fn read(file: &File, offset: u64, length: usize) -> Result<Chunk> {
    let mut bytes = vec![0; length.min(LARGEST_READ)];
    let read = read_into(file, offset, &mut bytes)?;
    let eof = read < bytes.len();
    bytes.truncate(read);
    Ok(Chunk {
        bytes: Shared::Own(bytes),
        eof,
    })
}

pub(super) fn read_into(file: &File, offset: u64, into: &mut [u8]) -> Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match file.read_at(&mut into[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(step) => read += step,
            Err(again) if again.kind() == io::ErrorKind::Interrupted => {}
            Err(failure) => return Err(error(failure)),
        }
    }
    Ok(read)
}

pub(super) fn write(file: &File, offset: u64, bytes: &[u8]) -> Result<usize> {
    file.write_all_at(bytes, offset).map_err(error)?;
    Ok(bytes.len())
}

pub(super) fn size(file: &File) -> Result<u64> {
    Ok(file.metadata().map_err(error)?.len())
}

pub(super) fn set_size(file: &File, size: u64) -> Result<()> {
    file.set_len(size).map_err(error)
}

pub(super) fn read_link(folder: &Dir, path: &str) -> Result<String> {
    if path.ends_with('/') {
        metadata(folder, path, true).map_err(error)?;
        return Err(Code::Invalid.into());
    }
    let text = folder.read_link_contents(path).map_err(error)?;
    let text = text.into_os_string().into_string();
    text.map_err(|_| Code::IllegalByteSequence.into())
}

pub(super) fn hard_link(from: &Dir, old: &str, follow: bool, to: &Dir, new: &str) -> Result<()> {
    let resolved;
    let mut old = std::path::Path::new(old);
    if follow {
        resolved = from.canonicalize(old).map_err(error)?;
        old = &resolved;
    }
    match kind(from.symlink_metadata(old).map_err(error)?.file_type()) {
        Kind::Symlink => Err(Code::NotPermitted.into()),
        _ => from.hard_link(old, to, new).map_err(error),
    }
}

pub(super) fn list(folder: &Dir) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for entry in folder.entries().map_err(error)? {
        let entry = entry.map_err(error)?;
        let name = entry.file_name().into_string();
        rows.push(Row {
            name: name.map_err(|_| Code::IllegalByteSequence)?.into(),
            kind: kind(entry.file_type().map_err(error)?),
            inode: inode(&entry.metadata().map_err(error)?),
        });
    }
    rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

pub(super) fn file_stat(metadata: &Metadata) -> FileStat {
    let kind = kind(metadata.file_type());
    FileStat {
        kind,
        size: match kind {
            Kind::File | Kind::Symlink => metadata.len(),
            _ => 0,
        },
        links: metadata.nlink(),
    }
}

pub(super) fn inode(metadata: &Metadata) -> u64 {
    mix(mix(metadata.dev()) ^ metadata.ino())
}

fn kind(of: cap_std::fs::FileType) -> Kind {
    match () {
        () if of.is_file() => Kind::File,
        () if of.is_dir() => Kind::Directory,
        () if of.is_symlink() => Kind::Symlink,
        () => Kind::Other,
    }
}

/// What the guest did is a code, what the host cannot do a fault.
pub(super) fn error(error: io::Error) -> FsError {
    use rustix::io::Errno;
    let Some(errno) = Errno::from_io_error(&error) else {
        // cap-std's own: the path led outside.
        return match error.kind() {
            io::ErrorKind::PermissionDenied => Code::NotPermitted.into(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => Code::Invalid.into(),
            _ => Fault::new(format!("a real folder: {error}")).into(),
        };
    };
    let code = match errno {
        Errno::ACCESS => Code::Access,
        Errno::AGAIN => Code::WouldBlock,
        Errno::BADF => Code::BadDescriptor,
        Errno::BUSY => Code::Busy,
        Errno::EXIST => Code::Exist,
        Errno::FBIG => Code::FileTooLarge,
        Errno::ILSEQ => Code::IllegalByteSequence,
        Errno::INTR => Code::Interrupted,
        Errno::INVAL => Code::Invalid,
        Errno::ISDIR => Code::IsDirectory,
        Errno::LOOP => Code::Loop,
        Errno::MLINK => Code::TooManyLinks,
        Errno::NAMETOOLONG => Code::NameTooLong,
        Errno::NOENT => Code::NoEntry,
        Errno::NOTDIR => Code::NotDirectory,
        Errno::NOTEMPTY => Code::NotEmpty,
        Errno::OPNOTSUPP => Code::Unsupported,
        Errno::NXIO => Code::NoSuchDevice,
        Errno::PERM => Code::NotPermitted,
        Errno::ROFS => Code::ReadOnly,
        Errno::TXTBSY => Code::TextFileBusy,
        Errno::XDEV => Code::CrossDevice,
        _ => return Fault::new(format!("a real folder: {error}")).into(),
    };
    code.into()
}

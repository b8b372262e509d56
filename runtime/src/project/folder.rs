//! The project's folder on disk: every look at it goes through one descriptor, never through a link
//! among the directories on the way.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::observe::{Fault, Kind};
use crate::project::identity::{Clock, Identity};

/// Names and kinds, sorted.
pub type Names = Vec<(Box<str>, Kind)>;

pub struct Folder {
    path: PathBuf,
    descriptor: OwnedFd,
    /// Whether this machine's clock stamps its files.
    local: bool,
}

/// Below the folder, and through no link.
const STRAIGHT: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);

/// A file that was read whole: the identity before and after was the same.
pub struct FileRead {
    pub identity: Identity,
    pub bytes: Vec<u8>,
}

impl Folder {
    pub fn open(path: &Path) -> Result<Folder, Fault> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::PATH;
        let descriptor = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|errno| fault("open", &path.display().to_string(), errno))?;
        let local = rustix::fs::statfs(path).is_ok_and(|stat| is_local(stat.f_type as u64));
        Ok(Folder {
            path: path.to_owned(),
            descriptor,
            local,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// Taken before a look at a file, to tell whether the look settles anything.
    pub fn clock(&self) -> Clock {
        if self.local {
            Clock::now()
        } else {
            Clock::UNKNOWN
        }
    }

    /// `lstat`, but never through a link: what lies below one is absent. So is what cannot exist (a name too
    /// long, a path through a file or a loop).
    pub fn identity(&self, path: &str) -> Result<Identity, Fault> {
        let raw = if path.is_empty() {
            rustix::fs::fstat(&self.descriptor)
        } else if path.contains('/') {
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            rustix::fs::openat2(&self.descriptor, path, flags, Mode::empty(), STRAIGHT)
                .and_then(rustix::fs::fstat)
        } else {
            rustix::fs::statat(&self.descriptor, path, AtFlags::SYMLINK_NOFOLLOW)
        };
        match raw {
            Ok(raw) => Ok(Identity::from_raw(&raw)),
            Err(errno) if is_absence(errno) => Ok(Identity::ABSENT),
            Err(errno) => Err(fault("stat", path, errno)),
        }
    }

    /// Reads a regular file whole. `None`: it is not there, not a file, or changed while it was read.
    pub fn read(&self, path: &str) -> Result<Option<FileRead>, Fault> {
        let Some(descriptor) =
            self.open_beneath(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK)?
        else {
            return Ok(None);
        };
        let stat = |file: &std::fs::File| {
            let raw = rustix::fs::fstat(file).map_err(|errno| fault("stat", path, errno))?;
            Ok(Identity::from_raw(&raw))
        };
        let mut file = std::fs::File::from(descriptor);
        let before = stat(&file)?;
        if before.kind != Kind::File {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(before.size).unwrap_or(0) + 1);
        file.read_to_end(&mut bytes)
            .map_err(|error| Fault::new(format!("cannot read `{path}`: {error}")))?;
        let unchanged = stat(&file)? == before && bytes.len() as u64 == before.size;
        Ok(unchanged.then_some(FileRead {
            identity: before,
            bytes,
        }))
    }

    /// The names in a directory, sorted, with their kinds. `None`: it is not a directory any more.
    pub fn list(&self, path: &str) -> Result<Option<Names>, Fault> {
        let Some(descriptor) =
            self.open_beneath(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW)?
        else {
            return Ok(None);
        };
        let mut names = Vec::new();
        let entries =
            rustix::fs::Dir::new(descriptor).map_err(|errno| fault("list", path, errno))?;
        for entry in entries {
            let entry = entry.map_err(|errno| fault("list", path, errno))?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let Ok(name) = std::str::from_utf8(name) else {
                let name = String::from_utf8_lossy(name);
                return Err(Fault::new(format!(
                    "the name `{name}` in `{path}/` is not UTF-8; rename it, or leave its folder out of `reads`"
                )));
            };
            let kind = match entry.file_type() {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Directory,
                FileType::Symlink => Kind::Symlink,
                FileType::Unknown => self.identity(&join(path, name))?.kind,
                _ => Kind::Other,
            };
            names.push((Box::from(name), kind));
        }
        names.sort();
        Ok(Some(names))
    }

    /// The text of a symbolic link. `None`: it is not one any more.
    pub fn link(&self, path: &str) -> Result<Option<String>, Fault> {
        // By its path alone it would be looked for through links among its folders.
        let Some(descriptor) = self.open_beneath(path, OFlags::PATH | OFlags::NOFOLLOW)? else {
            return Ok(None);
        };
        match rustix::fs::readlinkat(&descriptor, "", Vec::new()) {
            Ok(text) => text.into_string().map(Some).map_err(|_| {
                Fault::new(format!(
                    "the symbolic link `{path}` leads to a name that is not UTF-8; make it another"
                ))
            }),
            Err(Errno::INVAL) => Ok(None),
            Err(errno) if is_absence(errno) => Ok(None),
            Err(errno) => Err(fault("read the link", path, errno)),
        }
    }

    fn open_beneath(&self, path: &str, flags: OFlags) -> Result<Option<OwnedFd>, Fault> {
        let flags = flags | OFlags::CLOEXEC;
        let path_or_dot = if path.is_empty() { "." } else { path };
        let opened = rustix::fs::openat2(
            &self.descriptor,
            path_or_dot,
            flags,
            Mode::empty(),
            STRAIGHT,
        );
        match opened {
            Ok(descriptor) => Ok(Some(descriptor)),
            Err(errno) if is_absence(errno) => Ok(None),
            Err(errno) => Err(fault("open", path, errno)),
        }
    }
}

pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn is_absence(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::NXIO | Errno::XDEV
    )
}

fn fault(verb: &str, path: &str, errno: Errno) -> Fault {
    Fault::new(format!(
        "cannot {verb} `{path}`: {}",
        std::io::Error::from(errno)
    ))
}

/// `f_type` of file systems that this machine's own clock stamps (linux/magic.h): ext2–4, xfs, btrfs,
/// tmpfs, overlayfs, f2fs, zfs, bcachefs, ramfs, squashfs.
fn is_local(magic: u64) -> bool {
    const LOCAL: [u64; 10] = [
        0xEF53,
        0x5846_5342,
        0x9123_683E,
        0x0102_1994,
        0x794C_7630,
        0xF2F5_2010,
        0x2FC1_2FC1,
        0xCA45_1A4E,
        0x8584_58F6,
        0x7371_7368,
    ];
    LOCAL.contains(&(magic & 0xFFFF_FFFF))
}

//! One directory on disk, by descriptor: every call names one component, so nothing can lead elsewhere.

use std::io::Read;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use crate::observe::{Fact, Kind};
use crate::project::{Clock, Identity};

pub struct Directory(OwnedFd);

type Result<T> = std::result::Result<T, Errno>;

impl Directory {
    /// A folder below `root`, made with its parents where it is missing. A link on the way is an error (`ELOOP`).
    pub fn open_below(root: &OwnedFd, path: &str) -> Result<Directory> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut directory = Directory(rustix::fs::openat(root, ".", flags, Mode::empty())?);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            directory = directory.make(name)?;
        }
        Ok(directory)
    }

    /// A folder below `root`. A link on the way is an error (`ELOOP` or `ENOTDIR`).
    pub fn find_below(root: &OwnedFd, path: &str) -> Result<Directory> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut directory = Directory(rustix::fs::openat(root, ".", flags, Mode::empty())?);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            directory = directory.open(name)?;
        }
        Ok(directory)
    }

    /// Makes a folder below `root` with its parents; tells whether it was missing.
    pub fn make_below(root: &OwnedFd, path: &str) -> Result<bool> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut directory = Directory(rustix::fs::openat(root, ".", flags, Mode::empty())?);
        let mut made = false;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            made |= directory.identity(name)?.kind == Kind::Absent;
            directory = directory.make(name)?;
        }
        Ok(made)
    }

    /// Removes a folder below `root` and those above it, as far as they are there and nothing is in them.
    pub fn remove_below(root: &OwnedFd, path: &str) -> Result<()> {
        let mut path = path;
        while !path.is_empty() {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            match Directory::find_below(root, parent) {
                Ok(parent) => parent.remove_if_empty(name)?,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => return Err(errno),
            }
            path = parent;
        }
        Ok(())
    }

    pub fn identity(&self, name: &str) -> Result<Identity> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(raw) => Ok(Identity::from_raw(&raw)),
            Err(Errno::NOENT) => Ok(Identity::ABSENT),
            Err(errno) => Err(errno),
        }
    }

    /// The folder `name`, made if it is missing.
    pub fn make(&self, name: &str) -> Result<Directory> {
        match self.open(name) {
            Err(Errno::NOENT) => {}
            other => return other,
        }
        match rustix::fs::mkdirat(&self.0, name, Mode::from(0o755)) {
            Ok(()) | Err(Errno::EXIST) => self.open(name),
            Err(errno) => Err(errno),
        }
    }

    pub fn open(&self, name: &str) -> Result<Directory> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.0, name, flags, Mode::empty()).map(Directory)
    }

    /// blake3 of a file's bytes, of a link's text.
    pub fn value(&self, name: &str, kind: Kind) -> Result<[u8; 32]> {
        if kind == Kind::Symlink {
            let text = rustix::fs::readlinkat(&self.0, name, Vec::new())?;
            return Ok(Fact::link_value(&text.to_string_lossy()));
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file =
            std::fs::File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(*blake3::hash(&bytes).as_bytes())
    }

    /// A new file; `EXIST` if the name is taken.
    ///
    /// Its modification time is set a second back: any later write then changes it, even one within the same
    /// tick of the clock, so what was written is known to be what is there as long as the identity stays.
    pub fn create(&self, name: &str, bytes: &[u8], executable: bool) -> Result<Identity> {
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from(if executable { 0o755 } else { 0o644 });
        let file = rustix::fs::openat(&self.0, name, flags, mode)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = rustix::io::retry_on_intr(|| rustix::io::write(&file, rest))?;
            rest = &rest[written..];
        }
        let time = Timespec {
            tv_sec: Clock::now().0 / 1_000_000_000 - 1,
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        rustix::fs::futimens(&file, &times)?;
        Ok(Identity::from_raw(&rustix::fs::fstat(&file)?))
    }

    /// Puts a new file in the place of whatever is there but a directory; readers see the old one or the new.
    pub fn replace(&self, name: &str, bytes: &[u8], executable: bool) -> Result<Identity> {
        let beside = beside(name);
        let identity = match self.create(&beside, bytes, executable) {
            Err(Errno::EXIST) => {
                self.unlink(&beside)?;
                self.create(&beside, bytes, executable)?
            }
            other => other?,
        };
        rustix::fs::renameat(&self.0, &beside, &self.0, name)?;
        // The rename is a change of the file's own.
        Ok(Identity {
            changed: self.identity(name)?.changed,
            ..identity
        })
    }

    pub fn link(&self, name: &str, target: &str) -> Result<Identity> {
        let beside = beside(name);
        match rustix::fs::symlinkat(target, &self.0, &beside) {
            Err(Errno::EXIST) => {
                self.unlink(&beside)?;
                rustix::fs::symlinkat(target, &self.0, &beside)?;
            }
            other => other?,
        }
        rustix::fs::renameat(&self.0, &beside, &self.0, name)?;
        self.identity(name)
    }

    pub fn unlink(&self, name: &str) -> Result<()> {
        rustix::fs::unlinkat(&self.0, name, AtFlags::empty())
    }

    /// Removes the folder if nothing is in it.
    pub fn remove_if_empty(&self, name: &str) -> Result<()> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT | Errno::NOTDIR) => Ok(()),
            other => other,
        }
    }
}

/// Where a file is made before it takes its place. The same name each time, so an interrupted write leaves
/// one file at most, which the next one takes over.
fn beside(name: &str) -> String {
    let short = &name[..name.floor_char_boundary(200)];
    format!(".{short}.cofferdam-new")
}

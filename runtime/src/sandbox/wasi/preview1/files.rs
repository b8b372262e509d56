//! What is asked of open descriptors beside reading and writing.

use super::abi::{self, Errno};
use super::descriptors::What;
use super::{Result, Syscall};
use crate::observe::Kind;
use crate::sandbox::vfs::{Entry, FileStat};

impl Syscall<'_> {
    pub(super) fn fd_advise(&mut self, fd: u32, _: u64, _: u64, advice: u32) -> Result {
        const ADVICES: u32 = 6;
        self.file(fd)?;
        if advice >= ADVICES {
            return Err(Errno::Invalid.into());
        }
        Ok(())
    }

    /// Makes the file as long as that, as `posix_fallocate` does.
    pub(super) fn fd_allocate(&mut self, fd: u32, offset: u64, length: u64) -> Result {
        self.file(fd)?;
        let end = offset.checked_add(length).ok_or(Errno::FileTooLarge)?;
        if length == 0 {
            return Err(Errno::Invalid.into());
        }
        let guest = &mut *self.guest;
        let handle = &guest.descriptors.open(fd, Errno::NoSeek)?.handle;
        if !handle.mode().write {
            return Err(Errno::BadDescriptor.into());
        }
        if end > guest.vfs.stat(handle)?.size {
            guest.vfs.set_size(handle, end)?;
        }
        Ok(())
    }

    pub(super) fn fd_close(&mut self, fd: u32) -> Result {
        let closed = self.guest.descriptors.take(fd)?;
        self.release(closed.what);
        Ok(())
    }

    pub(super) fn fd_renumber(&mut self, fd: u32, to: u32) -> Result {
        if let Some(replaced) = self.guest.descriptors.renumber(fd, to)? {
            self.release(replaced.what);
        }
        Ok(())
    }

    fn release(&mut self, what: What) {
        if let What::Open(open) = what {
            self.guest.vfs.close(open.handle);
        }
    }

    pub(super) fn fd_datasync(&mut self, fd: u32) -> Result {
        self.fd_sync(fd)
    }

    pub(super) fn fd_sync(&mut self, fd: u32) -> Result {
        let guest = &mut *self.guest;
        match &guest.descriptors.get(fd)?.what {
            What::Open(open) => Ok(guest.vfs.sync(&open.handle)?),
            What::Stdin | What::Console(_) => Ok(()),
        }
    }

    pub(super) fn fd_fdstat_get(&mut self, fd: u32, into: u32) -> Result {
        let descriptor = self.guest.descriptors.get(fd)?;
        let record = abi::descriptor_stat(
            descriptor.kind(&self.guest.vfs),
            descriptor.flags,
            descriptor.rights,
            descriptor.inherited,
        );
        Ok(self.memory.put(into, &record)?)
    }

    pub(super) fn fd_fdstat_set_flags(&mut self, fd: u32, flags: u32) -> Result {
        self.guest.descriptors.get_mut(fd)?.flags = abi::flags::checked(flags)?;
        Ok(())
    }

    /// Rights can be dropped, never gained.
    pub(super) fn fd_fdstat_set_rights(&mut self, fd: u32, rights: u64, inherited: u64) -> Result {
        let descriptor = self.guest.descriptors.get_mut(fd)?;
        if rights & !descriptor.rights != 0 || inherited & !descriptor.inherited != 0 {
            return Err(Errno::NotCapable.into());
        }
        descriptor.rights = rights;
        descriptor.inherited = inherited;
        Ok(())
    }

    pub(super) fn fd_filestat_get(&mut self, fd: u32, into: u32) -> Result {
        let guest = &mut *self.guest;
        let record = match &guest.descriptors.get(fd)?.what {
            What::Open(open) => abi::file_stat(
                guest.vfs.stat(&open.handle)?,
                guest.vfs.identity(&open.handle)?,
            ),
            What::Stdin | What::Console(_) => {
                let stream = FileStat {
                    kind: Kind::Other,
                    size: 0,
                    links: 1,
                };
                abi::file_stat(stream, u128::from(fd).to_le_bytes())
            }
        };
        Ok(self.memory.put(into, &record)?)
    }

    pub(super) fn fd_filestat_set_size(&mut self, fd: u32, size: u64) -> Result {
        let guest = &mut *self.guest;
        let open = guest.descriptors.open(fd, Errno::Invalid)?;
        Ok(guest.vfs.set_size(&open.handle, size)?)
    }

    pub(super) fn fd_filestat_set_times(&mut self, fd: u32, _: u64, _: u64, which: u32) -> Result {
        abi::check_times(which)?;
        let guest = &mut *self.guest;
        let open = guest.descriptors.open(fd, Errno::Invalid)?;
        Ok(guest.vfs.set_times(&open.handle)?)
    }

    pub(super) fn fd_prestat_get(&mut self, fd: u32, into: u32) -> Result {
        const DIRECTORY: u32 = 0;
        let length = self.given_as(fd)?.len() as u32;
        self.memory.put_u32(into, DIRECTORY)?;
        Ok(self
            .memory
            .put_u32(super::memory::element(into, 1, 4)?, length)?)
    }

    pub(super) fn fd_prestat_dir_name(&mut self, fd: u32, path: u32, length: u32) -> Result {
        let open = self.guest.descriptors.open(fd, Errno::BadDescriptor)?;
        let name = open.given_as.as_deref().ok_or(Errno::BadDescriptor)?;
        if name.len() > length as usize {
            return Err(Errno::NameTooLong.into());
        }
        Ok(self.memory.put(path, name.as_bytes())?)
    }

    fn given_as(&mut self, fd: u32) -> Result<&str, Errno> {
        let open = self.guest.descriptors.open(fd, Errno::BadDescriptor)?;
        open.given_as.as_deref().ok_or(Errno::BadDescriptor)
    }

    /// A cookie is how many entries come before; what does not fit in the buffer is cut off.
    pub(super) fn fd_readdir(
        &mut self,
        fd: u32,
        buffer: u32,
        length: u32,
        cookie: u64,
        into: u32,
    ) -> Result {
        let guest = &mut *self.guest;
        let open = guest.descriptors.open(fd, Errno::NotDirectory)?;
        let entries = match open.entries.take() {
            Some(entries) if cookie > 0 => entries,
            _ => guest.vfs.list(&open.handle)?,
        };
        let entries = open.entries.insert(entries);
        let identity = u128::from_le_bytes(guest.vfs.identity(&open.handle)?);
        let dot = |name| Entry {
            name,
            kind: Kind::Directory,
            inode: identity as u64,
        };
        let entry = |number: u64| match number {
            0 => Some(dot(".")),
            1 => Some(dot("..")),
            _ => entries.get(usize::try_from(number - 2).ok()?),
        };
        let room = self.memory.bytes_mut(buffer, length)?;
        let mut used = 0;
        let mut put = |bytes: &[u8]| {
            let fits = bytes.len().min(room.len() - used);
            room[used..used + fits].copy_from_slice(&bytes[..fits]);
            used += fits;
            fits == bytes.len()
        };
        let mut number = cookie;
        while let Some(entry) = entry(number) {
            number += 1;
            let head = abi::entry_head(number, entry.inode, entry.name.len(), entry.kind);
            if !put(&head) || !put(entry.name.as_bytes()) {
                break;
            }
        }
        Ok(self.memory.put_u32(into, used as u32)?)
    }

    pub(super) fn fd_seek(&mut self, fd: u32, offset: i64, whence: u32, into: u32) -> Result {
        const SET: u32 = 0;
        const CURRENT: u32 = 1;
        const END: u32 = 2;
        self.file(fd)?;
        let guest = &mut *self.guest;
        let open = guest.descriptors.open(fd, Errno::NoSeek)?;
        let base = match whence {
            SET => 0,
            CURRENT => open.position,
            END => guest.vfs.stat(&open.handle)?.size,
            _ => return Err(Errno::Invalid.into()),
        };
        let position = base.checked_add_signed(offset);
        let position = position.filter(|position| i64::try_from(*position).is_ok());
        open.position = position.ok_or(Errno::Invalid)?;
        let position = open.position;
        Ok(self.memory.put_u64(into, position)?)
    }

    pub(super) fn fd_tell(&mut self, fd: u32, into: u32) -> Result {
        self.file(fd)?;
        let position = self.guest.descriptors.open(fd, Errno::NoSeek)?.position;
        Ok(self.memory.put_u64(into, position)?)
    }

    /// Only files have positions.
    fn file(&mut self, fd: u32) -> Result<(), Errno> {
        let open = self.guest.descriptors.open(fd, Errno::NoSeek)?;
        match self.guest.vfs.kind(&open.handle) {
            Kind::Directory => Err(Errno::BadDescriptor),
            _ => Ok(()),
        }
    }
}

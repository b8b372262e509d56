//! Names: looked at, opened, made and removed.

use super::abi::{self, Errno, FOLLOW, open, rights};
use super::descriptors::Descriptor;
use super::{Result, Syscall};
use crate::observe::Kind;
use crate::sandbox::vfs::{Mode, OpenFlags};

impl Syscall<'_> {
    pub(super) fn path_create_directory(&mut self, fd: u32, path: u32, length: u32) -> Result {
        let path = self.memory.text(path, length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        Ok(guest.vfs.create_directory_at(dir, path)?)
    }

    pub(super) fn path_filestat_get(
        &mut self,
        fd: u32,
        follow: u32,
        path: u32,
        length: u32,
        into: u32,
    ) -> Result {
        let path = self.memory.text(path, length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        let follow = follows(follow)?;
        let stat = guest.vfs.stat_at(dir, path, follow)?;
        let identity = guest.vfs.identity_at(dir, path, follow)?;
        Ok(self.memory.put(into, &abi::file_stat(stat, identity))?)
    }

    #[allow(clippy::too_many_arguments, reason = "preview 1 has so many")]
    pub(super) fn path_filestat_set_times(
        &mut self,
        fd: u32,
        follow: u32,
        path: u32,
        length: u32,
        _: u64,
        _: u64,
        which: u32,
    ) -> Result {
        abi::check_times(which)?;
        let path = self.memory.text(path, length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        Ok(guest.vfs.set_times_at(dir, path, follows(follow)?)?)
    }

    #[allow(clippy::too_many_arguments, reason = "preview 1 has so many")]
    pub(super) fn path_link(
        &mut self,
        fd: u32,
        follow: u32,
        path: u32,
        length: u32,
        new_fd: u32,
        new: u32,
        new_length: u32,
    ) -> Result {
        let path = self.memory.text(path, length)?;
        let new = self.memory.text(new, new_length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        let new_dir = guest.descriptors.directory(new_fd)?;
        let follow = follows(follow)?;
        Ok(guest.vfs.link_at(dir, follow, path, new_dir, new)?)
    }

    #[allow(clippy::too_many_arguments, reason = "preview 1 has so many")]
    pub(super) fn path_open(
        &mut self,
        fd: u32,
        follow: u32,
        path: u32,
        length: u32,
        flags: u32,
        asked: u64,
        _: u64,
        descriptor_flags: u32,
        into: u32,
    ) -> Result {
        // Nothing is opened that the guest cannot be told of.
        self.memory.bytes(into, 4)?;
        let path = self.memory.text(path, length)?;
        let descriptor_flags = abi::flags::checked(descriptor_flags)?;
        if flags & !open::ALL != 0 {
            return Err(Errno::Invalid.into());
        }
        let flags = OpenFlags {
            create: flags & open::CREATE != 0,
            directory: flags & open::DIRECTORY != 0,
            exclusive: flags & open::EXCLUSIVE != 0,
            truncate: flags & open::TRUNCATE != 0,
        };
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        let parent = guest.descriptors.get(fd)?;
        let inherited = parent.inherited;
        if flags.truncate && guest.vfs.kind(dir) == Kind::Directory {
            parent.demand(rights::TRUNCATE_BY_PATH, Errno::NotCapable)?;
        }
        let has = |right| asked & inherited & right != 0;
        let mode = Mode {
            read: has(rights::READ),
            write: has(rights::WRITE),
            mutate_directory: false,
        };
        let handle = guest
            .vfs
            .open_at(dir, path, follows(follow)?, flags, mode)?;
        let mut opened = match guest.vfs.kind(&handle) {
            Kind::Directory => Descriptor::directory(handle, None),
            _ => Descriptor::file(handle),
        };
        opened.inherited &= inherited;
        opened.flags = descriptor_flags;
        let number = guest.descriptors.put(opened);
        Ok(self.memory.put_u32(into, number)?)
    }

    pub(super) fn path_readlink(
        &mut self,
        fd: u32,
        path: u32,
        length: u32,
        buffer: u32,
        room: u32,
        into: u32,
    ) -> Result {
        let path = self.memory.text(path, length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        let text = guest.vfs.readlink_at(dir, path)?;
        let room = self.memory.bytes_mut(buffer, room)?;
        let used = text.len().min(room.len());
        room[..used].copy_from_slice(&text.as_bytes()[..used]);
        Ok(self.memory.put_u32(into, used as u32)?)
    }

    pub(super) fn path_remove_directory(&mut self, fd: u32, path: u32, length: u32) -> Result {
        let path = self.memory.text(path, length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        Ok(guest.vfs.remove_directory_at(dir, path)?)
    }

    pub(super) fn path_rename(
        &mut self,
        fd: u32,
        path: u32,
        length: u32,
        new_fd: u32,
        new: u32,
        new_length: u32,
    ) -> Result {
        let path = self.memory.text(path, length)?;
        let new = self.memory.text(new, new_length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        let new_dir = guest.descriptors.directory(new_fd)?;
        Ok(guest.vfs.rename_at(dir, path, new_dir, new)?)
    }

    pub(super) fn path_symlink(
        &mut self,
        text: u32,
        text_length: u32,
        fd: u32,
        path: u32,
        length: u32,
    ) -> Result {
        let text = self.memory.text(text, text_length)?;
        let path = self.memory.text(path, length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        Ok(guest.vfs.symlink_at(text, dir, path)?)
    }

    pub(super) fn path_unlink_file(&mut self, fd: u32, path: u32, length: u32) -> Result {
        let path = self.memory.text(path, length)?;
        let guest = &mut *self.guest;
        let dir = guest.descriptors.directory(fd)?;
        Ok(guest.vfs.unlink_file_at(dir, path)?)
    }
}

fn follows(flags: u32) -> Result<bool, Errno> {
    match flags {
        0 => Ok(false),
        FOLLOW => Ok(true),
        _ => Err(Errno::Invalid),
    }
}

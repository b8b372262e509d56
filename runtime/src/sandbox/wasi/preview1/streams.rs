//! Reading and writing.

use super::abi::{Errno, flags, rights};
use super::descriptors::{Open, What};
use super::memory::vectors;
use super::{Refusal, Result, Syscall};
use crate::observe::Kind;
use crate::sandbox::vfs::Vfs;
use crate::sandbox::wasi::cli::Console;

impl Syscall<'_> {
    pub(super) fn fd_read(&mut self, fd: u32, vectors: u32, count: u32, into: u32) -> Result {
        let read = self.read(fd, vectors, count, None)?;
        Ok(self.memory.put_u32(into, read)?)
    }

    pub(super) fn fd_pread(
        &mut self,
        fd: u32,
        vectors: u32,
        count: u32,
        offset: u64,
        into: u32,
    ) -> Result {
        let read = self.read(fd, vectors, count, Some(offset))?;
        Ok(self.memory.put_u32(into, read)?)
    }

    pub(super) fn fd_write(&mut self, fd: u32, vectors: u32, count: u32, into: u32) -> Result {
        let written = self.write(fd, vectors, count, None)?;
        Ok(self.memory.put_u32(into, written)?)
    }

    pub(super) fn fd_pwrite(
        &mut self,
        fd: u32,
        vectors: u32,
        count: u32,
        offset: u64,
        into: u32,
    ) -> Result {
        let written = self.write(fd, vectors, count, Some(offset))?;
        Ok(self.memory.put_u32(into, written)?)
    }

    /// At `offset`, or else at the descriptor's position, which moves.
    fn read(&mut self, fd: u32, start: u32, count: u32, offset: Option<u64>) -> Result<u32> {
        let guest = &mut *self.guest;
        let descriptor = guest.descriptors.get_mut(fd)?;
        if descriptor.kind(&guest.vfs) == Kind::Directory {
            return Err(Errno::IsDirectory.into());
        }
        descriptor.demand(rights::READ, Errno::BadDescriptor)?;
        let mut total = 0;
        for index in vectors(count) {
            let memory = &mut self.memory;
            let room = memory.vector(start, index).and_then(|(at, length)| {
                // What was read is told as a u32.
                memory.bytes_mut(at, length.min(u32::MAX - total))
            });
            let read = room.map_err(Refusal::from).and_then(|room| {
                let read = read_into(
                    &mut descriptor.what,
                    &mut guest.vfs,
                    &mut guest.console,
                    room,
                    offset.map(|offset| offset.saturating_add(u64::from(total))),
                )?;
                Ok((read as u32, read < room.len()))
            });
            match or_fewer(read, total)? {
                Some((read, at_end)) => {
                    total += read;
                    if at_end {
                        break;
                    }
                }
                None => break,
            }
        }
        Ok(total)
    }

    fn write(&mut self, fd: u32, start: u32, count: u32, offset: Option<u64>) -> Result<u32> {
        let guest = &mut *self.guest;
        let descriptor = guest.descriptors.get_mut(fd)?;
        if descriptor.kind(&guest.vfs) == Kind::Directory {
            return Err(Errno::IsDirectory.into());
        }
        descriptor.demand(rights::WRITE, Errno::BadDescriptor)?;
        let appends = descriptor.flags & flags::APPEND != 0;
        let mut total = 0;
        for index in vectors(count) {
            let memory = &self.memory;
            let bytes = memory
                .vector(start, index)
                .and_then(|(at, length)| memory.bytes(at, length.min(u32::MAX - total)));
            let written =
                bytes
                    .map_err(Refusal::from)
                    .and_then(|bytes| match &mut descriptor.what {
                        What::Stdin => Err(Errno::BadDescriptor.into()),
                        What::Console(_) if offset.is_some() => Err(Errno::NoSeek.into()),
                        What::Console(output) => {
                            guest.console.print(*output, bytes)?;
                            Ok(bytes.len() as u32)
                        }
                        What::Open(open) => {
                            let offset =
                                offset.map(|offset| offset.saturating_add(u64::from(total)));
                            write_from(open, &mut guest.vfs, bytes, offset, appends)
                        }
                    });
            match or_fewer(written, total)? {
                Some(written) => total += written,
                None => break,
            }
        }
        Ok(total)
    }
}

fn read_into(
    what: &mut What,
    vfs: &mut Vfs,
    console: &mut Console,
    room: &mut [u8],
    offset: Option<u64>,
) -> Result<usize> {
    match what {
        What::Stdin if offset.is_some() => Err(Errno::NoSeek.into()),
        What::Stdin => {
            let bytes = console.read(room.len());
            room[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
        What::Console(_) => Err(Errno::BadDescriptor.into()),
        What::Open(open) => {
            let read = vfs.read_into(&open.handle, offset.unwrap_or(open.position), room)?;
            if offset.is_none() {
                open.position += read as u64;
            }
            Ok(read)
        }
    }
}

/// With an offset it is written there even where writing appends.
fn write_from(
    open: &mut Open,
    vfs: &mut Vfs,
    bytes: &[u8],
    offset: Option<u64>,
    appends: bool,
) -> Result<u32> {
    let written = match offset {
        Some(offset) => vfs.write(&open.handle, offset, bytes)?,
        None if appends => {
            let written = vfs.append(&open.handle, bytes)?;
            open.position = vfs.stat(&open.handle)?.size;
            written
        }
        None => {
            let written = vfs.write(&open.handle, open.position, bytes)?;
            open.position += written as u64;
            written
        }
    };
    Ok(written as u32)
}

/// An error after something was read or written is told by the next call.
fn or_fewer<T>(done: Result<T>, total: u32) -> Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Refusal::Errno(_)) if total > 0 => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

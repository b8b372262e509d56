//! What a program is given, how it ends, and what does not exist here: signals, threads and sockets.

use super::abi::Errno;
use super::memory::{Memory, element};
use super::{Result, Syscall};
use crate::sandbox::guest::Guest;

impl Syscall<'_> {
    pub(super) fn args_get(&mut self, pointers: u32, text: u32) -> Result {
        let arguments = &self.guest.console.arguments;
        let each = arguments.iter().map(|argument| [argument.as_str()]);
        Ok(put_strings(&mut self.memory, pointers, text, each)?)
    }

    pub(super) fn args_sizes_get(&mut self, count: u32, size: u32) -> Result {
        let arguments = &self.guest.console.arguments;
        let sizes = arguments.iter().map(|argument| argument.len() + 1);
        Ok(put_sizes(&mut self.memory, count, size, sizes)?)
    }

    pub(super) fn environ_get(&mut self, pointers: u32, text: u32) -> Result {
        let variables = &self.guest.console.environment;
        let each = variables
            .iter()
            .map(|(name, value)| [name.as_str(), "=", value.as_str()]);
        Ok(put_strings(&mut self.memory, pointers, text, each)?)
    }

    pub(super) fn environ_sizes_get(&mut self, count: u32, size: u32) -> Result {
        let variables = &self.guest.console.environment;
        let sizes = variables
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2);
        Ok(put_sizes(&mut self.memory, count, size, sizes)?)
    }

    pub(super) fn random_get(&mut self, buffer: u32, length: u32) -> Result {
        let buffer = self.memory.bytes_mut(buffer, length)?;
        Ok(self.guest.random.fill(buffer)?)
    }

    pub(super) fn sched_yield(&mut self) -> Result {
        Ok(())
    }

    pub(super) fn proc_raise(&mut self, _: u32) -> Result {
        Err(Errno::Unsupported.into())
    }

    pub(super) fn sock_accept(&mut self, fd: u32, _: u32, _: u32) -> Result {
        no_socket(self.guest, fd)
    }

    pub(super) fn sock_recv(&mut self, fd: u32, _: u32, _: u32, _: u32, _: u32, _: u32) -> Result {
        no_socket(self.guest, fd)
    }

    pub(super) fn sock_send(&mut self, fd: u32, _: u32, _: u32, _: u32, _: u32) -> Result {
        no_socket(self.guest, fd)
    }

    pub(super) fn sock_shutdown(&mut self, fd: u32, _: u32) -> Result {
        no_socket(self.guest, fd)
    }
}

fn no_socket(guest: &Guest, fd: u32) -> Result {
    guest.descriptors.get(fd)?;
    Err(Errno::NotSocket.into())
}

/// Strings made of `parts`, each with a zero byte at its end, one after the other; and where each of them is.
fn put_strings<'s, const N: usize>(
    memory: &mut Memory<'_>,
    pointers: u32,
    mut text: u32,
    strings: impl Iterator<Item = [&'s str; N]>,
) -> Result<(), Errno> {
    for (index, parts) in (0..).zip(strings) {
        memory.put_u32(element(pointers, index, 4)?, text)?;
        for part in parts.into_iter().chain(["\0"]) {
            memory.put(text, part.as_bytes())?;
            text = element(text, part.len() as u32, 1)?;
        }
    }
    Ok(())
}

fn put_sizes(
    memory: &mut Memory<'_>,
    count: u32,
    size: u32,
    sizes: impl ExactSizeIterator<Item = usize>,
) -> Result<(), Errno> {
    memory.put_u32(count, sizes.len() as u32)?;
    memory.put_u32(size, sizes.sum::<usize>() as u32)
}

//! Clocks, and waiting for them: in no time, since they are virtual.

use super::abi::Errno;
use super::descriptors::What;
use super::memory::element;
use super::{Refusal, Result, Syscall};
use crate::sandbox::wasi::clocks::{STEP, nanoseconds};

const REALTIME: u32 = 0;
/// The time a process or a thread has used is that of the monotonic clock.
const MONOTONIC: std::ops::RangeInclusive<u32> = 1..=3;

/// A `subscription` has 48 bytes, an `event` 32.
const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;

/// What a guest waits for.
enum Awaited {
    /// An instant of the monotonic clock.
    Clock(u64),
    Read(u32),
    Write(u32),
    Unknown,
}

impl Syscall<'_> {
    pub(super) fn clock_res_get(&mut self, clock: u32, into: u32) -> Result {
        let resolution = match clock {
            REALTIME => 1_000_000_000,
            clock if MONOTONIC.contains(&clock) => STEP,
            _ => return Err(Errno::Invalid.into()),
        };
        Ok(self.memory.put_u64(into, resolution)?)
    }

    pub(super) fn clock_time_get(&mut self, clock: u32, _: u64, into: u32) -> Result {
        let time = match clock {
            REALTIME => nanoseconds(self.guest.clocks.wall()),
            clock if MONOTONIC.contains(&clock) => self.guest.clocks.tick(),
            _ => return Err(Errno::Invalid.into()),
        };
        Ok(self.memory.put_u64(into, time)?)
    }

    /// Files and streams are always ready. Where only clocks are awaited, the first of them is due at once.
    pub(super) fn poll_oneoff(
        &mut self,
        subscriptions: u32,
        events: u32,
        count: u32,
        into: u32,
    ) -> Result {
        if count == 0 {
            return Err(Errno::Invalid.into());
        }
        let began = self.guest.clocks.after(0);
        let mut first = u64::MAX;
        for index in 0..count {
            first = first.min(match self.awaited(subscriptions, index, began)?.1 {
                Awaited::Clock(instant) => instant,
                _ => 0,
            });
        }
        self.guest.clocks.advance_to(first);
        let now = self.guest.clocks.tick();
        let mut happened = 0;
        for index in 0..count {
            let (user_data, awaited) = self.awaited(subscriptions, index, began)?;
            if matches!(awaited, Awaited::Clock(instant) if instant > now) {
                continue;
            }
            let event = self.event(user_data, &awaited)?;
            self.memory.put(element(events, happened, EVENT)?, &event)?;
            happened += 1;
        }
        Ok(self.memory.put_u32(into, happened)?)
    }

    /// A subscription's user data and what it is for; relative times begin at `began`.
    fn awaited(&self, subscriptions: u32, index: u32, began: u64) -> Result<(u64, Awaited), Errno> {
        const CLOCK: u8 = 0;
        const READ: u8 = 1;
        const WRITE: u8 = 2;
        const ABSOLUTE: u16 = 1;
        let at = element(subscriptions, index, SUBSCRIPTION)?;
        let field = |offset| element(at, offset, 1);
        let user_data = self.memory.u64(at)?;
        let awaited = match self.memory.u8(field(8)?)? {
            CLOCK => {
                let clock = self.memory.u32(field(16)?)?;
                let timeout = self.memory.u64(field(24)?)?;
                let is_absolute = self.memory.u16(field(40)?)? & ABSOLUTE != 0;
                match clock {
                    REALTIME if is_absolute => {
                        let left = timeout.saturating_sub(nanoseconds(self.guest.clocks.wall()));
                        Awaited::Clock(began.saturating_add(left))
                    }
                    REALTIME => Awaited::Clock(began.saturating_add(timeout)),
                    clock if !MONOTONIC.contains(&clock) => Awaited::Unknown,
                    _ if is_absolute => Awaited::Clock(timeout),
                    _ => Awaited::Clock(began.saturating_add(timeout)),
                }
            }
            READ => Awaited::Read(self.memory.u32(field(16)?)?),
            WRITE => Awaited::Write(self.memory.u32(field(16)?)?),
            _ => Awaited::Unknown,
        };
        Ok((user_data, awaited))
    }

    fn event(&mut self, user_data: u64, awaited: &Awaited) -> Result<[u8; 32]> {
        const ROOM: u64 = 64 << 10;
        let (kind, bytes) = match *awaited {
            Awaited::Clock(_) => (0, Ok(0)),
            Awaited::Unknown => (0, Err(Errno::Invalid.into())),
            Awaited::Read(fd) => (1, self.readable(fd)),
            Awaited::Write(fd) => {
                let descriptor = self.guest.descriptors.get(fd);
                (2, descriptor.map(|_| ROOM).map_err(Refusal::from))
            }
        };
        let (errno, bytes) = match bytes {
            Ok(bytes) => (0, bytes),
            Err(Refusal::Errno(errno)) => (errno as u16, 0),
            Err(ended) => return Err(ended),
        };
        let mut event = [0; 32];
        event[..8].copy_from_slice(&user_data.to_le_bytes());
        event[8..10].copy_from_slice(&errno.to_le_bytes());
        event[10] = kind;
        event[16..24].copy_from_slice(&bytes.to_le_bytes());
        Ok(event)
    }

    /// How many bytes there are to read.
    fn readable(&mut self, fd: u32) -> Result<u64> {
        let guest = &mut *self.guest;
        match &guest.descriptors.get(fd)?.what {
            What::Stdin => Ok(guest.console.unread() as u64),
            What::Console(_) => Err(Errno::BadDescriptor.into()),
            What::Open(open) => {
                let size = guest.vfs.stat(&open.handle)?.size;
                Ok(size.saturating_sub(open.position))
            }
        }
    }
}

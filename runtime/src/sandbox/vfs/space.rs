//! How much a guest makes the host keep.

use super::error::{Code, Result};

pub(super) struct Space {
    bytes: u64,
    most_bytes: u64,
    names: u64,
    most_names: u64,
}

impl Space {
    pub(super) fn new(most_bytes: u64, most_names: u64) -> Space {
        Space {
            bytes: 0,
            most_bytes,
            names: 0,
            most_names,
        }
    }

    /// What was charged `old` bytes now takes `new`.
    pub(super) fn recharge(&mut self, old: u64, new: u64) -> Result<()> {
        let bytes = (self.bytes - old).saturating_add(new);
        if new > old && bytes > self.most_bytes {
            return Err(Code::InsufficientSpace.into());
        }
        self.bytes = bytes;
        Ok(())
    }

    pub(super) fn release(&mut self, charged: u64) {
        self.bytes -= charged;
    }

    /// The largest size of a file.
    pub(super) fn largest(&self) -> u64 {
        self.most_bytes
    }

    /// Another name that the guest made.
    pub(super) fn take_name(&mut self) -> Result<()> {
        if self.names >= self.most_names {
            return Err(Code::InsufficientSpace.into());
        }
        self.names += 1;
        Ok(())
    }

    pub(super) fn give_name(&mut self) {
        self.names -= 1;
    }
}

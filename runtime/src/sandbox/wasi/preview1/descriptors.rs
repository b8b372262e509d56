//! What a module has open, by number.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::abi::{Errno, rights};
use crate::observe::Kind;
use crate::sandbox::guest::{Ending, Guest};
use crate::sandbox::vfs::{Entries, Handle, Vfs};
use crate::sandbox::wasi::io::Output;

/// A new descriptor has the lowest number that is free, as everywhere.
#[derive(Default)]
pub(in crate::sandbox) struct Descriptors {
    slots: Vec<Option<Descriptor>>,
    free: BinaryHeap<Reverse<u32>>,
}

pub(super) struct Descriptor {
    pub(super) what: What,
    /// `fdflags`
    pub(super) flags: u16,
    pub(super) rights: u64,
    /// The rights that what is opened through this directory may have.
    pub(super) inherited: u64,
}

pub(super) enum What {
    Stdin,
    Console(Output),
    Open(Open),
}

pub(super) struct Open {
    pub(super) handle: Handle,
    pub(super) position: u64,
    /// The entries of a directory when its reading began.
    pub(super) entries: Option<Entries>,
    /// The name of a folder that the guest started with.
    pub(super) given_as: Option<String>,
}

impl Descriptor {
    fn stream(what: What, right: u64) -> Descriptor {
        Descriptor {
            what,
            flags: 0,
            rights: rights::STREAM | right,
            inherited: 0,
        }
    }

    pub(super) fn directory(handle: Handle, given_as: Option<String>) -> Descriptor {
        Descriptor {
            what: What::Open(Open::new(handle, given_as)),
            flags: 0,
            rights: rights::DIRECTORY,
            inherited: rights::INHERITED,
        }
    }

    pub(super) fn file(handle: Handle) -> Descriptor {
        let mode = handle.mode();
        Descriptor {
            what: What::Open(Open::new(handle, None)),
            flags: 0,
            rights: rights::of_file(mode.read, mode.write),
            inherited: 0,
        }
    }

    pub(super) fn kind(&self, vfs: &Vfs) -> Kind {
        match &self.what {
            What::Open(open) => vfs.kind(&open.handle),
            What::Stdin | What::Console(_) => Kind::Other,
        }
    }

    pub(super) fn demand(&self, right: u64, otherwise: Errno) -> Result<(), Errno> {
        match self.rights & right {
            0 => Err(otherwise),
            _ => Ok(()),
        }
    }
}

impl Open {
    fn new(handle: Handle, given_as: Option<String>) -> Open {
        Open {
            handle,
            position: 0,
            entries: None,
            given_as,
        }
    }
}

impl Descriptors {
    pub(super) fn put(&mut self, descriptor: Descriptor) -> u32 {
        match self.free.pop() {
            Some(Reverse(number)) => {
                self.slots[number as usize] = Some(descriptor);
                number
            }
            None => {
                self.slots.push(Some(descriptor));
                // The file system gives no more handles than a quota, far below 4 billion.
                self.slots.len() as u32 - 1
            }
        }
    }

    pub(super) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        let slot = self.slots.get(fd as usize).and_then(Option::as_ref);
        slot.ok_or(Errno::BadDescriptor)
    }

    pub(super) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        let slot = self.slots.get_mut(fd as usize).and_then(Option::as_mut);
        slot.ok_or(Errno::BadDescriptor)
    }

    /// What has a place in the file system; else `otherwise`.
    pub(super) fn open(&mut self, fd: u32, otherwise: Errno) -> Result<&mut Open, Errno> {
        match &mut self.get_mut(fd)?.what {
            What::Open(open) => Ok(open),
            What::Stdin | What::Console(_) => Err(otherwise),
        }
    }

    /// A directory's handle; whether it is one shows when it is used.
    pub(super) fn directory(&self, fd: u32) -> Result<&Handle, Errno> {
        match &self.get(fd)?.what {
            What::Open(open) => Ok(&open.handle),
            What::Stdin | What::Console(_) => Err(Errno::NotDirectory),
        }
    }

    pub(super) fn take(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let slot = self.slots.get_mut(fd as usize).and_then(Option::take);
        let descriptor = slot.ok_or(Errno::BadDescriptor)?;
        self.free.push(Reverse(fd));
        Ok(descriptor)
    }

    /// Moves a descriptor to the number of another one, which is returned.
    pub(super) fn renumber(&mut self, fd: u32, to: u32) -> Result<Option<Descriptor>, Errno> {
        self.get(to)?;
        if fd == to {
            return Ok(None);
        }
        let moved = self.take(fd)?;
        Ok(self.slots[to as usize].replace(moved))
    }
}

impl Guest {
    /// Opens what every module finds open: the three streams, then the folders.
    pub(in crate::sandbox) fn open_descriptors(&mut self) -> wasmtime::Result<()> {
        if !self.descriptors.slots.is_empty() {
            return Ok(());
        }
        let stdin = Descriptor::stream(What::Stdin, rights::READ);
        self.descriptors.put(stdin);
        for output in [Output::Stdout, Output::Stderr] {
            let output = Descriptor::stream(What::Console(output), rights::WRITE);
            self.descriptors.put(output);
        }
        for (handle, name) in self.starting_folders().map_err(Ending::file_system)? {
            let folder = Descriptor::directory(handle, Some(name));
            self.descriptors.put(folder);
        }
        Ok(())
    }
}

//! The numbers and records of preview 1.

use crate::observe::Kind;
use crate::sandbox::vfs::{Code, FileStat};
use crate::sandbox::wasi::clocks::NOW;

/// The errors that a guest of ours can meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub(super) enum Errno {
    Access = 2,
    Again = 6,
    BadDescriptor = 8,
    Busy = 10,
    Exist = 20,
    Fault = 21,
    FileTooLarge = 22,
    IllegalSequence = 25,
    Interrupted = 27,
    Invalid = 28,
    IsDirectory = 31,
    Loop = 32,
    TooManyLinks = 34,
    NameTooLong = 37,
    NoEntry = 44,
    NoSpace = 51,
    NotDirectory = 54,
    NotEmpty = 55,
    NotSocket = 57,
    Unsupported = 58,
    NoSuchDevice = 60,
    NotPermitted = 63,
    ReadOnly = 69,
    NoSeek = 70,
    TextFileBusy = 74,
    CrossDevice = 75,
    NotCapable = 76,
}

impl From<Code> for Errno {
    fn from(code: Code) -> Errno {
        match code {
            Code::Access => Errno::Access,
            Code::WouldBlock => Errno::Again,
            Code::BadDescriptor => Errno::BadDescriptor,
            Code::Busy => Errno::Busy,
            Code::Exist => Errno::Exist,
            Code::FileTooLarge => Errno::FileTooLarge,
            Code::IllegalByteSequence => Errno::IllegalSequence,
            Code::Interrupted => Errno::Interrupted,
            Code::Invalid => Errno::Invalid,
            Code::IsDirectory => Errno::IsDirectory,
            Code::Loop => Errno::Loop,
            Code::TooManyLinks => Errno::TooManyLinks,
            Code::NameTooLong => Errno::NameTooLong,
            Code::NoEntry => Errno::NoEntry,
            Code::InsufficientSpace => Errno::NoSpace,
            Code::NotDirectory => Errno::NotDirectory,
            Code::NotEmpty => Errno::NotEmpty,
            Code::Unsupported => Errno::Unsupported,
            Code::NoSuchDevice => Errno::NoSuchDevice,
            Code::NotPermitted => Errno::NotPermitted,
            Code::ReadOnly => Errno::ReadOnly,
            Code::TextFileBusy => Errno::TextFileBusy,
            Code::CrossDevice => Errno::CrossDevice,
        }
    }
}

/// `lookupflags`
pub(super) const FOLLOW: u32 = 1;

/// `oflags`
pub(super) mod open {
    pub(in super::super) const CREATE: u32 = 1;
    pub(in super::super) const DIRECTORY: u32 = 1 << 1;
    pub(in super::super) const EXCLUSIVE: u32 = 1 << 2;
    pub(in super::super) const TRUNCATE: u32 = 1 << 3;
    pub(in super::super) const ALL: u32 = (1 << 4) - 1;
}

/// `fdflags`
pub(super) mod flags {
    pub(in super::super) const APPEND: u16 = 1;
    const ALL: u16 = (1 << 5) - 1;

    pub(in super::super) fn checked(flags: u32) -> Result<u16, super::Errno> {
        let flags = u16::try_from(flags).ok().filter(|flags| flags & !ALL == 0);
        flags.ok_or(super::Errno::Invalid)
    }
}

/// `fstflags`: none unknown, and no time set both to a value and to now.
pub(super) fn check_times(which: u32) -> Result<(), Errno> {
    const ALL: u32 = (1 << 4) - 1;
    const ACCESSED: u32 = 0b0011;
    const MODIFIED: u32 = 0b1100;
    let both = |flags| which & flags == flags;
    if which & !ALL != 0 || both(ACCESSED) || both(MODIFIED) {
        return Err(Errno::Invalid);
    }
    Ok(())
}

/// `rights`
pub(super) mod rights {
    pub(in super::super) const READ: u64 = 1 << 1;
    pub(in super::super) const WRITE: u64 = 1 << 6;
    const CREATE_FILE: u64 = 1 << 10;
    pub(in super::super) const TRUNCATE_BY_PATH: u64 = 1 << 19;

    const SET_FLAGS: u64 = 1 << 3;
    const SYNC: u64 = 1 | 1 << 4;
    const SEEK_AND_TELL: u64 = 1 << 2 | 1 << 5;
    const ADVISE: u64 = 1 << 7;
    const READ_DIRECTORY: u64 = 1 << 14;
    const STAT: u64 = 1 << 21;
    const SET_TIMES: u64 = 1 << 23;
    const POLL: u64 = 1 << 27;
    /// `fd_allocate` and `fd_filestat_set_size`
    const RESIZE: u64 = 1 << 8 | 1 << 22;
    /// Names made, opened, looked at, linked, renamed and removed.
    const PATHS: u64 = 1 << 9
        | CREATE_FILE
        | 1 << 11
        | 1 << 12
        | 1 << 13
        | 1 << 15
        | 1 << 16
        | 1 << 17
        | 1 << 18
        | TRUNCATE_BY_PATH
        | 1 << 20
        | 1 << 24
        | 1 << 25
        | 1 << 26;

    pub(in super::super) const STREAM: u64 = SET_FLAGS | SYNC | STAT | POLL;
    pub(in super::super) const DIRECTORY: u64 =
        SET_FLAGS | SYNC | READ_DIRECTORY | STAT | SET_TIMES | PATHS;
    const FILE: u64 = STREAM | SEEK_AND_TELL | ADVISE | SET_TIMES;
    pub(in super::super) const INHERITED: u64 = DIRECTORY | FILE | READ | WRITE | RESIZE;

    pub(in super::super) fn of_file(read: bool, write: bool) -> u64 {
        let read = if read { READ } else { 0 };
        let write = if write { WRITE | RESIZE } else { 0 };
        FILE | read | write
    }
}

/// `filetype`; what is read or written without being in a file has none.
pub(super) fn file_type(kind: Kind) -> u8 {
    match kind {
        Kind::Absent | Kind::Other => 0,
        Kind::Directory => 3,
        Kind::File => 4,
        Kind::Symlink => 7,
    }
}

/// `fdstat`
pub(super) fn descriptor_stat(kind: Kind, flags: u16, rights: u64, inherited: u64) -> [u8; 24] {
    let mut record = [0; 24];
    record[0] = file_type(kind);
    record[2..4].copy_from_slice(&flags.to_le_bytes());
    record[8..16].copy_from_slice(&rights.to_le_bytes());
    record[16..].copy_from_slice(&inherited.to_le_bytes());
    record
}

/// `filestat`; `identity` as the file system tells it.
pub(super) fn file_stat(stat: FileStat, identity: [u8; 16]) -> [u8; 64] {
    const DEVICE: u64 = 1;
    let time = NOW.seconds * 1_000_000_000;
    let mut record = [0; 64];
    let mut put = |at: usize, value: u64| record[at..at + 8].copy_from_slice(&value.to_le_bytes());
    put(0, DEVICE);
    put(16, u64::from(file_type(stat.kind)));
    put(24, stat.links);
    put(32, stat.size);
    for at in [40, 48, 56] {
        put(at, time);
    }
    record[8..16].copy_from_slice(&identity[..8]);
    record
}

/// The head of a `dirent`, before the name.
pub(super) fn entry_head(next: u64, inode: u64, name_length: usize, kind: Kind) -> [u8; 24] {
    let mut record = [0; 24];
    record[..8].copy_from_slice(&next.to_le_bytes());
    record[8..16].copy_from_slice(&inode.to_le_bytes());
    // Names are at most 255 bytes long.
    record[16..20].copy_from_slice(&(name_length as u32).to_le_bytes());
    record[20] = file_type(kind);
    record
}

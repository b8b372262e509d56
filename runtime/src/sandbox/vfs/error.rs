//! Why an operation of the file system has no result.

use crate::observe::Fault;

/// The error codes of `wasi:filesystem/types` that a guest of ours can meet, named as there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Code {
    /// `EACCES`
    Access,
    /// `EAGAIN`
    WouldBlock,
    /// `EBADF`: the handle was not opened for this.
    BadDescriptor,
    /// `EBUSY`
    Busy,
    /// `EEXIST`
    Exist,
    /// `EFBIG`
    FileTooLarge,
    /// `EILSEQ`: a name of a real folder is not UTF-8.
    IllegalByteSequence,
    /// `EINTR`
    Interrupted,
    /// `EINVAL`
    Invalid,
    /// `EISDIR`
    IsDirectory,
    /// `ELOOP`
    Loop,
    /// `EMLINK`
    TooManyLinks,
    /// `ENAMETOOLONG`
    NameTooLong,
    /// `ENOENT`
    NoEntry,
    /// `ENOSPC`: over a quota for bytes, files or depth.
    InsufficientSpace,
    /// `ENOTDIR`
    NotDirectory,
    /// `ENOTEMPTY`
    NotEmpty,
    /// `ENOTSUP`
    Unsupported,
    /// `ENXIO`: a device, socket or pipe cannot be opened.
    NoSuchDevice,
    /// `EPERM`
    NotPermitted,
    /// `EROFS`
    ReadOnly,
    /// `ETXTBSY`
    TextFileBusy,
    /// `EXDEV`
    CrossDevice,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FsError {
    /// For the guest.
    Code(Code),
    /// The host could not answer: ends the execution.
    Fault(Fault),
    /// The guest went over a quota that ends the execution; says which.
    Quota(String),
}

impl From<Code> for FsError {
    fn from(code: Code) -> FsError {
        FsError::Code(code)
    }
}

impl From<Fault> for FsError {
    fn from(fault: Fault) -> FsError {
        FsError::Fault(fault)
    }
}

pub type Result<T, E = FsError> = std::result::Result<T, E>;

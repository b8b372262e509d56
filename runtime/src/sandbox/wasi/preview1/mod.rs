//! `wasi_snapshot_preview1`, for programs that are core modules: the same files, clocks and random numbers as
//! components have, called with numbers and addresses in the guest's memory.
//!
//! An address out of bounds is `EFAULT`, text that is not UTF-8 `EILSEQ`. Rights are told as they are, and can be
//! dropped; what was not dropped is not asked for again.

mod abi;
mod clocks;
mod descriptors;
mod files;
mod memory;
mod paths;
mod process;
mod streams;
#[cfg(test)]
mod tests;

use wasmtime::{Caller, Engine, Extern, Linker};

pub(in crate::sandbox) use descriptors::Descriptors;

use abi::Errno;
use memory::Memory;

use crate::sandbox::guest::{Ending, Guest};
use crate::sandbox::vfs::FsError;

/// From which module all functions are imported.
pub(in crate::sandbox) const MODULE: &str = "wasi_snapshot_preview1";

/// One call of a guest.
struct Syscall<'a> {
    guest: &'a mut Guest,
    memory: Memory<'a>,
}

/// Why a call has no result.
enum Refusal {
    Errno(Errno),
    /// The guest is ended.
    Ended(wasmtime::Error),
}

type Result<T = (), E = Refusal> = std::result::Result<T, E>;

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Refusal {
        Refusal::Errno(errno)
    }
}

impl From<wasmtime::Error> for Refusal {
    fn from(error: wasmtime::Error) -> Refusal {
        Refusal::Ended(error)
    }
}

impl From<FsError> for Refusal {
    fn from(error: FsError) -> Refusal {
        match error {
            FsError::Code(code) => Refusal::Errno(code.into()),
            error => Refusal::Ended(Ending::file_system(error)),
        }
    }
}

/// Defines functions that answer with an error number, each a method of [`Syscall`].
macro_rules! functions {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        /// All of preview 1.
        pub(in crate::sandbox) const FUNCTIONS: &[&str] = &[$(stringify!($name),)* "proc_exit"];

        /// A linker that defines [`FUNCTIONS`].
        pub(in crate::sandbox) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
            let mut linker = Linker::new(engine);
            $(linker.func_wrap(
                MODULE,
                stringify!($name),
                |mut caller: Caller<'_, Guest>, $($argument: $type),*| {
                    serve(&mut caller, |mut call| call.$name($($argument),*))
                },
            )?;)*
            linker.func_wrap(MODULE, "proc_exit", |code: u32| exit(code))?;
            Ok(linker)
        }
    };
}

// Addresses and lengths are u32, and so is what is narrower.
functions! {
    args_get(pointers: u32, text: u32);
    args_sizes_get(count: u32, size: u32);
    environ_get(pointers: u32, text: u32);
    environ_sizes_get(count: u32, size: u32);
    clock_res_get(clock: u32, into: u32);
    clock_time_get(clock: u32, precision: u64, into: u32);
    fd_advise(fd: u32, offset: u64, length: u64, advice: u32);
    fd_allocate(fd: u32, offset: u64, length: u64);
    fd_close(fd: u32);
    fd_datasync(fd: u32);
    fd_fdstat_get(fd: u32, into: u32);
    fd_fdstat_set_flags(fd: u32, flags: u32);
    fd_fdstat_set_rights(fd: u32, rights: u64, inherited: u64);
    fd_filestat_get(fd: u32, into: u32);
    fd_filestat_set_size(fd: u32, size: u64);
    fd_filestat_set_times(fd: u32, accessed: u64, modified: u64, which: u32);
    fd_pread(fd: u32, vectors: u32, count: u32, offset: u64, into: u32);
    fd_prestat_dir_name(fd: u32, path: u32, length: u32);
    fd_prestat_get(fd: u32, into: u32);
    fd_pwrite(fd: u32, vectors: u32, count: u32, offset: u64, into: u32);
    fd_read(fd: u32, vectors: u32, count: u32, into: u32);
    fd_readdir(fd: u32, buffer: u32, length: u32, cookie: u64, into: u32);
    fd_renumber(fd: u32, to: u32);
    fd_seek(fd: u32, offset: i64, whence: u32, into: u32);
    fd_sync(fd: u32);
    fd_tell(fd: u32, into: u32);
    fd_write(fd: u32, vectors: u32, count: u32, into: u32);
    path_create_directory(fd: u32, path: u32, length: u32);
    path_filestat_get(fd: u32, follow: u32, path: u32, length: u32, into: u32);
    path_filestat_set_times(fd: u32, follow: u32, path: u32, length: u32, accessed: u64, modified: u64, which: u32);
    path_link(fd: u32, follow: u32, path: u32, length: u32, new_fd: u32, new: u32, new_length: u32);
    path_open(fd: u32, follow: u32, path: u32, length: u32, open: u32, rights: u64, inherited: u64, flags: u32, into: u32);
    path_readlink(fd: u32, path: u32, length: u32, buffer: u32, room: u32, into: u32);
    path_remove_directory(fd: u32, path: u32, length: u32);
    path_rename(fd: u32, path: u32, length: u32, new_fd: u32, new: u32, new_length: u32);
    path_symlink(text: u32, text_length: u32, fd: u32, path: u32, length: u32);
    path_unlink_file(fd: u32, path: u32, length: u32);
    poll_oneoff(subscriptions: u32, events: u32, count: u32, into: u32);
    proc_raise(signal: u32);
    random_get(buffer: u32, length: u32);
    sched_yield();
    sock_accept(fd: u32, flags: u32, into: u32);
    sock_recv(fd: u32, vectors: u32, count: u32, flags: u32, into: u32, flags_into: u32);
    sock_send(fd: u32, vectors: u32, count: u32, flags: u32, into: u32);
    sock_shutdown(fd: u32, how: u32);
}

fn serve(
    caller: &mut Caller<'_, Guest>,
    answer: impl FnOnce(Syscall<'_>) -> Result,
) -> wasmtime::Result<u32> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let (bytes, guest) = match memory {
        Some(memory) => memory.data_and_store_mut(caller),
        None => (&mut [][..], caller.data_mut()),
    };
    let memory = Memory::new(bytes);
    match answer(Syscall { guest, memory }) {
        Ok(()) => Ok(0),
        Err(Refusal::Errno(errno)) => Ok(errno as u32),
        Err(Refusal::Ended(error)) => Err(error),
    }
}

/// Codes are those of processes: what does not fit is still a failure.
fn exit(code: u32) -> wasmtime::Result<()> {
    Err(Ending::Exited(u8::try_from(code).unwrap_or(u8::MAX)).into())
}

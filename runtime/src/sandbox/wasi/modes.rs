//! `cofferdam:plugin/modes`: whether a file is a program.

use super::bindings::cofferdam::plugin::modes;
use crate::sandbox::guest::{Ending, Guest};
use crate::sandbox::vfs::{Code, FsError, Handle, Mode, OpenFlags, Result};

impl modes::Host for Guest {
    fn is_executable(
        &mut self,
        path: String,
    ) -> wasmtime::Result<std::result::Result<bool, String>> {
        let asked = self.with_file(&path, false, |guest, file| guest.vfs.is_executable(file));
        told(asked, &path)
    }

    fn set_executable(
        &mut self,
        path: String,
        executable: bool,
    ) -> wasmtime::Result<std::result::Result<(), String>> {
        let done = self.with_file(&path, true, |guest, file| {
            guest.vfs.set_executable(file, executable)
        });
        told(done, &path)
    }
}

impl Guest {
    fn with_file<T>(
        &mut self,
        path: &str,
        write: bool,
        ask: impl FnOnce(&mut Guest, &Handle) -> Result<T>,
    ) -> Result<T> {
        let mode = Mode {
            read: true,
            write,
            mutate_directory: false,
        };
        let folders = self.vfs.preopens()?;
        let (root, _) = &folders[0];
        let opened = self.vfs.open_at(
            root,
            path.trim_start_matches('/'),
            true,
            OpenFlags::default(),
            mode,
        );
        for (folder, _) in folders {
            self.vfs.close(folder);
        }
        let file = opened?;
        let answer = ask(self, &file);
        self.vfs.close(file);
        answer
    }
}

/// The guest is told what it can mend; the rest ends it.
fn told<T>(answer: Result<T>, path: &str) -> wasmtime::Result<std::result::Result<T, String>> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(FsError::Code(code)) => Ok(Err(format!("`{path}`: {}", words(code)))),
        Err(other) => Err(Ending::file_system(other)),
    }
}

fn words(code: Code) -> &'static str {
    match code {
        Code::NoEntry => "there is no such file",
        Code::IsDirectory => "it is a directory",
        Code::NotDirectory => "a part of the path is not a directory",
        Code::ReadOnly | Code::NotPermitted | Code::Access => "it may not be changed here",
        _ => "it cannot be opened",
    }
}

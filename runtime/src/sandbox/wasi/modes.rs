//! `cofferdam:plugin/modes`: whether a file is a program.

use super::bindings::cofferdam::plugin::modes;
use super::filesystem::error_code;
use crate::sandbox::guest::{Ending, Guest};
use crate::sandbox::vfs::{Code, FsError, Handle, Mode, OpenFlags, Result, Vfs};

impl modes::Host for Guest {
    fn is_executable(&mut self, path: String) -> wasmtime::Result<Result<bool, String>> {
        let reading = Mode {
            read: true,
            ..Mode::default()
        };
        told(&path, self.with_file(&path, reading, Vfs::is_executable))
    }

    fn set_executable(
        &mut self,
        path: String,
        executable: bool,
    ) -> wasmtime::Result<Result<(), String>> {
        let writing = Mode {
            write: true,
            ..Mode::default()
        };
        told(
            &path,
            self.with_file(&path, writing, |vfs, file| {
                vfs.set_executable(file, executable)
            }),
        )
    }
}

impl Guest {
    /// Opens `path`, which starts at the top, for the time of one `act`.
    fn with_file<T>(
        &mut self,
        path: &str,
        mode: Mode,
        act: impl FnOnce(&mut Vfs, &Handle) -> Result<T>,
    ) -> Result<T> {
        let folders = self.vfs.preopens()?;
        let opened = match folders.first() {
            Some((root, _)) => {
                let path = path.trim_start_matches('/');
                self.vfs
                    .open_at(root, path, true, OpenFlags::default(), mode)
            }
            None => Err(Code::NoEntry.into()),
        };
        for (folder, _) in folders {
            self.vfs.close(folder);
        }
        let file = opened?;
        let result = act(&mut self.vfs, &file);
        self.vfs.close(file);
        result
    }
}

/// An error of the guest's own doing as text; any other ends it.
fn told<T>(path: &str, result: Result<T>) -> wasmtime::Result<Result<T, String>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(FsError::Code(code)) => {
            // Such as "No such file or directory, similar to `ENOENT` in POSIX."
            let text = error_code(code).message();
            let text = text.split([',', '.']).next().unwrap_or(text);
            Ok(Err(format!("`{path}`: {}", text.to_lowercase())))
        }
        Err(error) => Err(Ending::file_system(error)),
    }
}

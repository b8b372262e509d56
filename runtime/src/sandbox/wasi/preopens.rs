//! `wasi:filesystem/preopens`: the folders that a guest starts with.

use wasmtime::component::Resource;

use super::bindings::wasi::filesystem::preopens;
use super::bindings::wasi::filesystem::types::Descriptor;
use crate::observe::Kind;
use crate::sandbox::guest::{Ending, Guest};
use crate::sandbox::vfs::{Code, FsError, Handle, Mode, OpenFlags, Result, Vfs};

impl preopens::Host for Guest {
    /// A plugin is given `/`, and so is a command that starts there.
    ///
    /// C libraries take every path for one below `/`: they have no current directory. So the folder in which a
    /// command starts is what it sees as `/`, and the other folders of the top are reached by their names though no
    /// listing of `/` shows them: both `a` and `/a` are in the working tree, `/out/a` is in the output. Where the
    /// working tree has a `src` of its own, that is what `src/a` and `/src/a` mean.
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let folders = self.starting_folders().map_err(Ending::file_system)?;
        let descriptors = &mut self.files.descriptors;
        let folders = folders.into_iter();
        Ok(folders
            .map(|(handle, name)| (descriptors.put(handle), name))
            .collect())
    }
}

impl Guest {
    pub(super) fn starting_folders(&mut self) -> Result<Vec<(Handle, String)>> {
        let mut given = self.vfs.preopens()?.into_iter().map(|(handle, _)| handle);
        let (Some(root), Some(start)) = (given.next(), given.next()) else {
            return Err(Code::NoEntry.into());
        };
        let start_name = self.console.start.trim_matches('/');
        if start_name.is_empty() {
            self.vfs.close(start);
            return Ok(vec![(root, "/".to_owned())]);
        }
        let top = start_name.split('/').next().unwrap_or_default();
        let mut folders = vec![(start, "/".to_owned())];
        let names = self.vfs.list(&root)?;
        for name in (0..names.len()).filter_map(|index| names.get(index)) {
            let hidden = match name.name {
                name if name == top => true,
                PROJECT => has(&mut self.vfs, &folders[0].0, PROJECT)?,
                _ => false,
            };
            if name.kind == Kind::Directory && !hidden {
                let handle = self
                    .vfs
                    .open_at(&root, name.name, false, A_FOLDER, ALL_RIGHTS)?;
                folders.push((handle, format!("/{}", name.name)));
            }
        }
        self.vfs.close(root);
        Ok(folders)
    }
}

fn has(vfs: &mut Vfs, folder: &Handle, name: &str) -> Result<bool> {
    match vfs.stat_at(folder, name, false) {
        Ok(_) => Ok(true),
        Err(FsError::Code(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The project's folder, which a working tree nearly always shows as well.
const PROJECT: &str = "src";

const A_FOLDER: OpenFlags = OpenFlags {
    create: false,
    directory: true,
    exclusive: false,
    truncate: false,
};

const ALL_RIGHTS: Mode = Mode {
    read: true,
    write: false,
    mutate_directory: true,
};

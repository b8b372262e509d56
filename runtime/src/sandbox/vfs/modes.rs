//! The one mode that matters to a build: whether a file is a program. WASI has no words for it.

use std::os::unix::fs::PermissionsExt as _;

use cap_std::fs::PermissionsExt as _;

use super::error::{Code, Result};
use super::file::file_of;
use super::handle::Handle;
use super::node::{Body, Content};
use super::{Vfs, host};

impl Vfs {
    /// Observed as the content is.
    pub fn is_executable(&mut self, file: &Handle) -> Result<bool> {
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            let metadata = real.metadata().map_err(host::error)?;
            return Ok(metadata.permissions().mode() & 0o100 != 0);
        }
        match file_of(&self.nodes, file.node)?.content {
            Content::Below { seen, .. } => Ok(self.sight.digest(seen)?.1),
            Content::Own { executable, .. } => Ok(executable),
        }
    }

    /// Of a file that was opened for writing. An unchanged file below becomes one of the overlay's own.
    pub fn set_executable(&mut self, file: &Handle, wanted: bool) -> Result<()> {
        if !file.mode.write {
            return Err(Code::NotPermitted.into());
        }
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            let mode = if wanted { 0o755 } else { 0o644 };
            let permissions =
                cap_std::fs::Permissions::from_std(std::fs::Permissions::from_mode(mode));
            return real
                .set_permissions(permissions)
                .map_err(|error| host::error(error).into());
        }
        if self.is_executable(file)? == wanted {
            return Ok(());
        }
        self.change(
            file.node,
            0,
            |bytes, keep| if keep { bytes.size() } else { bytes.held() },
            |_| {},
        )?;
        if let Body::File(changed) = &mut self.nodes[file.node].body
            && let Content::Own { executable, .. } = &mut changed.content
        {
            *executable = wanted;
        }
        Ok(())
    }
}

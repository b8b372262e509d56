//! Whether a file is a program: the one thing that WASI's file system leaves out and trees keep.

use cap_std::fs::PermissionsExt;

use super::bytes::Bytes;
use super::error::{Code, Result};
use super::file::{file_of, file_of_mut};
use super::handle::Handle;
use super::node::{Body, Content};
use super::{Vfs, host};

const ALL_MAY_RUN: u32 = 0o111;

impl Vfs {
    /// Observed as the file's content is.
    pub fn is_executable(&mut self, file: &Handle) -> Result<bool> {
        if !file.mode.read {
            return Err(Code::BadDescriptor.into());
        }
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            let metadata = real.metadata().map_err(host::error)?;
            return Ok(metadata.permissions().mode() & ALL_MAY_RUN != 0);
        }
        match &file_of(&self.nodes, file.node)?.content {
            Content::Below { seen, .. } => Ok(self.sight.digest(*seen)?.1),
            Content::Own { executable, .. } => Ok(*executable),
        }
    }

    pub fn set_executable(&mut self, file: &Handle, executable: bool) -> Result<()> {
        if !file.mode.write {
            return Err(Code::BadDescriptor.into());
        }
        if let Body::HostFile(real) = &self.nodes[file.node].body {
            let metadata = real.metadata().map_err(host::error)?;
            let mut permissions = metadata.permissions();
            let rest = permissions.mode() & !ALL_MAY_RUN;
            permissions.set_mode(if executable { rest | ALL_MAY_RUN } else { rest });
            return real.set_permissions(permissions).map_err(host::error);
        }
        // The bit belongs to a content: one from below is copied, as for any change.
        let cost = |old: &Bytes, keep| if keep { old.size() } else { old.held() };
        self.change(file.node, 0, cost, |_| {})?;
        if let Content::Own {
            executable: bit, ..
        } = &mut file_of_mut(&mut self.nodes, file.node)?.content
        {
            *bit = executable;
        }
        Ok(())
    }
}

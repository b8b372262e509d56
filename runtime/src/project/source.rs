//! `/src`: the project's folder as one action may see it.

use std::sync::Arc;

use cofferdam_cache::Digest;

use crate::config::Sight;
use crate::observe::{Content, Fault, Kind, Listing, Lower, Stat};
use crate::project::table::FileTable;

/// The project's folder through an action's [`Sight`]. What it does not show is absent.
pub struct SourceTree {
    table: Arc<FileTable>,
    sight: Arc<Sight>,
}

impl SourceTree {
    pub fn new(table: Arc<FileTable>, sight: Arc<Sight>) -> SourceTree {
        SourceTree { table, sight }
    }

    fn shows(&self, path: &str, kind: Kind) -> bool {
        path.is_empty()
            || match kind {
                Kind::Absent => true,
                Kind::Directory => self.sight.shows_directory(path),
                // A link may stand for either.
                Kind::Symlink => self.sight.shows_file(path) || self.sight.shows_directory(path),
                Kind::File | Kind::Other => self.sight.shows_file(path),
            }
    }
}

impl Lower for SourceTree {
    fn stat(&self, path: &str) -> Result<Stat, Fault> {
        let stat = self.table.identity(path)?.stat();
        Ok(if self.shows(path, stat.kind) {
            stat
        } else {
            Stat::ABSENT
        })
    }

    fn list(&self, path: &str) -> Result<Listing, Fault> {
        let all = self.table.list(path)?;
        let mut full = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let length = full.len();
        let mut shows = |name: &str, kind| {
            full.truncate(length);
            full.push_str(name);
            self.shows(&full, kind)
        };
        if all.iter().all(|(name, kind)| shows(name, *kind)) {
            return Ok(all);
        }
        Ok(all
            .iter()
            .filter(|(name, kind)| shows(name, *kind))
            .cloned()
            .collect())
    }

    fn link(&self, path: &str) -> Result<Arc<str>, Fault> {
        self.table.link(path)
    }

    fn digest(&self, path: &str) -> Result<(Digest, bool), Fault> {
        self.table.digest(path)
    }

    fn read(&self, path: &str) -> Result<Content, Fault> {
        self.table.read(path)
    }
}

//! Directories as they are listed.

use super::error::{Code, Result};
use super::handle::{Entries, Entry, Handle, Row, Rows};
use super::node::{Body, NONE, NodeId, inode_below};
use super::{Vfs, host};

impl Entries {
    pub fn len(&self) -> usize {
        match &self.0 {
            Rows::Below(listing, _) => listing.len(),
            Rows::Merged(rows) => rows.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at `index`, if there are so many.
    pub fn get(&self, index: usize) -> Option<Entry<'_>> {
        match &self.0 {
            Rows::Below(listing, directory) => {
                let (name, kind) = listing.get(index)?;
                Some(Entry {
                    name,
                    kind: *kind,
                    inode: inode_below(*directory, name),
                })
            }
            Rows::Merged(rows) => {
                let row = rows.get(index)?;
                Some(Entry {
                    name: &row.name,
                    kind: row.kind,
                    inode: row.inode,
                })
            }
        }
    }
}

impl Vfs {
    /// The entries of a directory as they are now; later changes do not show.
    pub fn list(&mut self, dir: &Handle) -> Result<Entries> {
        let node = &self.nodes[dir.node];
        let rows = match &node.body {
            Body::Directory(directory) => {
                if let ([layer], false) = (&*directory.layers, directory.changed) {
                    let listing = self.sight.listing(*layer)?.clone();
                    return Ok(Entries(Rows::Below(listing, node.inode)));
                }
                self.rows(dir.node)?
            }
            Body::Above(names) => {
                let row = |(name, child): &(Box<str>, NodeId)| self.row(name, *child);
                names.iter().map(row).collect()
            }
            Body::HostDirectory(folder) => host::list(folder)?,
            _ => return Err(Code::NotDirectory.into()),
        };
        Ok(Entries(Rows::Merged(rows.into())))
    }

    /// What a directory has of its own and of its layers, in byte order of the names.
    pub(super) fn rows(&mut self, dir: NodeId) -> Result<Vec<Row>> {
        let inode = self.nodes[dir].inode;
        let Some(directory) = self.nodes.directory(dir) else {
            return Err(Code::NotDirectory.into());
        };
        let present = directory.names.iter().filter(|(_, slot)| slot.node != NONE);
        let mut rows: Vec<Row> = present
            .map(|(name, slot)| self.row(name, slot.node))
            .collect();
        for &layer in &directory.layers {
            for (name, kind) in self.sight.listing(layer)?.iter() {
                if !directory.names.contains_key(name) {
                    rows.push(Row {
                        name: name.clone(),
                        kind: *kind,
                        inode: inode_below(inode, name),
                    });
                }
            }
        }
        // Stable: of names in several layers the topmost stays.
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows.dedup_by(|later, first| later.name == first.name);
        Ok(rows)
    }

    fn row(&self, name: &str, node: NodeId) -> Row {
        Row {
            name: name.into(),
            kind: self.nodes[node].kind(),
            inode: self.nodes[node].inode,
        }
    }

    /// Looks no further than the first name.
    pub(super) fn is_empty(&mut self, dir: NodeId) -> Result<bool> {
        let Some(directory) = self.nodes.directory(dir) else {
            return Err(Code::NotDirectory.into());
        };
        if directory.names.values().any(|slot| slot.node != NONE) {
            return Ok(false);
        }
        for &layer in &directory.layers {
            let mut names = self.sight.listing(layer)?.iter();
            if names.any(|(name, _)| !directory.names.contains_key(name)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

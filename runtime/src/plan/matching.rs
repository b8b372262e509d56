//! The files of the project that patterns match.

use std::sync::Arc;

use crate::config::{Patterns, Sight};
use crate::observe::{Fault, Kind, Lower};
use crate::project::{FileTable, SourceTree, join};

/// The files that `patterns` match within `sight`, sorted. `folders` gets every folder that was listed or
/// missed: the result rests on them.
pub fn matching(
    table: &Arc<FileTable>,
    sight: &Arc<Sight>,
    patterns: Arc<Patterns>,
    folders: &mut Vec<String>,
) -> Result<Vec<String>, Fault> {
    let tree = SourceTree::new(table.clone(), Arc::new(sight.narrowed(patterns)));
    let mut files = Vec::new();
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        for (name, kind) in tree.list(&folder)?.iter() {
            let path = join(&folder, name);
            match kind {
                Kind::Directory => open.push(path),
                Kind::File => files.push(path),
                Kind::Absent | Kind::Symlink | Kind::Other => {}
            }
        }
        folders.push(folder);
    }
    files.sort();
    Ok(files)
}

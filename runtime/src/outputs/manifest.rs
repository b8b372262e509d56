//! Which files below the project's folder are ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cofferdam_cache::Digest;

/// For each written folder the trees that are, or are being, written there. Two trees: a run was interrupted
/// between them.
pub struct Manifest {
    file: PathBuf,
    pub folders: BTreeMap<String, Vec<Digest>>,
}

const HEAD: &str = "cofferdam outputs 1\n";

impl Manifest {
    /// An unreadable manifest is an empty one: then files in the way are kept and named.
    pub fn read(file: &Path) -> Manifest {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines = text.strip_prefix(HEAD).unwrap_or("").lines();
        let folders = lines.filter_map(|line| {
            let (digests, folder) = line.split_once(' ')?;
            let digests = digests
                .split(',')
                .map(|digest| digest.parse().ok())
                .collect::<Option<_>>()?;
            Some((folder.to_owned(), digests))
        });
        Manifest {
            folders: folders.collect(),
            file: file.to_owned(),
        }
    }

    /// blake3 of the file; zeros where there is none.
    pub fn digest(file: &Path) -> [u8; 32] {
        std::fs::read(file).map_or([0; 32], |bytes| *blake3::hash(&bytes).as_bytes())
    }

    pub fn owned(&self, folder: &str) -> &[Digest] {
        self.folders.get(folder).map_or(&[], Vec::as_slice)
    }

    /// Enters what is about to be written beside what is there.
    pub fn begin(&mut self, folder: &str, tree: Digest) -> std::io::Result<()> {
        let digests = self.folders.entry(folder.to_owned()).or_default();
        if digests.contains(&tree) {
            return Ok(());
        }
        digests.push(tree);
        self.write()
    }

    /// Enters what has been written. `None`: the folder is ours no longer.
    pub fn end(&mut self, folder: &str, tree: Option<Digest>) -> std::io::Result<()> {
        let before = self.folders.remove(folder);
        let after = tree.map(|tree| vec![tree]);
        let same = before == after;
        if let Some(digests) = after {
            self.folders.insert(folder.to_owned(), digests);
        }
        if same { Ok(()) } else { self.write() }
    }

    fn write(&self) -> std::io::Result<()> {
        let mut text = HEAD.to_owned();
        for (folder, digests) in &self.folders {
            let digests: Vec<String> = digests.iter().map(Digest::to_string).collect();
            text.push_str(&digests.join(","));
            text.push(' ');
            text.push_str(folder);
            text.push('\n');
        }
        let beside = self.file.with_extension("new");
        std::fs::write(&beside, text)?;
        std::fs::rename(beside, &self.file)
    }
}

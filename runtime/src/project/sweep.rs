//! One look at every path of the last run: a single `lstat` each where nothing happened.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags};

use crate::observe::{Fact, Fault, Kind};
use crate::project::folder::Folder;
use crate::project::identity::Identity;
use crate::project::rows::{Row, Rows};

/// Which rows still hold.
#[derive(Clone, Default)]
pub struct Swept {
    changed: Vec<bool>,
    renewed: HashMap<usize, (Identity, bool)>,
    /// In order of the rows.
    pub changes: Vec<usize>,
}

impl Swept {
    pub fn holds(&self, index: usize) -> bool {
        !self.changed[index]
    }

    /// The new identity of a row whose value is the same (a touched file, say), and whether it is settled.
    pub fn renewed(&self, index: usize) -> Option<(Identity, bool)> {
        self.renewed.get(&index).copied()
    }

    pub fn renewals(&self) -> usize {
        self.renewed.len()
    }

    pub fn renewed_rows(&self) -> impl Iterator<Item = (usize, (Identity, bool))> + '_ {
        self.renewed
            .iter()
            .map(|(index, renewed)| (*index, *renewed))
    }

    /// A row that holds, with its present identity.
    pub fn row(&self, rows: &Rows, index: usize) -> Row {
        let row = rows.row(index);
        match self.renewed(index) {
            Some((identity, settled)) => Row {
                identity,
                settled,
                ..row
            },
            None => row,
        }
    }
}

/// Rows a thread takes at least: below that a second thread costs more than it saves.
const SHARE: usize = 2048;

/// Looks at every row, on `threads` threads.
pub fn sweep(folder: &Folder, rows: &Rows, threads: usize) -> Result<Swept, Fault> {
    let threads = threads.min(rows.len() / SHARE).max(1);
    let share = rows.len().div_ceil(threads);
    let parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|part| {
                scope.spawn(move || {
                    sweep_part(
                        folder,
                        rows,
                        part * share..rows.len().min((part + 1) * share),
                    )
                })
            })
            .collect();
        let first = sweep_part(folder, rows, 0..rows.len().min(share));
        let mut parts = vec![first];
        parts.extend(
            others
                .into_iter()
                .map(|part| part.join().expect("the sweep does not panic")),
        );
        parts
    });
    let mut swept = Swept {
        changed: vec![false; rows.len()],
        ..Swept::default()
    };
    for part in parts {
        let part = part?;
        for &index in &part.changes {
            swept.changed[index] = true;
        }
        swept.changes.extend(part.changes);
        swept.renewed.extend(part.renewed);
    }
    Ok(swept)
}

fn sweep_part(folder: &Folder, rows: &Rows, range: std::ops::Range<usize>) -> Result<Swept, Fault> {
    let mut swept = Swept::default();
    let mut parent = Parent::default();
    let mut clock = folder.clock();
    for (step, index) in range.enumerate() {
        if step % 256 == 0 {
            clock = folder.clock();
        }
        let known = rows.identity(index);
        let now = parent.identity(folder, rows, index)?;
        if now == known && rows.settled(index) {
            continue;
        }
        let same_shape =
            (now.kind, now.size, now.executable) == (known.kind, known.size, known.executable);
        let value = rows.value(index);
        let settled = now.settled(clock);
        let same = same_shape
            && (value == [0; 32] || matches!(now.kind, Kind::Absent | Kind::Other) || {
                present_value(folder, rows.path(index), now.kind)? == Some(value)
            });
        if same {
            // A directory of which only the kind counts is as it was whatever was made in it.
            if now != known || settled {
                swept
                    .renewed
                    .insert(index, (now, settled || value == [0; 32]));
            }
        } else {
            swept.changes.push(index);
        }
    }
    Ok(swept)
}

fn present_value(folder: &Folder, path: &str, kind: Kind) -> Result<Option<[u8; 32]>, Fault> {
    Ok(match kind {
        Kind::File => folder
            .read(path)?
            .map(|read| *blake3::hash(&read.bytes).as_bytes()),
        Kind::Directory => folder.list(path)?.map(|names| Fact::listing_value(&names)),
        Kind::Symlink => folder.link(path)?.map(|text| Fact::link_value(&text)),
        Kind::Absent | Kind::Other => None,
    })
}

/// The directory of the rows at hand, opened once for all of them: a short name costs half of what
/// a long path does.
#[derive(Default)]
struct Parent {
    path: Vec<u8>,
    /// `None`: it is not there, or a link leads to it.
    descriptor: Option<OwnedFd>,
}

impl Parent {
    fn identity(&mut self, folder: &Folder, rows: &Rows, index: usize) -> Result<Identity, Fault> {
        let path = rows.path(index);
        let Some(slash) = path.rfind('/') else {
            return folder.identity(path);
        };
        let parent = &path.as_bytes()[..slash];
        if self.path != parent || self.path.is_empty() {
            self.path = parent.to_vec();
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            self.descriptor = rustix::fs::openat2(
                folder.descriptor(),
                &path[..slash],
                flags,
                Mode::empty(),
                resolve,
            )
            .ok();
        }
        let Some(descriptor) = &self.descriptor else {
            return Ok(Identity::ABSENT);
        };
        let name = rows.c_path(index, slash + 1);
        match rustix::fs::statat(descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(raw) => Ok(Identity::from_raw(&raw)),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(Identity::ABSENT),
            Err(_) => folder.identity(path),
        }
    }
}

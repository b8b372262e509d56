//! One directory made right: what is stale goes, then files and links come, then its folders.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cofferdam_cache::{Digest, Name, Node, Tree};
use rustix::io::Errno;

use crate::error::Error;
use crate::observe::{Fact, Kind};
use crate::outputs::directory::Directory;
use crate::project::{Clock, Identity, Roles, Row, join};

use super::{Job, Level, Placed, Request, failed, in_the_way, lost};

/// Files and links that one thread takes at a time.
const SHARE: usize = 512;

/// Opens a folder of `parent`, made where it is missing. `ours`: we had something of that name.
pub fn folder(parent: &Directory, name: &str, path: &str, ours: bool) -> Result<Directory, Error> {
    let opened = match parent.make(name) {
        // What stands there is a file or a link.
        Err(Errno::NOTDIR | Errno::LOOP) if ours => {
            parent.unlink(name).map_err(|errno| failed(path, errno))?;
            parent.make(name)
        }
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(in_the_way(path)),
        other => other,
    };
    opened.map_err(|errno| failed(path, errno))
}

/// Begins to make a directory right; what is left to do of it is returned.
pub fn level(
    request: &Request,
    directory: Arc<Directory>,
    path: String,
    wanted: &Digest,
    owned: &[Digest],
    standing: Option<Digest>,
    placed: &mut Placed,
) -> Result<Vec<Job>, Error> {
    let tree = |digest: &Digest| request.trees.tree(digest);
    let wanted = tree(wanted).map_err(|fault| lost(&path, &fault))?;
    let ours = trees_of(request, owned);
    let standing = standing.and_then(|digest| tree(&digest).ok());
    delete_stale(request, &directory, &path, &wanted, &ours, placed)?;
    let mut jobs = Vec::new();
    for (name, node) in differing(wanted.entries(), standing.as_deref()) {
        if let Node::Directory { digest, .. } = node {
            let below = join(&path, name.as_str());
            let before = standing.as_deref().and_then(|tree| tree.get(name.as_str()));
            let is_row =
                |node: &Node| subtree(node).is_none_or(|digest| digest == Digest::empty_tree());
            if before.is_some_and(is_row) {
                placed.gone.push(below.clone());
            }
            let empty = tree(digest).map_err(|fault| lost(&below, &fault))?;
            if empty.entries().is_empty() {
                placed.rows.push(empty_folder(&below));
            }
            jobs.push(Job::Folder {
                parent: directory.clone(),
                name: name.to_string(),
                path: below,
                wanted: *digest,
                owned: subtrees(&ours, name),
                standing: subtree_of(standing.as_deref(), name),
            });
        }
    }
    let level = Arc::new(Level {
        directory,
        path,
        wanted,
        ours,
        standing,
    });
    let count = level.wanted.entries().len();
    for start in (SHARE..count).step_by(SHARE) {
        jobs.push(Job::Leaves(level.clone(), start..count.min(start + SHARE)));
    }
    leaves(request, &level, 0..count.min(SHARE), placed)?;
    Ok(jobs)
}

/// Makes some of a directory's files and links right.
pub fn leaves(
    request: &Request,
    level: &Level,
    range: Range<usize>,
    placed: &mut Placed,
) -> Result<(), Error> {
    let mut next = 0;
    let standing = level.standing.as_deref();
    for (name, node) in differing(&level.wanted.entries()[range], standing) {
        if matches!(node, Node::Directory { .. } | Node::Whiteout) {
            continue;
        }
        let path = join(&level.path, name.as_str());
        if let Some(row) = (request.known)(&path, &mut next)
            && is_value_of(&row, node)
        {
            placed.rows.push(row);
            continue;
        }
        if subtree_of(standing, name).is_some() {
            placed.gone.push(path.clone());
        }
        placed_leaf(
            request,
            &level.directory,
            name,
            &path,
            node,
            &level.ours,
            placed,
        )?;
    }
    Ok(())
}

fn placed_leaf(
    request: &Request,
    directory: &Directory,
    name: &Name,
    path: &str,
    node: &Node,
    ours: &[Arc<Tree>],
    placed: &mut Placed,
) -> Result<(), Error> {
    let (value, executable) = leaf_value(node);
    let clock = Clock::now();
    let row = |identity: Identity, settled| Row {
        path: path.into(),
        identity,
        settled,
        roles: Roles {
            output: true,
            ..Roles::default()
        },
        value,
    };
    let fail = |errno| failed(path, errno);
    let name = name.as_str();
    let there = directory.identity(name).map_err(fail)?;
    if there.kind == leaf_kind(node)
        && there.executable == executable
        && directory.value(name, there.kind) == Ok(value)
    {
        let now = directory.identity(name).map_err(fail)?;
        placed
            .rows
            .push(row(there, now == there && there.settled(clock)));
        return Ok(());
    }
    let before = of_name(ours, name);
    if there.kind == Kind::Directory {
        let owned = before
            .iter()
            .any(|node| matches!(node, Node::Directory { .. }));
        let owned = if owned {
            subtrees(ours, &Name::new(name).expect("a tree's name"))
        } else {
            Vec::new()
        };
        let inside = directory.open(name).map_err(fail)?;
        clear(request, &inside, &owned, path, placed)?;
        directory.remove_if_empty(name).map_err(fail)?;
        if directory.identity(name).map_err(fail)?.kind != Kind::Absent {
            return Err(in_the_way(path));
        }
    } else if there.kind != Kind::Absent {
        if before.is_empty() {
            return Err(in_the_way(path));
        }
        let edited = before.contains(&node) && !is_any_of(directory, name, there, &before);
        if edited {
            placed.restored.push(path.to_owned());
        }
    }
    let identity = match node {
        Node::Symlink { target } => directory.link(name, target),
        Node::File { digest, executable } => {
            let bytes = request
                .trees
                .blob(digest)
                .map_err(|fault| lost(path, &fault))?;
            if there.kind == Kind::Absent {
                directory.create(name, &bytes, *executable)
            } else {
                directory.replace(name, &bytes, *executable)
            }
        }
        Node::Directory { .. } | Node::Whiteout => unreachable!("only leaves are placed here"),
    };
    placed.written += 1;
    placed.rows.push(row(identity.map_err(fail)?, true));
    Ok(())
}

pub fn of_name<'t>(trees: &'t [Arc<Tree>], name: &str) -> Vec<&'t Node> {
    trees.iter().filter_map(|tree| tree.get(name)).collect()
}

/// Whether the file or link of a row that holds is what the node asks for.
fn is_value_of(row: &Row, node: &Node) -> bool {
    leaf_kind(node) == row.identity.kind
        && matches!(row.identity.kind, Kind::File | Kind::Symlink)
        && leaf_value(node) == (row.value, row.identity.executable)
}

pub fn leaf_kind(node: &Node) -> Kind {
    match node {
        Node::File { .. } => Kind::File,
        Node::Symlink { .. } => Kind::Symlink,
        Node::Directory { .. } => Kind::Directory,
        Node::Whiteout => Kind::Absent,
    }
}

pub fn leaf_value(node: &Node) -> ([u8; 32], bool) {
    match node {
        Node::File { digest, executable } => (digest.hash, *executable),
        Node::Symlink { target } => (Fact::link_value(target), false),
        Node::Directory { .. } | Node::Whiteout => ([0; 32], false),
    }
}

/// Whether what is there is one of our former files, unedited.
fn is_any_of(directory: &Directory, name: &str, there: Identity, before: &[&Node]) -> bool {
    let Ok(value) = directory.value(name, there.kind) else {
        return false;
    };
    before
        .iter()
        .any(|node| leaf_value(node) == (value, there.executable))
}

/// Removes what is ours and no longer wanted.
fn delete_stale(
    request: &Request,
    directory: &Directory,
    path: &str,
    tree: &Tree,
    ours: &[Arc<Tree>],
    placed: &mut Placed,
) -> Result<(), Error> {
    let mut stale: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for ours in ours {
        let mut wanted = tree.entries().iter().peekable();
        for (name, node) in ours.entries() {
            while wanted.next_if(|(wanted, _)| wanted < name).is_some() {}
            if wanted.peek().is_none_or(|(wanted, _)| wanted != name) {
                stale.entry(name.as_str()).or_default().push(node);
            }
        }
    }
    for (name, nodes) in stale {
        let below = join(path, name);
        placed.gone.push(below.clone());
        let fail = |errno| failed(&below, errno);
        match directory.identity(name).map_err(fail)?.kind {
            Kind::Absent => {}
            Kind::Directory => {
                let owned: Vec<Digest> = nodes.iter().filter_map(|node| subtree(node)).collect();
                if !owned.is_empty() {
                    clear(
                        request,
                        &directory.open(name).map_err(fail)?,
                        &owned,
                        &below,
                        placed,
                    )?;
                    directory.remove_if_empty(name).map_err(fail)?;
                }
            }
            _ if nodes.iter().all(|node| subtree(node).is_some()) => {}
            _ => {
                directory.unlink(name).map_err(fail)?;
                placed.deleted += 1;
            }
        }
    }
    Ok(())
}

/// Removes all that is ours from a directory.
pub fn clear(
    request: &Request,
    directory: &Directory,
    owned: &[Digest],
    path: &str,
    placed: &mut Placed,
) -> Result<(), Error> {
    let ours = trees_of(request, owned);
    delete_stale(request, directory, path, &Tree::default(), &ours, placed)
}

/// A damaged store may have lost what was there: then nothing there is ours.
pub fn trees_of(request: &Request, owned: &[Digest]) -> Vec<Arc<Tree>> {
    owned
        .iter()
        .filter_map(|digest| request.trees.tree(digest).ok())
        .collect()
}

fn subtree(node: &Node) -> Option<Digest> {
    match node {
        Node::Directory { digest, .. } => Some(*digest),
        _ => None,
    }
}

pub fn subtrees(trees: &[Arc<Tree>], name: &Name) -> Vec<Digest> {
    trees
        .iter()
        .filter_map(|tree| subtree(tree.get(name.as_str())?))
        .collect()
}

/// The entries that a tree does not have just so; both are sorted by name.
pub fn differing<'t>(
    entries: &'t [(Name, Node)],
    before: Option<&'t Tree>,
) -> impl Iterator<Item = &'t (Name, Node)> {
    let mut before = before.map_or(&[][..], Tree::entries);
    if let Some((first, _)) = entries.first() {
        before = &before[before.partition_point(|(name, _)| name < first)..];
    }
    let mut before = before.iter().peekable();
    entries.iter().filter(move |entry| {
        while before.next_if(|(name, _)| *name < entry.0).is_some() {}
        before.peek() != Some(entry)
    })
}

/// The subtree of that name, if there is one.
pub fn subtree_of(tree: Option<&Tree>, name: &Name) -> Option<Digest> {
    subtree(tree?.get(name.as_str())?)
}

fn empty_folder(path: &str) -> Row {
    Row {
        path: path.into(),
        identity: Identity {
            kind: Kind::Directory,
            ..Identity::ABSENT
        },
        settled: true,
        roles: Roles {
            output: true,
            ..Roles::default()
        },
        value: [0; 32],
    }
}

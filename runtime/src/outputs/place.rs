//! Makes a folder hold a tree.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};

use cofferdam_cache::{Digest, Name, Node, Tree};
use rustix::io::Errno;

use crate::error::{Error, ErrorKind};
use crate::observe::{Fact, Fault, Kind};
use crate::outputs::directory::Directory;
use crate::project::{Clock, Identity, Roles, Row, join};
use crate::trees::Trees;

pub struct Request<'a> {
    pub trees: &'a Trees,
    pub root: &'a std::os::fd::OwnedFd,
    /// Relative to the project's folder.
    pub folder: &'a str,
    /// `None`: nothing is to be there any more.
    pub tree: Option<Digest>,
    /// The trees that may be there by our own doing.
    pub owned: &'a [Digest],
    /// What the last run's record proves of the files.
    pub known: Known<'a>,
    pub threads: usize,
}

/// Path → row of the last run's record, only those that still hold. The number is the row after the one that was
/// asked for last: files come in the order of the rows.
pub type Known<'a> = &'a (dyn Fn(&str, &mut usize) -> Option<Row> + Sync);

#[derive(Default)]
pub struct Placed {
    pub written: usize,
    pub deleted: usize,
    /// Files that a person had edited, in order.
    pub restored: Vec<String>,
    /// One for each file, link and empty folder of the tree.
    pub rows: Vec<Row>,
}

/// One directory to be made right; its children are queued when it stands.
struct Job {
    parent: Arc<Directory>,
    name: String,
    path: String,
    wanted: Digest,
    owned: Vec<Digest>,
}

struct Work<'a> {
    request: &'a Request<'a>,
    queue: Mutex<(Vec<Job>, usize, Option<Error>)>,
    changed: Condvar,
}

/// The error that names a file which is there, is to be written and was not written by us: before anything is.
pub fn check_free(request: &Request) -> Result<(), Error> {
    let (Some(wanted), top) = (request.tree, open_top(request)?) else {
        return Ok(());
    };
    check_level(request, &top, request.folder, &wanted, request.owned)
}

fn check_level(
    request: &Request,
    directory: &Directory,
    path: &str,
    wanted: &Digest,
    owned: &[Digest],
) -> Result<(), Error> {
    if owned.contains(wanted) {
        return Ok(());
    }
    let tree = request
        .trees
        .tree(wanted)
        .map_err(|fault| lost(path, &fault))?;
    let ours = trees_of(request, owned);
    for (name, node) in tree.entries() {
        let before: Vec<&Node> = of_name(&ours, name.as_str());
        if before.contains(&node) {
            continue;
        }
        let below = join(path, name.as_str());
        let fail = |errno| failed(&below, errno);
        let there = directory.identity(name.as_str()).map_err(fail)?;
        match (there.kind, node) {
            (Kind::Absent, _) => {}
            (Kind::Directory, Node::Directory { digest, .. }) => {
                let inside = directory.open(name.as_str()).map_err(fail)?;
                check_level(request, &inside, &below, digest, &subtrees(&ours, name))?;
            }
            // Placing goes on if nothing is in it.
            (Kind::Directory, _) => {}
            (kind, node) => {
                let (value, executable) = leaf_value(node);
                let is_it = || {
                    kind == leaf_kind(node)
                        && there.executable == executable
                        && directory.value(name.as_str(), kind) == Ok(value)
                };
                if before.is_empty() && !is_it() {
                    return Err(in_the_way(&below));
                }
            }
        }
    }
    Ok(())
}

fn open_top(request: &Request) -> Result<Directory, Error> {
    Directory::open_below(request.root, request.folder).map_err(|errno| match errno {
        Errno::NOTDIR | Errno::LOOP => in_the_way(request.folder),
        errno => failed(request.folder, errno),
    })
}

pub fn place(request: &Request) -> Result<Placed, Error> {
    let mut placed = Placed::default();
    let Some(wanted) = request.tree else {
        take_away(request, &mut placed)?;
        return Ok(placed);
    };
    let top = Arc::new(open_top(request)?);
    let work = Work {
        request,
        queue: Mutex::default(),
        changed: Condvar::new(),
    };
    let children = level(
        request,
        &top,
        request.folder,
        &wanted,
        request.owned,
        &mut placed,
    )?;
    work.push(children);
    let parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..request.threads)
            .map(|_| scope.spawn(|| work.run()))
            .collect();
        let mut parts = vec![work.run()];
        parts.extend(
            others
                .into_iter()
                .map(|part| part.join().expect("placing does not panic")),
        );
        parts
    });
    if let Some(error) = work.queue.into_inner().expect("no panic while locked").2 {
        return Err(error);
    }
    for part in parts {
        placed.written += part.written;
        placed.deleted += part.deleted;
        placed.restored.extend(part.restored);
        placed.rows.extend(part.rows);
    }
    placed.restored.sort();
    Ok(placed)
}

/// Removes all that is ours, and the folder if nothing else is in it. Where something else stands, nothing is ours.
fn take_away(request: &Request, placed: &mut Placed) -> Result<(), Error> {
    let fail = |errno| failed(request.folder, errno);
    match Directory::find_below(request.root, request.folder) {
        Ok(top) => clear(request, &top, request.owned, request.folder, placed)?,
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
        Err(errno) => return Err(fail(errno)),
    }
    Directory::remove_below(request.root, request.folder).map_err(fail)
}

impl Work<'_> {
    fn push(&self, jobs: Vec<Job>) {
        if !jobs.is_empty() {
            self.queue
                .lock()
                .expect("no panic while locked")
                .0
                .extend(jobs);
            self.changed.notify_all();
        }
    }

    fn run(&self) -> Placed {
        let mut placed = Placed::default();
        let mut queue = self.queue.lock().expect("no panic while locked");
        loop {
            if queue.2.is_some() {
                break;
            }
            if let Some(job) = queue.0.pop() {
                queue.1 += 1;
                drop(queue);
                let children = directory(self.request, &job, &mut placed);
                queue = self.queue.lock().expect("no panic while locked");
                queue.1 -= 1;
                match children {
                    Ok(children) => queue.0.extend(children),
                    Err(error) => queue.2 = Some(error),
                }
                self.changed.notify_all();
            } else if queue.1 == 0 {
                break;
            } else {
                queue = self.changed.wait(queue).expect("no panic while locked");
            }
        }
        self.changed.notify_all();
        placed
    }
}

/// Makes the job's own directory, then what is in it.
fn directory(request: &Request, job: &Job, placed: &mut Placed) -> Result<Vec<Job>, Error> {
    let fail = |errno| failed(&job.path, errno);
    let opened = match job.parent.make(&job.name) {
        // What stands there is a file or a link: ours if we had a file or folder of that name.
        Err(Errno::NOTDIR | Errno::LOOP) if !job.owned.is_empty() => {
            job.parent.unlink(&job.name).map_err(fail)?;
            job.parent.make(&job.name)
        }
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(in_the_way(&job.path)),
        other => other,
    };
    let directory = Arc::new(opened.map_err(fail)?);
    level(
        request,
        &directory,
        &job.path,
        &job.wanted,
        &job.owned,
        placed,
    )
}

/// Makes the entries of one directory right but its subdirectories, which it returns.
fn level(
    request: &Request,
    directory: &Arc<Directory>,
    path: &str,
    wanted: &Digest,
    owned: &[Digest],
    placed: &mut Placed,
) -> Result<Vec<Job>, Error> {
    let tree = request
        .trees
        .tree(wanted)
        .map_err(|fault| lost(path, &fault))?;
    let ours = trees_of(request, owned);
    delete_stale(request, directory, path, &tree, &ours, placed)?;
    let mut jobs = Vec::new();
    let mut next = 0;
    for (name, node) in tree.entries() {
        let below = join(path, name.as_str());
        if let Some(row) = (request.known)(&below, &mut next)
            && is_value_of(&row, node)
        {
            placed.rows.push(row);
            continue;
        }
        match node {
            Node::Directory { digest, .. } => {
                let owned = subtrees(&ours, name);
                if request
                    .trees
                    .tree(digest)
                    .map_err(|fault| lost(&below, &fault))?
                    .entries()
                    .is_empty()
                {
                    placed.rows.push(empty_folder(&below));
                }
                jobs.push(Job {
                    parent: directory.clone(),
                    name: name.to_string(),
                    path: below,
                    wanted: *digest,
                    owned,
                });
            }
            Node::Whiteout => {}
            leaf => placed_leaf(request, directory, name, &below, leaf, &ours, placed)?,
        }
    }
    Ok(jobs)
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

fn of_name<'t>(trees: &'t [Arc<Tree>], name: &str) -> Vec<&'t Node> {
    trees.iter().filter_map(|tree| tree.get(name)).collect()
}

/// Whether the file or link of a row that holds is what the node asks for.
fn is_value_of(row: &Row, node: &Node) -> bool {
    leaf_kind(node) == row.identity.kind
        && matches!(row.identity.kind, Kind::File | Kind::Symlink)
        && leaf_value(node) == (row.value, row.identity.executable)
}

fn leaf_kind(node: &Node) -> Kind {
    match node {
        Node::File { .. } => Kind::File,
        Node::Symlink { .. } => Kind::Symlink,
        Node::Directory { .. } => Kind::Directory,
        Node::Whiteout => Kind::Absent,
    }
}

fn leaf_value(node: &Node) -> ([u8; 32], bool) {
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
    let mut stale: HashMap<&str, Vec<&Node>> = HashMap::new();
    for (name, node) in ours.iter().flat_map(|tree| tree.entries()) {
        if tree.get(name.as_str()).is_none() {
            stale.entry(name.as_str()).or_default().push(node);
        }
    }
    for (name, nodes) in stale {
        let below = join(path, name);
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
fn clear(
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
fn trees_of(request: &Request, owned: &[Digest]) -> Vec<Arc<Tree>> {
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

fn subtrees(trees: &[Arc<Tree>], name: &Name) -> Vec<Digest> {
    trees
        .iter()
        .filter_map(|tree| subtree(tree.get(name.as_str())?))
        .collect()
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

fn in_the_way(path: &str) -> Error {
    Error::new(
        ErrorKind::User,
        format!("`{path}` is in the way of an output"),
    )
    .cause("it is there already and was not written by Cofferdam")
    .hint(format!(
        "remove or rename `{path}`, or choose another folder with `writes`"
    ))
}

fn failed(path: &str, errno: Errno) -> Error {
    Error::environment(format!("cannot write the output `{path}`"))
        .cause(std::io::Error::from(errno))
}

fn lost(path: &str, fault: &Fault) -> Error {
    Error::environment(format!("cannot write the output `{path}`"))
        .cause(fault)
        .hint("run again: what the cache lost is made anew")
}

//! Makes a folder hold a tree.

mod check;
mod level;

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex};

use cofferdam_cache::{Digest, Tree};
use rustix::io::Errno;

use crate::error::{Error, ErrorKind};
use crate::observe::Fault;
use crate::outputs::directory::Directory;
use crate::project::Row;
use crate::trees::Trees;

pub use check::check_free;
use level::{clear, folder, leaves, level};

pub struct Request<'a> {
    pub trees: &'a Trees,
    pub root: &'a std::os::fd::OwnedFd,
    /// Relative to the project's folder.
    pub folder: &'a str,
    /// `None`: nothing is to be there any more.
    pub tree: Option<Digest>,
    /// The trees that may be there by our own doing.
    pub owned: &'a [Digest],
    /// The tree that is there in full, as the last run's record proves: what it shares with `tree` is left alone.
    pub standing: Option<Digest>,
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
    /// One for each file, link and empty folder of the tree that the request's `standing` has not just so.
    pub rows: Vec<Row>,
    /// What was there of `standing`, with all below it, and is not any more, or is another kind of thing.
    pub gone: Vec<String>,
}

impl Placed {
    fn add(&mut self, part: Placed) {
        self.written += part.written;
        self.deleted += part.deleted;
        self.restored.extend(part.restored);
        self.rows.extend(part.rows);
        self.gone.extend(part.gone);
    }
}

enum Job {
    /// One directory to be made right; its children are queued when it stands.
    Folder {
        parent: Arc<Directory>,
        name: String,
        path: String,
        wanted: Digest,
        owned: Vec<Digest>,
        standing: Option<Digest>,
    },
    /// Some of a directory's files and links.
    Leaves(Arc<Level>, Range<usize>),
}

/// One directory that is being made right.
struct Level {
    directory: Arc<Directory>,
    path: String,
    wanted: Arc<Tree>,
    /// Those of the trees that may be there by our own doing.
    ours: Vec<Arc<Tree>>,
    standing: Option<Arc<Tree>>,
}

struct Work<'a> {
    request: &'a Request<'a>,
    queue: Mutex<(Vec<Job>, usize, Option<Error>)>,
    changed: Condvar,
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
    let path = request.folder.to_owned();
    let children = level(
        request,
        top,
        path,
        &wanted,
        request.owned,
        request.standing,
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
        placed.add(part);
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
                let children = job.work(self.request, &mut placed);
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

impl Job {
    /// Gives what is to be done next.
    fn work(self, request: &Request, placed: &mut Placed) -> Result<Vec<Job>, Error> {
        match self {
            Job::Folder {
                parent,
                name,
                path,
                wanted,
                owned,
                standing,
            } => {
                let directory = Arc::new(folder(&parent, &name, &path, !owned.is_empty())?);
                level(request, directory, path, &wanted, &owned, standing, placed)
            }
            Job::Leaves(level, range) => {
                leaves(request, &level, range, placed)?;
                Ok(Vec::new())
            }
        }
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

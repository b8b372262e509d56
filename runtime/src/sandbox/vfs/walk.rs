//! From paths to nodes, a component at a time.
//!
//! A path of the guest is relative and never climbs above the directory it starts from: both are
//! `not-permitted`, as WASI says. A symbolic link that is met on the way is resolved in the guest's own
//! root, like on any POSIX system: an absolute one starts at the guest's `/`, `..` may climb as far as
//! there, and nothing but the mounts can be reached. Below a real folder cap-std walks, and never leaves it.

use std::borrow::Cow;

use super::Vfs;
use super::error::{Code, Result};
use super::handle::Handle;
use super::node::{Body, Directory, File, NONE, Node, NodeId, ROOT, Slot, Text, inode_below};
use super::node::{Content, Nodes};
use crate::observe::Kind;

/// Links followed for one path, as in Linux.
const MOST_LINKS: u32 = 40;
const LONGEST_NAME: usize = 255;

/// Where a path ends, its last component not looked up.
pub(super) enum Place<'p> {
    /// The path is `.`, `..` or `/`, or ends so; `up`: with `..`.
    Itself { node: NodeId, up: bool },
    /// `slash`: the path ends with one, so only a directory will do.
    Entry {
        dir: NodeId,
        name: Cow<'p, str>,
        slash: bool,
    },
    /// A path for cap-std, relative to a real folder.
    Host { dir: NodeId, path: String },
    /// One that ends in `.` or `..`, which cap-std would take away.
    HostItself { dir: NodeId, path: String, up: bool },
}

impl Place<'_> {
    fn host(dir: NodeId, path: String) -> Place<'static> {
        match path.trim_end_matches('/').rsplit('/').next() {
            Some("." | "..") => Place::HostItself {
                dir,
                up: path.trim_end_matches('/').ends_with(".."),
                path,
            },
            _ => Place::Host { dir, path },
        }
    }
}

/// What a path leads to.
pub(super) enum Found<'p> {
    Node(NodeId),
    Missing {
        dir: NodeId,
        name: Cow<'p, str>,
        slash: bool,
    },
    Host {
        dir: NodeId,
        path: String,
    },
}

impl Vfs {
    /// Resolves a path of the guest up to its last component.
    pub(super) fn place<'p>(&mut self, dir: &Handle, path: &'p str) -> Result<Place<'p>> {
        self.check_path(path)?;
        self.walk(dir.node, Some(dir.node), path, &mut 0)
    }

    /// Resolves a path of the guest; `follow`: also a symbolic link at its end.
    pub(super) fn find<'p>(
        &mut self,
        dir: &Handle,
        path: &'p str,
        follow: bool,
    ) -> Result<Found<'p>> {
        self.check_path(path)?;
        let mut links = 0;
        let place = self.walk(dir.node, Some(dir.node), path, &mut links)?;
        self.settle(place, follow, &mut links)
    }

    fn check_path(&self, path: &str) -> Result<()> {
        match path.as_bytes() {
            [] => Err(Code::NoEntry.into()),
            [b'/', ..] => Err(Code::NotPermitted.into()),
            bytes if bytes.len() > self.path_length => Err(Code::NameTooLong.into()),
            bytes if bytes.contains(&0) => Err(Code::Invalid.into()),
            _ => Ok(()),
        }
    }

    /// `floor`: the directory above which `..` must not climb. `links` counts the links followed.
    fn walk<'p>(
        &mut self,
        start: NodeId,
        floor: Option<NodeId>,
        path: &'p str,
        links: &mut u32,
    ) -> Result<Place<'p>> {
        let mut rest = path.trim_start_matches('/');
        let mut at = if rest.len() < path.len() { ROOT } else { start };
        if !self.nodes[at].is_directory() {
            return Err(Code::NotDirectory.into());
        }
        let mut up = false;
        while !rest.is_empty() {
            let (name, tail, slash) = match rest.split_once('/') {
                Some((name, tail)) => (name, tail.trim_start_matches('/'), true),
                None => (rest, "", false),
            };
            up = name == "..";
            if up {
                if Some(at) == floor {
                    return Err(Code::NotPermitted.into());
                }
                if self.nodes.directory(at).is_some_and(|dir| dir.removed) {
                    return Err(Code::NoEntry.into());
                }
                at = self.nodes[at].parent;
            } else if name != "." {
                if matches!(self.nodes[at].body, Body::HostDirectory(_)) {
                    return Ok(Place::host(at, rest.to_owned()));
                }
                if tail.is_empty() {
                    let name = Cow::Borrowed(name);
                    return Ok(Place::Entry {
                        dir: at,
                        name,
                        slash,
                    });
                }
                match self.enter(at, name, links)? {
                    Found::Node(node) => at = node,
                    Found::Missing { .. } => return Err(Code::NoEntry.into()),
                    Found::Host { dir, path } => {
                        return Ok(Place::host(dir, format!("{path}/{tail}")));
                    }
                }
            }
            rest = tail;
        }
        Ok(Place::Itself { node: at, up })
    }

    /// A directory on the way.
    fn enter(&mut self, dir: NodeId, name: &str, links: &mut u32) -> Result<Found<'static>> {
        let Some(node) = self.child(dir, name)? else {
            return Err(Code::NoEntry.into());
        };
        match &self.nodes[node].body {
            Body::Symlink(_) => {
                let found = self.follow(dir, node, true, links)?;
                match found {
                    Found::Node(node) if !self.nodes[node].is_directory() => {
                        Err(Code::NotDirectory.into())
                    }
                    found => Ok(found),
                }
            }
            _ if self.nodes[node].is_directory() => Ok(Found::Node(node)),
            _ => Err(Code::NotDirectory.into()),
        }
    }

    /// Looks the last component up, and follows it.
    fn settle<'p>(&mut self, place: Place<'p>, follow: bool, links: &mut u32) -> Result<Found<'p>> {
        let (dir, name, slash) = match place {
            Place::Itself { node, .. } => return Ok(Found::Node(node)),
            Place::Host { dir, path } => return Ok(Found::Host { dir, path }),
            Place::HostItself { dir, mut path, .. } => {
                path.push('/');
                return Ok(Found::Host { dir, path });
            }
            Place::Entry { dir, name, slash } => (dir, name, slash),
        };
        let Some(node) = self.child(dir, &name)? else {
            return Ok(Found::Missing { dir, name, slash });
        };
        if matches!(self.nodes[node].body, Body::Symlink(_)) {
            if !follow && !slash {
                return Ok(Found::Node(node));
            }
            return self.follow(dir, node, slash, links);
        }
        if slash && !self.nodes[node].is_directory() {
            return Err(Code::NotDirectory.into());
        }
        Ok(Found::Node(node))
    }

    /// What the link `node` in `dir` leads to, all links followed.
    fn follow(
        &mut self,
        dir: NodeId,
        node: NodeId,
        slash: bool,
        links: &mut u32,
    ) -> Result<Found<'static>> {
        *links += 1;
        if *links > MOST_LINKS {
            return Err(Code::Loop.into());
        }
        let text = self.link_text(node)?;
        if text.is_empty() || text.as_bytes().contains(&0) {
            return Err(Code::NoEntry.into());
        }
        let mut place = self.walk(dir, None, &text, links)?;
        match &mut place {
            Place::Entry { slash: ends, .. } => *ends |= slash,
            Place::Host { path, .. } if slash => path.push('/'),
            _ => {}
        }
        Ok(match self.settle(place, true, links)? {
            Found::Missing { dir, name, slash } => Found::Missing {
                dir,
                name: Cow::Owned(name.into_owned()),
                slash,
            },
            Found::Node(node) => Found::Node(node),
            Found::Host { dir, path } => Found::Host { dir, path },
        })
    }

    pub(super) fn link_text(&mut self, node: NodeId) -> Result<std::sync::Arc<str>> {
        match &self.nodes[node].body {
            Body::Symlink(Text::Own(text)) => Ok(text.clone()),
            Body::Symlink(Text::Below(seen)) => Ok(self.sight.link(*seen)?),
            _ => Err(Code::Invalid.into()),
        }
    }

    /// What a directory, not a real one, has under a name.
    pub(super) fn child(&mut self, dir: NodeId, name: &str) -> Result<Option<NodeId>> {
        if name.len() > LONGEST_NAME {
            return Err(Code::NameTooLong.into());
        }
        match &self.nodes[dir].body {
            Body::Above(names) => {
                let found = names.iter().find(|(entry, _)| **entry == *name);
                Ok(found.map(|(_, node)| *node))
            }
            Body::Directory(directory) => match directory.names.get(name) {
                Some(slot) => Ok(Some(slot.node).filter(|node| *node != NONE)),
                None if directory.layers.is_empty() => Ok(None),
                None => self.look_below(dir, name),
            },
            _ => Err(Code::NotDirectory.into()),
        }
    }

    /// Asks the layers of a directory for a name, topmost first, down to one that hides those below it.
    fn look_below(&mut self, dir: NodeId, name: &str) -> Result<Option<NodeId>> {
        let mut merged = Vec::new();
        let mut body = None;
        for index in 0.. {
            let layers = self.nodes.directory(dir).map(|dir| &*dir.layers);
            let Some(&layer) = layers.unwrap_or(&[]).get(index) else {
                break;
            };
            let seen = self.sight.child(layer, name)?;
            body = match self.sight.kind(seen) {
                Kind::Absent => continue,
                Kind::Directory => {
                    merged.push(seen);
                    continue;
                }
                Kind::File => Some(Body::File(File {
                    content: Content::below(seen),
                    charged: 0,
                })),
                Kind::Symlink => Some(Body::Symlink(Text::Below(seen))),
                Kind::Other => Some(Body::Other),
            };
            break;
        }
        // A file below a directory is hidden by it.
        if !merged.is_empty() {
            body = Some(Body::Directory(Directory {
                layers: merged,
                ..Directory::default()
            }));
        }
        let mut slot = Slot {
            node: NONE,
            below: Kind::Absent,
            made: false,
        };
        if let Some(body) = body {
            slot.node = add_below(&mut self.nodes, dir, name, body);
            slot.below = self.nodes[slot.node].kind();
        }
        if let Some(directory) = self.nodes.directory_mut(dir) {
            directory.names.insert(name.into(), slot);
        }
        Ok(Some(slot.node).filter(|node| *node != NONE))
    }
}

fn add_below(nodes: &mut Nodes, dir: NodeId, name: &str, body: Body) -> NodeId {
    let (inode, mount) = (inode_below(nodes[dir].inode, name), nodes[dir].mount);
    nodes.add(Node {
        inode,
        links: 1,
        opens: 0,
        parent: dir,
        mount,
        body,
    })
}

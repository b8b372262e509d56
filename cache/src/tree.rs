//! Merkle directories.

use std::fmt;

use crate::Digest;
use crate::codec::{CodecError, put_bytes, put_digest, take_digest, take_text};

/// A file name: UTF-8, not empty, not `.` or `..`, without `/` and NUL, at most 255 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(Box<str>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be a file name")]
pub struct NameError(pub String);

impl Name {
    pub fn new(text: &str) -> Result<Name, NameError> {
        let bad = text.is_empty()
            || text == "."
            || text == ".."
            || text.len() > 255
            || text.bytes().any(|byte| byte == b'/' || byte == 0);
        if bad {
            return Err(NameError(text.to_owned()));
        }
        Ok(Name(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a name stands for in a [`Tree`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    File {
        digest: Digest,
        executable: bool,
    },
    /// The digest of the encoded [`Tree`].
    Directory {
        digest: Digest,
        opaque: bool,
    },
    Symlink {
        target: Box<str>,
    },
    /// In a layer: the name of the layer below is gone.
    Whiteout,
}

/// One directory: names in byte order, each once.
///
/// A tree that holds a [`Node::Whiteout`] or an opaque directory (one that hides the directory
/// below instead of merging with it) is a layer: a delta to lay over another tree.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    entries: Vec<(Name, Node)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    #[error("a tree's bytes end too early")]
    Truncated,
    #[error("a tree of format {0}: this version reads format 1")]
    Version(u8),
    #[error("a tree's names are not sorted: `{0}`")]
    Order(String),
    #[error("a tree holds an entry of unknown kind {0}")]
    Kind(u8),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("a tree holds text that is not UTF-8")]
    Utf8,
}

impl From<CodecError> for TreeError {
    fn from(error: CodecError) -> TreeError {
        match error {
            CodecError::Truncated => TreeError::Truncated,
            CodecError::Utf8 => TreeError::Utf8,
        }
    }
}

const FORMAT: u8 = 1;

impl Tree {
    /// Sorts the entries; a name that comes twice is an error.
    pub fn new(mut entries: Vec<(Name, Node)>) -> Result<Tree, TreeError> {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        match entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(TreeError::Order(pair[0].0.to_string())),
            None => Ok(Tree { entries }),
        }
    }

    pub fn entries(&self) -> &[(Name, Node)] {
        &self.entries
    }

    pub fn get(&self, name: &str) -> Option<&Node> {
        let index = self
            .entries
            .binary_search_by(|(entry, _)| entry.as_str().cmp(name))
            .ok()?;
        Some(&self.entries[index].1)
    }

    /// The canonical bytes: format version, then for each entry its kind, name and value
    /// (see docs/cache-format.md). Equal trees have equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.entries.len() * 64);
        bytes.push(FORMAT);
        for (name, node) in &self.entries {
            let kind = match node {
                Node::File { executable, .. } => u8::from(*executable),
                Node::Directory { opaque, .. } => 2 + u8::from(*opaque),
                Node::Symlink { .. } => 4,
                Node::Whiteout => 5,
            };
            bytes.push(kind);
            put_bytes(&mut bytes, name.as_str().as_bytes());
            match node {
                Node::File { digest, .. } | Node::Directory { digest, .. } => {
                    put_digest(&mut bytes, digest);
                }
                Node::Symlink { target } => put_bytes(&mut bytes, target.as_bytes()),
                Node::Whiteout => {}
            }
        }
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Tree, TreeError> {
        let (&version, mut rest) = bytes.split_first().ok_or(TreeError::Truncated)?;
        if version != FORMAT {
            return Err(TreeError::Version(version));
        }
        let mut entries: Vec<(Name, Node)> = Vec::new();
        while let Some((&kind, tail)) = rest.split_first() {
            rest = tail;
            let name = Name::new(take_text(&mut rest)?)?;
            let node = match kind {
                0 | 1 => Node::File {
                    digest: take_digest(&mut rest)?,
                    executable: kind == 1,
                },
                2 | 3 => Node::Directory {
                    digest: take_digest(&mut rest)?,
                    opaque: kind == 3,
                },
                4 => Node::Symlink {
                    target: take_text(&mut rest)?.into(),
                },
                5 => Node::Whiteout,
                other => return Err(TreeError::Kind(other)),
            };
            if entries.last().is_some_and(|(last, _)| *last >= name) {
                return Err(TreeError::Order(name.to_string()));
            }
            entries.push((name, node));
        }
        Ok(Tree { entries })
    }
}

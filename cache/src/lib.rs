//! Content-addressed storage: digests, trees, blobs and the action cache.
//! Knows nothing of builds.

mod digest;
mod tree;

pub use digest::{Digest, Key};
pub use tree::{Name, NameError, Node, Tree, TreeError};

//! Content-addressed storage: digests, trees, blobs and the action cache.
//! Knows nothing of builds.

#![forbid(unsafe_code)]

mod codec;
mod digest;
mod store;
mod tree;

pub use digest::{Digest, Key};
pub use store::{
    ActionResult, Batch, BlobReader, Damage, GcOptions, GcReport, Lease, ResultError, Root, Stats,
    Store, StoreError, VerifyReport,
};
pub use tree::{Name, NameError, Node, Tree, TreeError};

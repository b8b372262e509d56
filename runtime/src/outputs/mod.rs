//! Written outputs: trees of the store as files below the project's folder.
//!
//! Each written folder has an entry in the project's [`Manifest`]: the trees whose files are ours there. Files
//! no longer produced are deleted, edited ones restored, files that are not ours never touched.

mod directory;
mod manifest;
mod place;

pub use directory::Directory;
pub use manifest::Manifest;
pub use place::{Placed, Request, check_free, place};

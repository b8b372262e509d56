//! Trees in the store, as executions see them and as outputs are put together.

mod cached;
mod layered;
mod union;

pub use cached::{StoredTree, Trees};
pub use layered::LayeredTree;
pub use union::{Change, union};

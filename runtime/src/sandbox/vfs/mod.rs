//! The file system that a guest sees. Knows nothing of wasmtime: `wasi/` serves it to components.

mod layout;

pub use layout::{Built, BuiltFile, BuiltNode, Delta, Layout, LowerId, Mount, MountKind, Quotas};

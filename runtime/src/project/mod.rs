//! The project's folder: what is in it, what of it an action sees, and what is remembered of it.

mod folder;
mod identity;
mod rows;
mod source;
mod sweep;
mod table;

pub use folder::{Folder, join};
pub use identity::{Clock, Identity};
pub use rows::{RawRow, Roles, Row, Rows};
pub use source::SourceTree;
pub use sweep::{Swept, sweep};
pub use table::FileTable;

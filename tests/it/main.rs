//! Everything a user sees, one file per story.

mod bindings;
mod guide;

//! Pictures of how actions hang together.

mod dot;
mod drawing;
mod layout;
mod svg;
mod tree;

pub use dot::dot;
pub use drawing::{Drawing, Item};
pub use svg::svg;
pub use tree::tree;

#[cfg(test)]
mod tests;

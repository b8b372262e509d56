//! What `wit/plugin.wit` says, as Rust. Generated, but for this file: the test `bindings` of the
//! repository's `tests` crate compares them with the contract and, with `UPDATE=1`, writes them.
// The generator does not know our lints and formats by itself.
#![allow(
    unreachable_pub,
    unused_imports,
    missing_docs,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::cast_lossless,
    clippy::semicolon_if_nothing_returned
)]

#[rustfmt::skip]
pub mod action;
#[rustfmt::skip]
pub mod deployer;
#[rustfmt::skip]
pub mod planner;
#[rustfmt::skip]
pub mod shared;
#[rustfmt::skip]
pub mod suite;

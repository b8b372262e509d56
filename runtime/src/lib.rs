//! The build runtime, in the order data passes: config → plan → sandbox → execute → schedule → report.
//! It prints nothing and reads neither arguments nor environment: it returns data and events.

pub mod config;
pub mod error;
pub mod event;
pub mod init;
pub mod observe;
pub mod sandbox;

pub use error::{Error, ErrorKind, Position};

//! The build runtime, in the order data passes: config → plan → sandbox → execute → schedule → report.
//! It prints nothing and reads neither arguments nor environment: it returns data and events.

pub mod components;
pub mod config;
pub mod deploy;
pub mod error;
pub mod event;
mod execute;
pub mod init;
pub mod inspect;
pub mod observe;
mod outputs;
mod plan;
mod project;
mod record;
pub mod run;
pub mod sandbox;
mod schedule;
mod trees;

pub use error::{Error, ErrorKind, Position};
pub use event::{Event, Events, Level, LogLine, Summary};
pub use plan::Builtin;
pub use run::{OpenOptions, RunOptions, run};
pub use sandbox::Cancel;

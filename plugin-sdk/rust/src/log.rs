//! Lines for the user, stored with the result and shown again when it comes from the cache.

pub use crate::bindings::shared::cofferdam::plugin::log::Level;

pub fn debug(message: &str) {
    with_fields(Level::Debug, message, &[]);
}

pub fn info(message: &str) {
    with_fields(Level::Info, message, &[]);
}

pub fn warn(message: &str) {
    with_fields(Level::Warn, message, &[]);
}

pub fn error(message: &str) {
    with_fields(Level::Error, message, &[]);
}

/// A line with names and values that machines can read.
pub fn with_fields(level: Level, message: &str, fields: &[(&str, &str)]) {
    #[cfg(target_family = "wasm")]
    {
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        crate::bindings::shared::cofferdam::plugin::log::log(level, message, &fields);
    }
    #[cfg(not(target_family = "wasm"))]
    eprintln!("{level:?}: {message} {fields:?}");
}

/// How far a long execution is. Shown, never stored.
pub fn progress(done: u64, total: Option<u64>, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::shared::cofferdam::plugin::progress::report(done, total, message);
    #[cfg(not(target_family = "wasm"))]
    let _ = (done, total, message);
}

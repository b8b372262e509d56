//! How things are written for people: colours, numbers, errors, what guests said.

mod errors;
mod guest;
mod numbers;
mod paint;

pub use errors::{Sources, errors};
pub use guest::{guest_line, guest_text};
pub use numbers::{date, duration, parse_size, size};
pub use paint::{Paint, Tone, cut, width};

/// The column at which a line's verb ends.
pub const VERB: usize = 12;

/// `      Cached rest`
pub fn line(paint: Paint, tone: Tone, verb: &str, rest: &str) -> String {
    let padding = " ".repeat(VERB.saturating_sub(verb.len()));
    format!("{padding}{} {rest}", paint.tone(tone, verb))
}

//! Lines for people. A reader that goes away is no error, so this never fails as `eprintln!` does.

use std::io::Write;

use crate::arguments::Global;
use crate::report::stderr_paint;
use crate::text::{Tone, line};

/// Whole lines, or a question.
pub fn tell(text: &str) {
    // Nobody can be told that stderr is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// `       Wrote cofferdam.lock`, unless only errors are asked for.
pub fn say(global: &Global, tone: Tone, verb: &str, rest: &str) {
    if !global.quiet {
        tell(&format!(
            "{}\n",
            line(stderr_paint(global), tone, verb, rest)
        ));
    }
}

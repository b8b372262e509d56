//! A panic is a bug of ours: it says so, says how to report it, and ends with its own exit code.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

use crate::exit::Exit;

/// From any thread, whether panics unwind or abort.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let text = message(panic, &backtrace);
        // Nobody can be told that stderr is closed.
        let _ = std::io::stderr().write_all(text.as_bytes());
        std::process::exit(i32::from(Exit::Bug.code()));
    }));
}

fn message(panic: &PanicHookInfo<'_>, backtrace: &Backtrace) -> String {
    let what = panic
        .payload_as_str()
        .unwrap_or("a panic without a message");
    let place = panic
        .location()
        .map(|location| format!("\n  at: {location}"))
        .unwrap_or_default();
    let thread = std::thread::current()
        .name()
        .unwrap_or("unnamed")
        .to_owned();
    let (version, repository) = (env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_REPOSITORY"));
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    let more = match backtrace.status() {
        BacktraceStatus::Captured => format!("\n{backtrace}"),
        _ => "hint: with `RUST_BACKTRACE=1` it shows where it happened\n".to_owned(),
    };
    format!(
        "error: this is a bug in cofferdam: {what}{place}\n  version: {version}, {system} {machine}, thread `{thread}`\n\n\
         hint: what is in the cache is whole; please report this at {repository}/issues\n{more}"
    )
}

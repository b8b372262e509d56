//! A panic is a bug of ours: it says so, says how to report it, and ends with its own exit code.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

use crate::exit::Exit;
use crate::stderr::tell;

/// From any thread, whether panics unwind or abort.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let text = message(panic, &backtrace);
        tell(&text);
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// Set where this test runs itself again, to crash there.
    const CRASH: &str = "COFFERDAM_TEST_CRASH";

    #[test]
    fn a_panic_says_how_to_report_it() {
        if std::env::var_os(CRASH).is_some() {
            super::install();
            std::thread::spawn(|| panic!("the roof leaks"))
                .join()
                .unwrap();
        }
        let test = [
            "--exact",
            "crash::tests::a_panic_says_how_to_report_it",
            "--nocapture",
        ];
        let crashed = Command::new(std::env::current_exe().unwrap())
            .args(test)
            .env(CRASH, "1")
            .output()
            .unwrap();
        let told = String::from_utf8(crashed.stderr).unwrap();
        assert_eq!(crashed.status.code(), Some(101));
        assert!(
            told.contains(
                "error: this is a bug in cofferdam: the roof leaks\n  at: cli/src/crash.rs:"
            ),
            "{told}"
        );
        assert!(told.contains("/issues\n"), "{told}");
        assert_eq!(
            told.matches("error:").count(),
            1,
            "one crash, one report: {told}"
        );
    }
}

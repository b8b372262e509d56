//! What a trap tells of the guest's fault.

use wasmtime::WasmBacktrace;

/// Whether a guest ran out of the stack that its compiler keeps in linear memory. It begins at address 0 and grows
/// down, so the access that fails is one just below 0, in many calls.
pub(super) fn is_below_stack(error: &wasmtime::Error) -> bool {
    const BELOW: u64 = 16 << 20;
    const DEEP: usize = 20;
    let text = format!("{error:?}");
    let address = text.split_once("wasm address 0x").and_then(|(_, rest)| {
        let digits = rest
            .split(|digit: char| !digit.is_ascii_hexdigit())
            .next()?;
        u64::from_str_radix(digits, 16).ok()
    });
    let calls = error
        .downcast_ref::<WasmBacktrace>()
        .map_or(0, |backtrace| backtrace.frames().len());
    calls >= DEEP && address.is_some_and(|address| address >= (1 << 32) - BELOW)
}

/// What a guest wrote to stderr when it panicked, if it did: from the last such line to the end.
pub(super) fn panic_message(stderr: &[u8]) -> Option<String> {
    const LINES: usize = 20;
    let tail = &stderr[stderr.len().saturating_sub(16 << 10)..];
    let text = String::from_utf8_lossy(tail);
    let start = [" panicked at ", "panic: ", "fatal error: "]
        .iter()
        .filter_map(|mark| text.rfind(mark))
        .max()?;
    let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let lines = text[line..].trim_end().lines();
    let told = lines.filter(|line| !line.starts_with("note: run with `RUST_BACKTRACE"));
    Some(told.take(LINES).collect::<Vec<_>>().join("\n"))
}

/// A line a frame, innermost first, names demangled; of a panic of Rust, from the function that panicked.
pub(super) fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    let text = backtrace.to_string();
    // `3: 0x1f2 - module!name`, below a heading.
    let frames = text.lines().skip(1).map(|line| {
        let name = line.split_once(" - ").map_or(line, |(_, name)| name);
        let name = name.split_once(".wasm!").map_or(name, |(_, name)| name);
        let name = name.strip_prefix("<unknown>!").unwrap_or(name);
        without_hashes(name.trim())
    });
    let mut frames: Vec<String> = frames.collect();
    let panicking = |name: &String| {
        name.starts_with("core::panicking::") || name.ends_with("rust_begin_unwind")
    };
    if let Some(last) = frames.iter().rposition(panicking) {
        frames.drain(..=last);
    }
    frames
}

/// `std[d123b7a1a2ed1472]::fs::read` and `std::fs::read::h0123456789abcdef` as `std::fs::read`.
fn without_hashes(name: &str) -> String {
    let is_hash =
        |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut clean = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find('[') {
        let hash = rest.get(start + 1..start + 17).filter(|hash| is_hash(hash));
        let end = match hash {
            Some(_) if rest[start + 17..].starts_with(']') => start + 18,
            _ => start + 1,
        };
        clean.push_str(&rest[..if end == start + 18 { start } else { end }]);
        rest = &rest[end..];
    }
    clean.push_str(rest);
    match clean.rsplit_once("::h") {
        Some((name, hash)) if is_hash(hash) => name.to_owned(),
        _ => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_hashes_only() {
        for (name, clean) in [
            (
                "std[d123b7a1a2ed1472]::fs::read::<core[6d9e98711c484d2e]::Path>",
                "std::fs::read::<core::Path>",
            ),
            ("probe::recurse::hfd5ad3d1f9f7d26f", "probe::recurse"),
            ("<[u8] as a::b>::h", "<[u8] as a::b>::h"),
            ("f[0123456789abcdef", "f[0123456789abcdef"),
            ("main.main", "main.main"),
        ] {
            assert_eq!(without_hashes(name), clean);
        }
    }

    #[test]
    fn a_panic_is_found_at_the_end_of_stderr() {
        let told = |text: &str| panic_message(text.as_bytes());
        let rust = "working\n\nthread 'main' (1) panicked at src/a.rs:1:2:\nboom\nnote: run with `RUST_BACKTRACE=1`\n";
        assert_eq!(
            told(rust).as_deref(),
            Some("thread 'main' (1) panicked at src/a.rs:1:2:\nboom")
        );
        assert_eq!(
            told("x\npanic: oh\n\ngoroutine 1").as_deref(),
            Some("panic: oh\n\ngoroutine 1")
        );
        assert_eq!(told("all is well"), None);
    }
}

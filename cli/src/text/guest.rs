//! What guests printed, made fit for a terminal: a sandboxed action must not move the cursor, set titles or
//! write to the clipboard of who watches it.

use crate::text::Paint;

/// Text of many lines: keeps line breaks, tabs and, where colours are on, colours.
pub fn guest_text(paint: Paint, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut coloured = false;
    let mut rest = text.as_ref();
    while let Some(char) = rest.chars().next() {
        if char == '\x1b' {
            let length = escape_length(rest);
            let sequence = &rest[..length];
            if paint.0 && is_colour(sequence) {
                out.push_str(sequence);
                coloured = true;
            }
            rest = &rest[length..];
            continue;
        }
        if matches!(char, '\n' | '\t') || !(char.is_control() || is_reordering(char)) {
            out.push(char);
        }
        rest = &rest[char.len_utf8()..];
    }
    if coloured {
        out.push_str("\x1b[0m");
    }
    out
}

/// One line: breaks become spaces.
pub fn guest_line(text: &str) -> String {
    guest_text(Paint::OFF, text.as_bytes()).replace(['\n', '\t'], " ")
}

/// How many bytes the escape sequence at the start takes (ECMA-48: CSI, strings ended by BEL or ST, two bytes).
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let after = |at: Option<usize>, length: usize| at.map_or(bytes.len(), |at| at + length);
    match bytes.get(1) {
        Some(b'[') => after(
            bytes[2..]
                .iter()
                .position(|byte| (0x40..=0x7e).contains(byte))
                .map(|at| at + 2),
            1,
        ),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let bell = text.find('\x07').map(|at| at + 1);
            let terminator = text.find("\x1b\\").map(|at| at + 2);
            bell.into_iter()
                .chain(terminator)
                .min()
                .unwrap_or(bytes.len())
        }
        Some(byte) if byte.is_ascii() => 2,
        _ => 1,
    }
}

fn is_colour(sequence: &str) -> bool {
    let body = sequence
        .strip_prefix("\x1b[")
        .and_then(|rest| rest.strip_suffix('m'));
    body.is_some_and(|body| {
        body.bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'))
    })
}

/// Characters that change the order in which others are shown.
fn is_reordering(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_pass() {
        let text = b"a\x1b[31mred\x1b[0m \x1b]0;title\x07b\x1b]52;c;AAAA\x1b\\c\x1b[2J\x1b[1Ad\re\n\tf\xff\x1b";
        assert_eq!(guest_text(Paint::OFF, text), "ared bcde\n\tf\u{fffd}");
        assert_eq!(
            guest_text(Paint(true), text),
            "a\x1b[31mred\x1b[0m bcde\n\tf\u{fffd}\x1b[0m"
        );
    }

    #[test]
    fn unended_sequences_end_with_the_text() {
        assert_eq!(guest_text(Paint::OFF, b"a\x1b[31"), "a");
        assert_eq!(guest_text(Paint::OFF, b"a\x1b]0;title"), "a");
        assert_eq!(
            guest_text(Paint::OFF, "a\x1b\u{e9}b".as_bytes()),
            "a\u{e9}b"
        );
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(guest_line("a\nb\tc\u{202e}d"), "a b cd");
    }
}

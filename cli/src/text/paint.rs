//! Colours, and how wide text is.

use crate::arguments::When;

/// Whether to colour. Nothing is said by colour alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint(pub bool);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Done now.
    Good,
    /// As it was.
    Calm,
    Warning,
    Bad,
    Dim,
    Strong,
}

impl Paint {
    pub const OFF: Paint = Paint(false);

    /// `variable` looks an environment variable up; `terminal` is whether someone watches.
    pub fn decide(when: When, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Paint {
        Paint(match when {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = variable("TERM").is_some_and(|value| value == "dumb");
                terminal && !refused && !dumb
            }
        })
    }

    pub fn tone(self, tone: Tone, text: &str) -> String {
        if !self.0 || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "1;32",
            Tone::Calm => "1;36",
            Tone::Warning => "1;33",
            Tone::Bad => "1;31",
            Tone::Dim => "2",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// How many columns a terminal gives a text without escape sequences: two for what East Asian scripts and
/// pictures take, none for combining marks. An estimate for layout: lines are cut by the terminal itself.
pub fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

pub fn char_width(char: char) -> usize {
    match u32::from(char) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// What fits into so many columns; an ellipsis shows that there was more.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let mut out: String = text
        .chars()
        .take_while(|char| {
            let fits = char_width(*char) <= left;
            left = left.saturating_sub(char_width(*char));
            fits
        })
        .collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(when: When, terminal: bool, variables: &[(&str, &str)]) -> bool {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Paint::decide(when, terminal, variable).0
    }

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        assert!(decide(When::Auto, true, &[("TERM", "xterm")]));
        assert!(decide(When::Auto, true, &[("NO_COLOR", "")]));
        assert!(!decide(When::Auto, false, &[]));
        assert!(!decide(When::Auto, true, &[("NO_COLOR", "1")]));
        assert!(!decide(When::Auto, true, &[("TERM", "dumb")]));
        assert!(decide(When::Always, false, &[("NO_COLOR", "1")]));
        assert!(!decide(When::Never, true, &[]));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("pages:a.md"), 10);
        assert_eq!(width("日本.md"), 7);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(cut("日本.md", 7), "日本.md");
        assert_eq!(cut("日本.md", 4), "日…");
    }
}

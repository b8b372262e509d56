//! One pass over code, guided by a language's row of the table.

use super::languages::{Language, Mark, Quotes};
use super::{Class, Html};

pub(super) fn scan(language: &Language, code: &str, html: &mut Html) {
    let mut scanner = Scanner {
        language,
        code,
        at: 0,
        is_command: true,
    };
    while scanner.at < code.len() {
        let (class, length) = scanner.next();
        let piece = &code[scanner.at..scanner.at + length];
        scanner.is_command = scanner.is_command_after(piece);
        html.push(class, piece);
        scanner.at += length;
    }
}

struct Scanner<'a> {
    language: &'a Language,
    code: &'a str,
    at: usize,
    /// Whether a shell's command may begin here.
    is_command: bool,
}

impl Scanner<'_> {
    /// The class of what begins here, and how many bytes of it; at least one character.
    fn next(&self) -> (Class, usize) {
        let rest = &self.code[self.at..];
        let first = rest.chars().next().expect("called before the end");
        if first.is_whitespace() {
            return (Class::Plain, first.len_utf8());
        }
        let found = self
            .comment(rest)
            .or_else(|| self.raw_string(rest))
            .or_else(|| self.mark(rest))
            .or_else(|| self.string(rest));
        if let Some(found) = found {
            return found;
        }
        match first {
            '0'..='9' => (Class::Number, number(rest)),
            _ if is_name_start(first) => self.name(rest),
            _ => (Class::Plain, first.len_utf8()),
        }
    }

    fn comment(&self, rest: &str) -> Option<(Class, usize)> {
        let language = self.language;
        if let Some((open, close)) = language.block_comment
            && rest.starts_with(open)
        {
            let nested = language.has(Mark::NestedComments);
            return Some((Class::Comment, block(rest, open, close, nested)));
        }
        let starts = language
            .line_comments
            .iter()
            .any(|open| rest.starts_with(open));
        // In a shell or YAML, `a#b` is a word.
        let stands_free = !rest.starts_with('#') || self.before().is_none_or(char::is_whitespace);
        (starts && stands_free).then(|| (Class::Comment, rest.find('\n').unwrap_or(rest.len())))
    }

    /// `r"…"`, `r#"…"#`, `br##"…"##`.
    fn raw_string(&self, rest: &str) -> Option<(Class, usize)> {
        if !self.language.has(Mark::RawStrings) || self.before().is_some_and(is_name) {
            return None;
        }
        let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
        let hashes = after.len() - after.trim_start_matches('#').len();
        let open = rest.len() - after.len() + hashes + 1;
        after[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let length = rest[open..]
            .find(&close)
            .map_or(rest.len(), |end| open + end + close.len());
        Some((Class::String, length))
    }

    fn string(&self, rest: &str) -> Option<(Class, usize)> {
        let quotes = self
            .language
            .strings
            .iter()
            .find(|quotes| rest.starts_with(quotes.open))?;
        let length = string(rest, quotes);
        let after = rest[length..].trim_start_matches(' ');
        match self.language.has(Mark::ColonKeys)
            && after.starts_with(':')
            && !after.starts_with("::")
        {
            true => Some((Class::Property, length)),
            false => Some((Class::String, length)),
        }
    }

    /// What only this language has.
    fn mark(&self, rest: &str) -> Option<(Class, usize)> {
        let has = |mark| self.language.has(mark);
        let name_after = |skip: usize| skip + name(&rest[skip..], has(Mark::Dashes));
        let starts_line = self.code[..self.at]
            .trim_end_matches([' ', '\t'])
            .ends_with('\n')
            || self.code[..self.at].trim().is_empty();
        match rest.as_bytes()[0] {
            b'#' if has(Mark::Attributes)
                && (rest.starts_with("#[") || rest.starts_with("#![")) =>
            {
                Some((
                    Class::Meta,
                    rest.find(']').map_or(rest.len(), |end| end + 1),
                ))
            }
            b'#' if has(Mark::Directives) && starts_line => Some((Class::Meta, name_after(1))),
            b'@' if has(Mark::Decorators) => Some((Class::Meta, name_after(1))),
            b'[' if has(Mark::Sections) && starts_line => {
                let line = rest.lines().next().unwrap_or_default();
                let end = line.rfind(']').map_or(1, |end| end + 1);
                Some((Class::Type, end))
            }
            b'$' if has(Mark::Dollars) => Some(match rest.strip_prefix("${") {
                Some(inner) => (
                    Class::Variable,
                    inner.find('}').map_or(rest.len(), |end| end + 3),
                ),
                None => (Class::Variable, name_after(1)),
            }),
            b'\'' if has(Mark::Lifetimes) => Some(quote(rest)),
            b'-' if has(Mark::Commands) && self.before().is_none_or(char::is_whitespace) => Some((
                Class::Property,
                rest.find(|end: char| end.is_whitespace() || end == '=')
                    .unwrap_or(rest.len()),
            )),
            _ => None,
        }
    }

    fn name(&self, rest: &str) -> (Class, usize) {
        let language = self.language;
        let has = |mark| language.has(mark);
        let length = name(rest, has(Mark::Dashes));
        let (word, after) = rest.split_at(length);
        let near = after.trim_start_matches([' ', '\t']);
        let is_in = |words: &str| {
            words.split(' ').any(|listed| match has(Mark::AnyCase) {
                true => listed.eq_ignore_ascii_case(word),
                false => listed == word,
            })
        };
        let is_colon_key = after.starts_with(':') && !after.starts_with("::");
        let is_member = self.before() == Some('.');
        let is_key = (has(Mark::ColonKeys) && is_colon_key && !is_member)
            || (has(Mark::EqualsKeys) && self.is_equals_key(near));
        let class = if is_key {
            Class::Property
        } else if is_in(language.keywords) && !is_member {
            Class::Keyword
        } else if is_in(language.constants) && !is_member {
            Class::Number
        } else if has(Mark::Macros) && after.starts_with('!') && !after.starts_with("!=") {
            return (Class::Meta, length + 1);
        } else if has(Mark::Calls) && after.starts_with('(') {
            Class::Function
        } else if has(Mark::Capitals) && word.starts_with(char::is_uppercase) {
            Class::Type
        } else if has(Mark::Commands) && self.is_command {
            match after.starts_with('=') {
                true => Class::Variable,
                false => Class::Function,
            }
        } else {
            Class::Plain
        };
        (class, length)
    }

    /// `a = `, and the `a` of `a.b = `.
    fn is_equals_key(&self, near: &str) -> bool {
        let near =
            near.trim_start_matches(|part: char| part == '.' || is_name(part) || part == '-');
        let near = near.trim_start_matches([' ', '\t']);
        let line = self.code[..self.at].rsplit('\n').next().unwrap_or_default();
        let is_left = !line.contains('=') || line.contains('{');
        is_left && near.starts_with('=') && !near.starts_with("==")
    }

    /// The character before this place.
    fn before(&self) -> Option<char> {
        self.code[..self.at].chars().next_back()
    }

    fn is_command_after(&self, piece: &str) -> bool {
        match piece {
            "\n" | "|" | ";" | "&" | "(" | "`" | "then" | "do" | "else" => true,
            " " | "\t" => self.is_command,
            _ => false,
        }
    }
}

fn is_name_start(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn name(rest: &str, dashes: bool) -> usize {
    rest.find(|part: char| !(is_name(part) || (dashes && part == '-')))
        .unwrap_or(rest.len())
}

/// `0x1f`, `1_000`, `1.5e3`, `10px`; the dots of `1..2` are not part of it.
fn number(rest: &str) -> usize {
    let mut length = 0;
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        let is_point = character == '.' && characters.peek().is_some_and(char::is_ascii_digit);
        if !is_name(character) && !is_point {
            break;
        }
        length += character.len_utf8();
    }
    length
}

/// With its quotes; one that is not closed ends with its line or with the code.
fn string(rest: &str, quotes: &Quotes) -> usize {
    let mut at = quotes.open.len();
    while let Some(character) = rest[at..].chars().next() {
        if rest[at..].starts_with(quotes.close) {
            return at + quotes.close.len();
        }
        if character == '\n' && !quotes.lines {
            return at;
        }
        at += character.len_utf8();
        if character == '\\' && quotes.escapes {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    at
}

fn block(rest: &str, open: &str, close: &str, nested: bool) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(character) = rest[at..].chars().next() {
        if rest[at..].starts_with(close) {
            at += close.len();
            depth -= 1;
            if depth == 0 {
                return at;
            }
        } else if rest[at..].starts_with(open) && (depth == 0 || nested) {
            at += open.len();
            depth += 1;
        } else {
            at += character.len_utf8();
        }
    }
    at
}

/// `'c'` and `'\n'` are strings, `'name` is a lifetime.
fn quote(rest: &str) -> (Class, usize) {
    let inner = &rest[1..];
    if inner.starts_with('\\') {
        let end = inner.char_indices().skip(2).find(|(_, part)| *part == '\'');
        return (
            Class::String,
            end.map_or(rest.len(), |(index, _)| index + 2),
        );
    }
    let first = inner.chars().next().map_or(0, char::len_utf8);
    match inner[first..].starts_with('\'') {
        true => (Class::String, first + 2),
        false => (Class::Type, 1 + name(inner, false)),
    }
}

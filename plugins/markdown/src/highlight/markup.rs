//! HTML and its relatives.

use super::{Class, Html};

pub(super) fn scan(code: &str, html: &mut Html) {
    let mut rest = code;
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        html.push(Class::Plain, text);
        rest = match () {
            () if after.starts_with("<!--") => until(after, "-->", Class::Comment, html),
            () if after.starts_with("<!") || after.starts_with("<?") => {
                until(after, ">", Class::Meta, html)
            }
            () if after.is_empty() => after,
            () => tag(after, html),
        };
    }
}

fn until<'a>(rest: &'a str, close: &str, class: Class, html: &mut Html) -> &'a str {
    let end = rest.find(close).map_or(rest.len(), |end| end + close.len());
    html.push(class, &rest[..end]);
    &rest[end..]
}

/// `<name attribute="value" …>`; a `<` that begins no tag is text.
fn tag<'a>(rest: &'a str, html: &mut Html) -> &'a str {
    let open = if rest.starts_with("</") { 2 } else { 1 };
    let length = name(&rest[open..]);
    html.push(Class::Plain, &rest[..open]);
    html.push(Class::Type, &rest[open..open + length]);
    let mut rest = &rest[open + length..];
    if length == 0 {
        return rest;
    }
    while let Some(first) = rest.chars().next() {
        let (class, length) = match first {
            '>' => {
                html.push(Class::Plain, ">");
                return &rest[1..];
            }
            '"' | '\'' => {
                let end = rest[1..].find(first).map_or(rest.len(), |end| end + 2);
                (Class::String, end)
            }
            _ if name(rest) > 0 => (Class::Property, name(rest)),
            _ => (Class::Plain, first.len_utf8()),
        };
        html.push(class, &rest[..length]);
        rest = &rest[length..];
    }
    rest
}

fn name(rest: &str) -> usize {
    rest.find(|part: char| !(part.is_alphanumeric() || matches!(part, '-' | '_' | ':' | '.' | '@')))
        .unwrap_or(rest.len())
}

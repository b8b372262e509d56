//! `{a,b}`: alternatives, expanded before anything else is read.

use super::PatternError;

/// How many patterns one may stand for.
const ALTERNATIVES: usize = 256;

/// `src/{a,b{1,2}}` as `src/a`, `src/b1`, `src/b2`.
pub(super) fn expand(text: &str) -> Result<Vec<String>, PatternError> {
    let mut complete = Vec::new();
    let mut open = vec![text.to_string()];
    while let Some(text) = open.pop() {
        match first(&text)? {
            None => complete.push(text),
            Some(group) => {
                if complete.len() + open.len() + group.bounds.len() > ALTERNATIVES {
                    return Err(PatternError::TooManyAlternatives(ALTERNATIVES));
                }
                let (before, after) = (&text[..group.start], &text[group.end + 1..]);
                let choices = group.bounds.windows(2).rev();
                open.extend(choices.map(|bounds| {
                    let choice = &text[bounds[0] + 1..bounds[1]];
                    [before, choice, after].concat()
                }));
            }
        }
    }
    Ok(complete)
}

/// The first group of a text: offsets of its braces, and of these and the commas between its choices.
struct Group {
    start: usize,
    end: usize,
    bounds: Vec<usize>,
}

fn first(text: &str) -> Result<Option<Group>, PatternError> {
    let mut bounds = Vec::new();
    let mut depth = 0;
    let mut skip = 0;
    for (offset, byte) in text.bytes().enumerate() {
        if offset < skip {
            continue;
        }
        match byte {
            b'\\' => skip = offset + 2,
            b'[' => skip = class_end(text, offset),
            b'{' => {
                depth += 1;
                if depth == 1 {
                    bounds.push(offset);
                }
            }
            b',' if depth == 1 => bounds.push(offset),
            b'}' if depth == 0 => return Err(PatternError::UnopenedBrace),
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    bounds.push(offset);
                    return Ok(Some(Group {
                        start: bounds[0],
                        end: offset,
                        bounds,
                    }));
                }
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(PatternError::UnclosedBrace);
    }
    Ok(None)
}

/// The offset after a `[..]` that starts at `start`, or `start + 1` where it does not end.
fn class_end(text: &str, start: usize) -> usize {
    let mut rest = text[start + 1..].char_indices().peekable();
    rest.next_if(|(_, character)| matches!(character, '!' | '^'));
    let mut first = true;
    while let Some((offset, character)) = rest.next() {
        match character {
            '\\' => {
                rest.next();
            }
            ']' if !first => return start + 1 + offset + 1,
            _ => {}
        }
        first = false;
    }
    start + 1
}

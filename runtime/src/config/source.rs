//! The text of a file people write, and where in it a value stands.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, Position};

/// The longest project file and lock, in bytes.
pub const LIMIT: usize = 4 << 20;

/// How many errors of one file are told at once.
const TOLD: usize = 20;

/// How many errors are collected before the rest of a hopeless file is left alone.
const COLLECTED: usize = 200;

/// Where a value begins: a byte offset, which [`Source::position`] makes a line and a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place(u32);

impl Place {
    pub(super) const START: Place = Place(0);

    /// Of an offset into a [`Source`], which is never longer than [`LIMIT`].
    pub(super) fn new(offset: usize) -> Place {
        Place(offset as u32)
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<T> At<T> {
    pub(super) fn new(value: T, place: Place) -> At<T> {
        At { value, place }
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The text of one file.
#[derive(Clone)]
pub struct Source {
    file: PathBuf,
    text: Arc<str>,
    index: OnceLock<Index>,
}

impl Source {
    /// Refuses what is longer than [`LIMIT`] or not UTF-8. A byte order mark is left out.
    pub fn new(file: &Path, bytes: &[u8]) -> Result<Source, Error> {
        let start = Position {
            file: file.to_path_buf(),
            line: Some(1),
            column: Some(1),
        };
        if bytes.len() > LIMIT {
            return Err(Error::config(format!(
                "`{}` is {} bytes long, and a file of at most {LIMIT} bytes is read",
                file.display(),
                bytes.len()
            ))
            .at(start)
            .hint("let `for_each` or a planner make the actions that are alike"));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Source::of(file, text)),
            Err(error) => {
                let valid = &bytes[..error.valid_up_to()];
                let source = Source::of(file, &String::from_utf8_lossy(valid));
                Err(Error::config(format!(
                    "`{}` is not UTF-8: byte 0x{:02x}",
                    file.display(),
                    bytes[valid.len()]
                ))
                .at(source.position(Place::new(valid.len())))
                .hint("save the file with the encoding UTF-8"))
            }
        }
    }

    fn of(file: &Path, text: &str) -> Source {
        Source {
            file: file.to_path_buf(),
            text: text.into(),
            index: OnceLock::new(),
        }
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column, both from 1; a column counts characters.
    pub fn position(&self, place: Place) -> Position {
        let index = self.index.get_or_init(|| Index::new(&self.text));
        let (line, column) = index.find(&self.text, place.0 as usize);
        Position {
            file: self.file.clone(),
            line: Some(line),
            column: Some(column),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.file.display())
    }
}

/// Makes a position cost the same in a file of one long line as in any other.
#[derive(Clone)]
struct Index {
    /// The offset at which each line starts.
    lines: Vec<u32>,
    /// How many characters stand before each block of `BLOCK` bytes.
    characters: Vec<u32>,
}

const BLOCK: usize = 1024;

impl Index {
    fn new(text: &str) -> Index {
        let bytes = text.as_bytes();
        let newlines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let lines = std::iter::once(0).chain(newlines.map(|(offset, _)| offset as u32 + 1));
        let mut before = 0;
        let characters = bytes.chunks(BLOCK).map(|block| {
            let first = before;
            before += count(block);
            first
        });
        Index {
            lines: lines.collect(),
            characters: characters.collect(),
        }
    }

    fn find(&self, text: &str, offset: usize) -> (u32, u32) {
        let offset = offset.min(text.len());
        let line = self
            .lines
            .partition_point(|start| *start as usize <= offset);
        let start = self.lines[line - 1] as usize;
        let column = self.before(text, offset) - self.before(text, start);
        (line as u32, column + 1)
    }

    fn before(&self, text: &str, offset: usize) -> u32 {
        let block = offset / BLOCK;
        let counted = self.characters.get(block).copied().unwrap_or_default();
        match text.as_bytes().get(block * BLOCK..offset) {
            Some(rest) if block < self.characters.len() => counted + count(rest),
            _ => count(text.as_bytes()),
        }
    }
}

/// Characters that begin in these bytes.
fn count(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count() as u32
}

/// The errors of one file, collected.
pub(super) struct Errors<'s> {
    source: &'s Source,
    found: RefCell<Vec<(Place, Error)>>,
}

impl<'s> Errors<'s> {
    pub(super) fn new(source: &'s Source) -> Errors<'s> {
        Errors {
            source,
            found: RefCell::default(),
        }
    }

    pub(super) fn source(&self) -> &'s Source {
        self.source
    }

    pub(super) fn push(&self, place: Place, error: Error) {
        if !self.is_full() {
            self.found.borrow_mut().push((place, error));
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.found.borrow().len() >= COLLECTED
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// In the order of the file; the first twenty and how many more there are.
    pub(super) fn finish(self) -> Vec<Error> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(place, _)| *place);
        let more = found.len().saturating_sub(TOLD);
        if more > 0 {
            let first = found[TOLD].0;
            found.truncate(TOLD);
            let error = Error::config(format!("{more} more errors are not shown"))
                .hint("mend the first ones; some of the others may come from them");
            found.push((first, error));
        }
        let positioned = found.into_iter().map(|(place, mut error)| {
            for text in error.hints.iter_mut().chain([&mut error.message]) {
                *text = printable(text);
            }
            error.at(self.source.position(place))
        });
        positioned.collect()
    }
}

/// Texts of the file, as parts of a message, can neither steer a terminal nor fill it.
fn printable(text: &str) -> String {
    const LONGEST: usize = 2000;
    let mut printable = String::with_capacity(text.len().min(LONGEST));
    for character in text.chars() {
        match character.is_control() {
            true => printable.extend(character.escape_debug()),
            false => printable.push(character),
        }
        if printable.len() > LONGEST {
            printable.push('\u{2026}');
            break;
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str, offset: usize) -> (u32, u32) {
        let position = Source::of(Path::new("f"), text).position(Place::new(offset));
        (position.line.unwrap(), position.column.unwrap())
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("ab\ncd", 4), (2, 2));
        assert_eq!(position("\u{e9}\u{1f980}x", 6), (1, 3));
        assert_eq!(position("a\n", 2), (2, 1));
        assert_eq!(position("a", 99), (1, 2));
    }

    #[test]
    fn positions_agree_with_counting() {
        let text = "ab\u{e9}\n\u{1f980}".repeat(700);
        for (offset, _) in text.char_indices() {
            let before = &text[..offset];
            let line = before.matches('\n').count() as u32 + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() as u32 + 1;
            assert_eq!(position(&text, offset), (line, column), "at {offset}");
        }
    }
}

//! One pattern for a path, without alternatives.

use super::PatternError;
use super::name::NamePattern;

#[derive(Clone, PartialEq, Eq, Debug)]
enum Segment {
    /// `**`
    Any,
    Name(NamePattern),
}

/// A pattern without alternatives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Glob {
    segments: Box<[Segment]>,
    /// Matches what is below a match too: it ends with a plain name, or takes out.
    pub(super) below: bool,
}

impl Glob {
    pub(super) fn parse(text: &str) -> Result<Glob, PatternError> {
        if text.starts_with('/') {
            return Err(PatternError::Absolute);
        }
        let (text, folder) = match text.strip_suffix('/') {
            Some(text) if !text.ends_with('\\') => (text, true),
            _ => (text, false),
        };
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        let mut segments = Vec::new();
        let mut names = text.split('/').peekable();
        while let Some(name) = names.next() {
            segments.push(match name {
                "" => return Err(PatternError::EmptyName),
                "." => return Err(PatternError::Dots(".")),
                ".." => return Err(PatternError::Dots("..")),
                "**" => Segment::Any,
                name => Segment::Name(NamePattern::parse(name).map_err(|error| match error {
                    PatternError::UnclosedClass if names.peek().is_some() => {
                        PatternError::SlashInClass
                    }
                    error => error,
                })?),
            });
        }
        segments.dedup_by(|next, last| *next == Segment::Any && *last == Segment::Any);
        if folder && segments.last() != Some(&Segment::Any) {
            segments.push(Segment::Any);
        }
        let below = matches!(
            segments.last(),
            Some(Segment::Name(NamePattern::Literal(_)))
        );
        Ok(Glob {
            segments: segments.into(),
            below,
        })
    }

    /// The path it is, if it has no wildcards.
    pub(super) fn literal(&self) -> Option<Box<str>> {
        let literal = |segment| matches!(segment, &Segment::Name(NamePattern::Literal(_)));
        self.segments
            .iter()
            .all(literal)
            .then(|| self.prefix().into())
    }

    /// Its names before the first wildcard.
    pub(super) fn prefix(&self) -> String {
        let names = self.segments.iter().map_while(|segment| match segment {
            Segment::Name(NamePattern::Literal(name)) => Some(&**name),
            _ => None,
        });
        names.collect::<Vec<_>>().join("/")
    }

    /// Goes on from the last `**` when a later name does not match: at most names × segments steps.
    pub(super) fn matches(&self, path: &str) -> bool {
        let (mut at, mut rest) = (0, Some(path));
        let mut any: Option<(usize, &str)> = None;
        loop {
            let matched = match (self.segments.get(at), rest) {
                (None, None) => return true,
                (None, Some(_)) if self.below => return true,
                (None, Some(_)) => None,
                (Some(_), None) => return false,
                (Some(Segment::Any), Some(_)) if at + 1 == self.segments.len() => return true,
                (Some(Segment::Any), Some(path)) => {
                    at += 1;
                    any = Some((at, path));
                    continue;
                }
                (Some(Segment::Name(pattern)), Some(path)) => {
                    let (name, below) = split(path);
                    pattern.matches(name).then_some(below)
                }
            };
            if let Some(below) = matched {
                at += 1;
                rest = below;
                continue;
            }
            let Some((after, Some(below))) = any.map(|(after, from)| (after, split(from).1)) else {
                return false;
            };
            (at, rest) = (after, Some(below));
            any = Some((after, below));
        }
    }

    /// Whether it could match the folder `path` or something below it.
    pub(super) fn reaches(&self, path: &str) -> bool {
        let mut rest = Some(path);
        for segment in &self.segments {
            match (segment, rest) {
                (_, None) | (Segment::Any, _) => return true,
                (Segment::Name(pattern), Some(path)) => {
                    let (name, below) = split(path);
                    if !pattern.matches(name) {
                        return false;
                    }
                    rest = below;
                }
            }
        }
        rest.is_none() || self.below
    }
}

/// The first name of a path and what follows it.
fn split(path: &str) -> (&str, Option<&str>) {
    match path.as_bytes().iter().position(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], Some(&path[slash + 1..])),
        None => (path, None),
    }
}

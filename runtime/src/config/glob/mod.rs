//! Which paths of the project an action is shown: decided by patterns alone, never by what exists.
//!
//! | pattern | shows |
//! |---|---|
//! | `docs` | the file `docs`, or the folder with all that is in it |
//! | `docs/` or `docs/**` | all that is in the folder |
//! | `docs/*.md` | the files of the folder whose names end so |
//! | `**/*.md` | such files in any folder |
//! | `a?.md`, `[a-f]*.md`, `[!_]*` | one character, one of some, none of some |
//! | `{src,lib}/**` | either |
//! | `!docs/draft*` | takes out what matches, with all that is below it |
//!
//! `\` before a character takes its meaning away. `*` and `**` match names that begin with a dot too.
//! What is taken out stays out, wherever its pattern stands in the list; a list that only takes out starts from everything.

mod braces;
mod name;
mod path;
mod sight;
#[cfg(test)]
mod tests;

use path::Glob;
pub use sight::{Hidden, Sight};

/// The longest pattern, in bytes.
const LENGTH: usize = 4096;

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternError {
    #[error("is empty")]
    Empty,
    #[error("is longer than {LENGTH} bytes")]
    TooLong,
    #[error("begins with `/`, and patterns start in the project's folder")]
    Absolute,
    #[error("has `{0}` as a name")]
    Dots(&'static str),
    #[error("has two `/` in a row")]
    EmptyName,
    #[error("has `**` beside other characters: it must stand alone between slashes")]
    RunBesideText,
    #[error("has a `/` between `[` and `]`")]
    SlashInClass,
    #[error("has `[` without `]`")]
    UnclosedClass,
    #[error("has the range `{0}-{1}`, which runs backwards")]
    BackwardRange(char, char),
    #[error("has `{{` without `}}`")]
    UnclosedBrace,
    #[error("has `}}` without `{{`")]
    UnopenedBrace,
    #[error("stands for more than {0} patterns")]
    TooManyAlternatives(usize),
    #[error("ends with a `\\`")]
    DanglingEscape,
}

impl PatternError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            PatternError::Empty => "write `**` for everything",
            PatternError::TooLong | PatternError::TooManyAlternatives(_) => {
                "write several shorter patterns"
            }
            PatternError::Absolute => "leave the first `/` out",
            PatternError::Dots(_) => {
                "write the path from the project's folder, without `.` and `..`"
            }
            PatternError::EmptyName => "write one `/`, or `/**/` for any folders between",
            PatternError::RunBesideText => "write `**/*.md` for such files in any folder",
            PatternError::SlashInClass => "write `{a/b,c}` for alternatives with a `/`",
            PatternError::UnclosedClass => "close it, or write `\\[` for the character itself",
            PatternError::BackwardRange(..) => "swap its ends",
            PatternError::UnclosedBrace => "close it, or write `\\{` for the character itself",
            PatternError::UnopenedBrace => "open it, or write `\\}` for the character itself",
            PatternError::DanglingEscape => "write `\\\\` for the character itself",
        }
    }
}

/// One pattern as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    text: Box<str>,
    takes_out: bool,
    globs: Box<[Glob]>,
}

/// A list of patterns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Patterns {
    patterns: Box<[Pattern]>,
    /// Those without wildcards, as paths in byte order: found by searching, however many there are.
    literals: Box<[Box<str>]>,
    /// The others that show.
    wild: Box<[Glob]>,
    /// Those that take out.
    out: Box<[Glob]>,
    /// Nothing but patterns that take out: everything else is shown.
    from_everything: bool,
}

impl Patterns {
    /// The first pattern that cannot be read, by its index, and why.
    pub fn new<T: AsRef<str>>(texts: &[T]) -> Result<Patterns, (usize, PatternError)> {
        let patterns = texts
            .iter()
            .enumerate()
            .map(|(index, text)| Pattern::parse(text.as_ref()).map_err(|error| (index, error)));
        let patterns = patterns.collect::<Result<Box<[Pattern]>, _>>()?;
        let (mut literals, mut wild, mut out) = (Vec::new(), Vec::new(), Vec::new());
        for pattern in &patterns {
            for glob in &pattern.globs {
                match glob.literal() {
                    _ if pattern.takes_out => out.push(glob.clone()),
                    Some(literal) => literals.push(literal),
                    None => wild.push(glob.clone()),
                }
            }
        }
        literals.sort_unstable();
        literals.dedup();
        Ok(Patterns {
            from_everything: !patterns.is_empty() && patterns.iter().all(|p| p.takes_out),
            literals: literals.into(),
            wild: wild.into(),
            out: out.into(),
            patterns,
        })
    }

    /// As written, in the order of writing.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Whether no pattern says what is shown, only what is not.
    pub fn only_takes_out(&self) -> bool {
        self.from_everything
    }

    /// Whether a file, link or anything else that is not a folder is shown at a canonical path.
    pub fn shows_file(&self, path: &str) -> bool {
        let shown = self.from_everything
            || self.literal_at_or_above(path)
            || self.wild.iter().any(|glob| glob.matches(path));
        shown && !self.taken_out(path)
    }

    /// Whether a folder is shown: some pattern could match it or something below it.
    /// What [`Patterns::shows_file`] shows lies in folders that are shown.
    pub fn shows_directory(&self, path: &str) -> bool {
        if path.is_empty() {
            return true;
        }
        let shown = self.from_everything
            || self.literal_below(path)
            || self.literal_at_or_above(path)
            || self.wild.iter().any(|glob| glob.reaches(path));
        shown && !self.taken_out(path)
    }

    /// The fewest folders in which everything that is shown lies; `""` is the project's.
    /// A root may be a file, or nothing.
    pub fn roots(&self) -> Vec<String> {
        if self.from_everything {
            return vec![String::new()];
        }
        let shown = self.patterns.iter().filter(|pattern| !pattern.takes_out);
        let prefixes = shown.flat_map(|pattern| pattern.globs.iter().map(Glob::prefix));
        let mut prefixes: Vec<String> = prefixes.collect();
        // With a `/` at the end a folder sorts directly before what is in it.
        prefixes.sort_by_cached_key(|prefix| format!("{prefix}/"));
        let mut roots: Vec<String> = Vec::new();
        for prefix in prefixes {
            if !roots.last().is_some_and(|root| is_within(&prefix, root)) {
                roots.push(prefix);
            }
        }
        roots
    }

    fn taken_out(&self, path: &str) -> bool {
        self.out.iter().any(|glob| glob.matches(path))
    }

    fn literal_at_or_above(&self, path: &str) -> bool {
        !self.literals.is_empty() && ancestors(path).any(|path| self.has_literal(path))
    }

    fn has_literal(&self, path: &str) -> bool {
        match &*self.literals {
            [literal] => **literal == *path,
            literals => literals
                .binary_search_by(|literal| (**literal).cmp(path))
                .is_ok(),
        }
    }

    fn literal_below(&self, path: &str) -> bool {
        let below = |literal: &str| {
            literal.len() > path.len()
                && literal.as_bytes()[path.len()] == b'/'
                && literal.starts_with(path)
        };
        match &*self.literals {
            [literal] => below(literal),
            literals => {
                // The first literal that does not sort before `path/`.
                let first = literals.partition_point(|literal| {
                    literal
                        .bytes()
                        .lt(path.bytes().chain(std::iter::once(b'/')))
                });
                literals.get(first).is_some_and(|literal| below(literal))
            }
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, PatternError> {
        if text.len() > LENGTH {
            return Err(PatternError::TooLong);
        }
        let (takes_out, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest.is_empty() {
            return Err(PatternError::Empty);
        }
        let alternatives = braces::expand(rest)?;
        let globs = alternatives.iter().map(|alternative| {
            let mut glob = Glob::parse(alternative)?;
            glob.below |= takes_out;
            Ok(glob)
        });
        Ok(Pattern {
            text: text.into(),
            takes_out,
            globs: globs.collect::<Result<_, PatternError>>()?,
        })
    }

    /// As written, `!` included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it begins with `!`.
    pub fn takes_out(&self) -> bool {
        self.takes_out
    }

    /// The path on which all that it matches lies: its names before the first wildcard, `""` if there are none.
    pub fn literal_prefix(&self) -> String {
        let mut prefixes = self.globs.iter().map(Glob::prefix);
        let first = prefixes.next().unwrap_or_default();
        prefixes.fold(first, |common, prefix| {
            let both = common.split('/').zip(prefix.split('/'));
            let same = both.take_while(|(one, other)| one == other);
            same.map(|(name, _)| name).collect::<Vec<_>>().join("/")
        })
    }

    /// The same for each of its alternatives.
    pub fn literal_prefixes(&self) -> impl Iterator<Item = String> {
        self.globs.iter().map(Glob::prefix)
    }
}

/// A pattern for exactly this path, whatever characters it has, and for what is below it.
pub fn escape(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for (index, character) in path.char_indices() {
        let special = matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\');
        if special || (index == 0 && character == '!') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// `a`, `a/b`, `a/b/c` of `a/b/c`.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    let above = slashes.map(|(offset, _)| &path[..offset]);
    above.chain(std::iter::once(path))
}

/// Whether `path` is `folder` or lies below it.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

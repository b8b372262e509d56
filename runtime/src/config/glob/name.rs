//! Patterns for one name of a path: `*`, `?`, `[a-z]`, `[!a]` and `\` before a character that means itself.

use super::PatternError;

/// A pattern for one name, without `/` and `{`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum NamePattern {
    Literal(Box<str>),
    /// `prefix*suffix`, either of them empty or not.
    Ends(Box<str>, Box<str>),
    Tokens(Box<[Token]>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    Character(char),
    /// `?`
    One,
    /// `*`
    Run,
    Class {
        negated: bool,
        ranges: Box<[(char, char)]>,
    },
}

impl NamePattern {
    pub(super) fn parse(text: &str) -> Result<NamePattern, PatternError> {
        let tokens = tokens(text)?;
        let text = |tokens: &[Token]| -> Option<Box<str>> {
            let characters = tokens.iter().map(|token| match token {
                Token::Character(character) => Some(*character),
                _ => None,
            });
            characters.collect::<Option<String>>().map(Into::into)
        };
        if let Some(literal) = text(&tokens) {
            return Ok(NamePattern::Literal(literal));
        }
        let run = tokens.iter().position(|token| *token == Token::Run);
        if let Some(run) = run
            && let (Some(prefix), Some(suffix)) = (text(&tokens[..run]), text(&tokens[run + 1..]))
        {
            return Ok(NamePattern::Ends(prefix, suffix));
        }
        Ok(NamePattern::Tokens(tokens.into()))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            NamePattern::Literal(literal) => **literal == *name,
            NamePattern::Ends(prefix, suffix) => {
                name.len() >= prefix.len() + suffix.len()
                    && name.starts_with(&**prefix)
                    && name.ends_with(&**suffix)
            }
            NamePattern::Tokens(tokens) => matches(tokens, name),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, PatternError> {
    let mut tokens = Vec::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        tokens.push(match character {
            '?' => Token::One,
            '*' if tokens.last() == Some(&Token::Run) => return Err(PatternError::RunBesideText),
            '*' => Token::Run,
            '[' => class(&mut rest)?,
            '\\' => Token::Character(rest.next().ok_or(PatternError::DanglingEscape)?),
            character => Token::Character(character),
        });
    }
    Ok(tokens)
}

/// What follows `[`, up to and with its `]`. A `]` that comes first means itself.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Token, PatternError> {
    let mut next = || rest.next().ok_or(PatternError::UnclosedClass);
    let mut character = next()?;
    let negated = matches!(character, '!' | '^');
    if negated {
        character = next()?;
    }
    let mut ranges: Vec<(char, char)> = Vec::new();
    // A `-` between two characters makes a range of them; `pending` is one that stands open.
    let mut pending = false;
    let mut first = true;
    while character != ']' || first {
        first = false;
        let escaped = character == '\\';
        if escaped {
            character = next()?;
        }
        if pending && let Some((from, to)) = ranges.last_mut() {
            if *from > character {
                return Err(PatternError::BackwardRange(*from, character));
            }
            *to = character;
            pending = false;
        } else if character == '-' && !escaped && ranges.last().is_some_and(|(from, to)| from == to)
        {
            pending = true;
        } else {
            ranges.push((character, character));
        }
        character = next()?;
    }
    if pending {
        ranges.push(('-', '-'));
    }
    Ok(Token::Class {
        negated,
        ranges: ranges.into(),
    })
}

/// Goes on from the last `*` when a later token does not match: at most name × tokens steps.
fn matches(tokens: &[Token], name: &str) -> bool {
    let (mut at, mut rest) = (0, name);
    let mut run: Option<(usize, &str)> = None;
    loop {
        let mut characters = rest.chars();
        let matched = match (tokens.get(at), characters.next()) {
            (None, None) => return true,
            (Some(Token::Run), _) => {
                at += 1;
                run = Some((at, rest));
                continue;
            }
            (Some(token), Some(character)) => token.matches(character),
            _ => false,
        };
        if matched {
            at += 1;
            rest = characters.as_str();
            continue;
        }
        let Some((after, from)) = run else {
            return false;
        };
        let mut characters = from.chars();
        if characters.next().is_none() {
            return false;
        }
        (at, rest) = (after, characters.as_str());
        run = Some((after, rest));
    }
}

impl Token {
    fn matches(&self, character: char) -> bool {
        match self {
            Token::Character(wanted) => *wanted == character,
            Token::One => true,
            Token::Run => false,
            Token::Class { negated, ranges } => {
                let within = ranges
                    .iter()
                    .any(|(from, to)| (*from..=*to).contains(&character));
                within != *negated
            }
        }
    }
}

//! Arguments with placeholders: `--outfile={out}/{stem}.js`.

use crate::error::Error;

use super::words;

/// An argument of `run`, or a text of `config` where there is `for_each`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    pieces: Box<[Piece]>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    Text(Box<str>),
    /// `{out}`
    Out,
    /// `{in.NAME}`, the name of a need's folder.
    In(Box<str>),
    /// `{file}`
    File,
    /// `{stem}`
    Stem,
    /// `{dir}`
    Dir,
}

/// The file that `for_each` made an action of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matched {
    /// `styles/main.scss`, from the project's folder. `./` stands before a name that begins with `-`,
    /// so that no program takes it for an option.
    pub file: String,
    /// `main`
    pub stem: String,
    /// `styles`, or `.` for a file in the project's own folder.
    pub dir: String,
}

impl Matched {
    /// Of a canonical path.
    pub fn new(path: &str) -> Matched {
        let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
        let stem = match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => name,
        };
        Matched {
            file: harmless(path),
            stem: stem.to_string(),
            dir: harmless(dir),
        }
    }
}

fn harmless(path: &str) -> String {
    match path.starts_with('-') {
        true => format!("./{path}"),
        false => path.to_string(),
    }
}

/// Which placeholders have a meaning where a template stands.
pub(super) struct Known<'n> {
    /// The folders of the needs; none where only a file's placeholders may stand.
    pub(super) needs: Option<&'n [&'n str]>,
    pub(super) for_each: bool,
}

impl Template {
    /// `{{` and `}}` mean the characters themselves.
    pub(super) fn parse(text: &str, known: &Known<'_>) -> Result<Template, Error> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(offset) = rest.find(['{', '}', '\0']) {
            literal.push_str(&rest[..offset]);
            let brace = &rest[offset..=offset];
            rest = &rest[offset + 1..];
            if brace == "\0" {
                return Err(Error::config(format!(
                    "`{}` has a NUL character",
                    text.escape_debug()
                ))
                .hint("leave it out: programs take it for the end of an argument"));
            } else if let Some(after) = rest.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
            } else if let ("{", Some((name, after))) = (brace, rest.split_once('}')) {
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal).into()));
                }
                pieces.push(placeholder(name, known)?);
                rest = after;
            } else {
                return Err(Error::config(format!(
                    "`{text}` has a `{brace}` without its other half"
                ))
                .hint(format!("write `{brace}{brace}` for the character itself")));
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal.into()));
        }
        Ok(Template {
            pieces: pieces.into(),
        })
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text, with the folders of the sandbox in their places.
    /// `matched` is there for an action of `for_each`; without it those placeholders are empty.
    pub fn expand(&self, matched: Option<&Matched>) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match (piece, matched) {
                (Piece::Text(literal), _) => text.push_str(literal),
                (Piece::Out, _) => text.push_str("/out"),
                (Piece::In(name), _) => {
                    text.push_str("/in/");
                    text.push_str(name);
                }
                (Piece::File, Some(matched)) => text.push_str(&matched.file),
                (Piece::Stem, Some(matched)) => text.push_str(&matched.stem),
                (Piece::Dir, Some(matched)) => text.push_str(&matched.dir),
                (Piece::File | Piece::Stem | Piece::Dir, None) => {}
            }
        }
        text
    }
}

fn placeholder(name: &str, known: &Known<'_>) -> Result<Piece, Error> {
    let of_file = match name {
        "file" => Some(Piece::File),
        "stem" => Some(Piece::Stem),
        "dir" => Some(Piece::Dir),
        _ => None,
    };
    match (of_file, known.needs) {
        (Some(piece), _) if known.for_each => Ok(piece),
        (Some(_), _) => Err(Error::config(format!(
            "`{{{name}}}` has a meaning only where there is `for_each`"
        ))
        .hint("add `for_each = \"src/*.ts\"`, or name the file")),
        (None, Some(needs)) => of_run(name, needs, known.for_each),
        (None, None) => Err(unknown(name, &["file", "stem", "dir"])),
    }
}

fn of_run(name: &str, needs: &[&str], for_each: bool) -> Result<Piece, Error> {
    if name == "out" {
        return Ok(Piece::Out);
    }
    let Some(need) = name.strip_prefix("in.") else {
        let all = ["out", "in.NAME", "file", "stem", "dir"];
        return Err(unknown(name, if for_each { &all } else { &all[..2] }));
    };
    if needs.contains(&need) {
        return Ok(Piece::In(need.into()));
    }
    let error = Error::config(format!("`{{in.{need}}}` names no need of this action"));
    Err(match words::did_you_mean(need, needs.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{{in.{near}}}`?")),
        None => error.hint(format!("add `{need}` to its `needs`")),
    })
}

fn unknown(name: &str, known: &[&str]) -> Error {
    let error = Error::config(format!("`{{{name}}}` is no placeholder"));
    let escape = format!("write `{{{{{name}}}}}` for the text itself");
    match words::did_you_mean(name, known.iter().copied()) {
        Some(near) => error
            .hint(format!("did you mean `{{{near}}}`?"))
            .hint(escape),
        None => {
            let all: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
            error
                .hint(format!("the placeholders are {}", all.join(", ")))
                .hint(escape)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'_> = Known {
        needs: Some(&["app"]),
        for_each: true,
    };

    #[test]
    fn placeholders_are_filled() {
        let template = Template::parse("{{x}}={out}/{dir}/{stem}.css:{in.app}:{file}", &KNOWN);
        let matched = Matched::new("styles/a.b.scss");
        assert_eq!(
            template.unwrap().expand(Some(&matched)),
            "{x}=/out/styles/a.b.css:/in/app:styles/a.b.scss"
        );
    }

    #[test]
    fn a_file_is_never_an_option() {
        let matched = Matched::new("-rf.md");
        assert_eq!(
            (&*matched.file, &*matched.dir, &*matched.stem),
            ("./-rf.md", ".", "-rf")
        );
        assert_eq!(Matched::new(".env").stem, ".env");
    }

    #[test]
    fn bad_input_errors_say_what_to_write() {
        let told = |text: &str| {
            let error = Template::parse(text, &KNOWN).unwrap_err();
            format!("{error}; {}", error.hints.join("; "))
        };
        assert_eq!(
            told("{otu}"),
            "`{otu}` is no placeholder; did you mean `{out}`?; write `{{otu}}` for the text itself"
        );
        assert_eq!(
            told("{in.ap}"),
            "`{in.ap}` names no need of this action; did you mean `{in.app}`?"
        );
        assert_eq!(
            told("{in.pages}"),
            "`{in.pages}` names no need of this action; add `pages` to its `needs`"
        );
        assert_eq!(
            told("a}"),
            "`a}` has a `}` without its other half; write `}}` for the character itself"
        );
        assert_eq!(
            told("{\"a\": 1}"),
            "`{\"a\": 1}` is no placeholder; the placeholders are `{out}`, `{in.NAME}`, `{file}`, \
             `{stem}`, `{dir}`; write `{{\"a\": 1}}` for the text itself"
        );
    }
}

//! Errors for people: what is wrong, its causes, the place in the file, what to do.

use std::path::Path;

use cofferdam_runtime::{Error, Position};

use crate::text::paint::{char_width, width};
use crate::text::{Paint, Tone, guest_text};

/// Files larger than this are not read for a snippet.
const LARGEST_SOURCE: u64 = 32 << 20;
/// The most that is shown of a source line, in columns.
const LONGEST_LINE: usize = 100;

/// Where the files are that positions name: the project's folder.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a>(pub Option<&'a Path>);

/// All errors, a blank line between them and a line break at the end.
pub fn errors(paint: Paint, sources: Sources<'_>, errors: &[Error]) -> String {
    let texts: Vec<String> = errors
        .iter()
        .map(|error| one(paint, sources, error))
        .collect();
    texts.join("\n")
}

fn one(paint: Paint, sources: Sources<'_>, error: &Error) -> String {
    let clean = |text: &str| guest_text(paint, text.as_bytes());
    let mut text = format!(
        "{} {}\n",
        paint.tone(Tone::Bad, "error:"),
        indented(&clean(&error.message), 7)
    );
    for cause in &error.causes {
        let cause = indented(&clean(cause), 13);
        text.push_str(&format!(
            "  {} {cause}\n",
            paint.tone(Tone::Strong, "caused by:")
        ));
    }
    if let Some(position) = &error.at {
        let place = clean(&position.to_string());
        text.push_str(&format!("  {} {place}\n", paint.tone(Tone::Strong, "at:")));
        text.push_str(&snippet(paint, sources, position).unwrap_or_default());
    }
    if !error.hints.is_empty() {
        text.push('\n');
    }
    for hint in &error.hints {
        let hint = indented(&clean(hint), 6);
        text.push_str(&format!("{} {hint}\n", paint.tone(Tone::Calm, "hint:")));
    }
    text
}

/// Further lines of a text that begins at a column.
fn indented(text: &str, column: usize) -> String {
    text.trim_end()
        .replace('\n', &format!("\n{}", " ".repeat(column)))
}

/// The source line with a caret below the column:
/// ```text
///    |
/// 14 | plugn = "markdown"
///    | ^
/// ```
fn snippet(paint: Paint, sources: Sources<'_>, position: &Position) -> Option<String> {
    let line = position.line?;
    let file = sources.0?.join(&position.file);
    let metadata = std::fs::metadata(&file).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST_SOURCE {
        return None;
    }
    let source = std::fs::read(file).ok()?;
    let source = source
        .split(|byte| *byte == b'\n')
        .nth(line.checked_sub(1)? as usize)?;
    let source = String::from_utf8_lossy(source)
        .replace('\t', " ")
        .replace('\r', "");
    if source.trim().is_empty() {
        return None;
    }
    // Columns count characters.
    let column = position
        .column
        .map(|column| column.saturating_sub(1) as usize);
    let (shown, column) = cut(&source, column);
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let bar = paint.tone(Tone::Dim, "|");
    let mut text = format!(
        "{gutter} {bar}\n{} {bar} {shown}\n",
        paint.tone(Tone::Dim, &number)
    );
    if let Some(column) = column {
        let before: String = shown.chars().take(column).collect();
        let caret = paint.tone(Tone::Bad, "^");
        text.push_str(&format!(
            "{gutter} {bar} {}{caret}\n",
            " ".repeat(width(&before))
        ));
    }
    Some(text)
}

/// What fits of a long line around a column, and where the column then is.
fn cut(source: &str, column: Option<usize>) -> (String, Option<usize>) {
    let chars: Vec<char> = source
        .trim_end()
        .chars()
        .filter(|char| !char.is_control())
        .collect();
    let column = column.map(|column| column.min(chars.len()));
    let start = column.map_or(0, |column| column.saturating_sub(LONGEST_LINE * 3 / 4));
    let mut shown = String::new();
    let mut columns = 0;
    if start > 0 {
        shown.push('…');
        columns = 1;
    }
    let before = columns;
    for (index, char) in chars.iter().enumerate().skip(start) {
        columns += char_width(*char);
        if columns > LONGEST_LINE && index + 1 < chars.len() {
            shown.push('…');
            break;
        }
        shown.push(*char);
    }
    (shown, column.map(|column| column - start + before))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use cofferdam_runtime::ErrorKind;

    use super::*;

    fn at(file: &str, line: u32, column: u32) -> Position {
        Position {
            file: PathBuf::from(file),
            line: Some(line),
            column: Some(column),
        }
    }

    #[test]
    fn an_error_has_causes_a_place_and_hints() {
        let error = Error::new(ErrorKind::Denied, "action `lint` was denied a capability")
            .cause("plugin `eslint` asked for `http` to `https://registry.example:443`")
            .at(at("cofferdam.toml", 14, 1))
            .hint("to allow it, add `grants = { http = [\"https://registry.example:443\"] }` to `[actions.lint]`");
        insta::assert_snapshot!(errors(Paint::OFF, Sources(None), &[error]), @r#"
        error: action `lint` was denied a capability
          caused by: plugin `eslint` asked for `http` to `https://registry.example:443`
          at: cofferdam.toml:14:1

        hint: to allow it, add `grants = { http = ["https://registry.example:443"] }` to `[actions.lint]`
        "#);
    }

    #[test]
    fn a_snippet_points_at_the_column() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("cofferdam.toml"),
            "[project]\nname = \"shop\"\n[actions.日本]\n\tplugn = \"markdown\"\r\n",
        )
        .unwrap();
        let unknown = Error::config("unknown key `plugn`\nin an action")
            .at(at("cofferdam.toml", 4, 2))
            .hint("did you mean `plugin`?");
        let table = Error::config("wide").at(at("cofferdam.toml", 3, 12));
        let beyond = Error::config("no such line").at(at("cofferdam.toml", 40, 1));
        insta::assert_snapshot!(errors(Paint::OFF, Sources(Some(folder.path())), &[unknown, table, beyond]), @r#"
        error: unknown key `plugn`
               in an action
          at: cofferdam.toml:4:2
          |
        4 |  plugn = "markdown"
          |  ^

        hint: did you mean `plugin`?

        error: wide
          at: cofferdam.toml:3:12
          |
        3 | [actions.日本]
          |              ^

        error: no such line
          at: cofferdam.toml:40:1
        "#);
    }

    #[test]
    fn long_lines_are_cut_around_the_column() {
        let source = "x".repeat(500);
        let (shown, column) = cut(&source, Some(250));
        assert_eq!(shown.chars().count(), LONGEST_LINE + 1);
        assert!(shown.starts_with('…') && shown.ends_with('…'));
        assert_eq!(column, Some(76));
        assert_eq!(cut("short", Some(90)), ("short".to_owned(), Some(5)));
    }
}

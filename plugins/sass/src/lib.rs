//! Sass to CSS. Imports are looked up beside the file that imports, then in the load paths.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use cofferdam_plugin::files;
use cofferdam_plugin::{Failure, Failures, Request, Result, guest_path, log, out, src};
use grass_compiler::codemap::SpanLoc;
use grass_compiler::{ErrorKind, Fs, Logger, Options, OutputStyle};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Where the style sheets are; the CSS keeps their names relative to it.
    #[serde(default)]
    folder: String,
    /// Style sheets of that folder; all whose names do not begin with `_` when left out.
    entries: Option<Vec<String>>,
    #[serde(default)]
    style: Style,
    /// Folders of the project in which imports are looked up too.
    #[serde(default)]
    load_paths: Vec<String>,
}

#[derive(Clone, Copy, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Style {
    Expanded,
    #[default]
    Compressed,
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    let config = request.config;
    let folder = src().join(&config.folder);
    let entries = match config.entries {
        Some(entries) => entries,
        None => entries(&folder)?,
    };
    let load_paths: Vec<PathBuf> = config
        .load_paths
        .iter()
        .map(|path| src().join(path))
        .collect();
    let style = match config.style {
        Style::Expanded => OutputStyle::Expanded,
        Style::Compressed => OutputStyle::Compressed,
    };
    let options = Options::default()
        .fs(&Sandbox)
        .logger(&Log)
        .style(style)
        .load_paths(&load_paths);
    let mut failures = Failures::default();
    for entry in entries {
        let path = folder.join(&entry);
        match grass_compiler::from_path(&path, &options) {
            Ok(css) => files::write(out().join(&entry).with_extension("css"), css)?,
            Err(error) => failures.push(failure(&path, *error)),
        }
    }
    failures.check()
}

/// Style sheets that are no parts of others.
fn entries(folder: &Path) -> Result<Vec<String>> {
    let mut names = files::list(folder)?;
    names.retain(|name| {
        let path = Path::new(name);
        let is_sheet = path
            .extension()
            .is_some_and(|end| end == "scss" || end == "sass");
        let is_part = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b"_");
        is_sheet && !path.components().any(is_part)
    });
    if names.is_empty() {
        let message =
            "there is no style sheet (`.scss` or `.sass`) whose name does not begin with `_`";
        return Err(Failure::user(message).at(folder).into());
    }
    Ok(names)
}

fn failure(entry: &Path, error: grass_compiler::Error) -> Failure {
    match error.kind() {
        ErrorKind::ParseError { message, loc, .. } => Failure::user(message.trim_end_matches('.'))
            .at_position(loc.file.name(), loc.begin.line + 1, loc.begin.column + 1),
        ErrorKind::IoError(error) => Failure::user(format!("cannot be read: {error}")).at(entry),
        ErrorKind::FromUtf8Error(_) => {
            Failure::user("is not UTF-8, or imports what is not").at(entry)
        }
        other => Failure::user(format!("{other:?}")).at(entry),
    }
}

/// `@warn` and `@debug` as lines of the log.
#[derive(Debug)]
struct Log;

impl Logger for Log {
    fn debug(&self, location: SpanLoc, message: &str) {
        log::debug(&line(&location, message));
    }

    fn warn(&self, location: SpanLoc, message: &str) {
        log::warn(&line(&location, message));
    }
}

fn line(location: &SpanLoc, message: &str) -> String {
    let file = guest_path(location.file.name());
    format!(
        "{file}:{}:{}: {message}",
        location.begin.line + 1,
        location.begin.column + 1
    )
}

/// The folders of the sandbox. Paths are made plain as text: asking for real paths is asking for every link.
#[derive(Debug)]
struct Sandbox;

impl Fs for Sandbox {
    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => drop(plain.pop()),
                part => plain.push(part),
            }
        }
        Ok(plain)
    }
}

#[cfg(test)]
mod tests;

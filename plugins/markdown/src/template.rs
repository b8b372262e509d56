//! Jinja templates: the theme's, or the project's.

use std::path::Path;

use cofferdam_plugin::{Failure, Result, files, src};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    escape_formatter,
};
use serde::{Serialize, Serializer};

use crate::Site;
use crate::highlight;
use crate::page::View;

const PLAIN: &str = "page.html";

pub(crate) fn render(site: &Site, view: &View) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(format);
    environment.set_syntax(syntax().map_err(|error| Failure::internal(describe(&error)))?);
    let (folder, name) = match &site.template {
        Some(template) => {
            let (folder, name) = template.rsplit_once('/').unwrap_or(("", template));
            let folder = src().join(folder);
            let from = folder.clone();
            environment.set_loader(move |name| load(&from, name));
            (folder, name)
        }
        None => {
            let page = include_str!("theme/page.html");
            environment
                .add_template(PLAIN, page)
                .map_err(|error| Failure::internal(describe(&error)))?;
            (src(), PLAIN)
        }
    };
    let rendered = environment
        .get_template(name)
        .and_then(|template| template.render(Value::from(Serde(view))));
    rendered.map_err(|error| failure(&folder, name, &error).into())
}

/// As usual, but `/` stays `/`: the pages are read by people too.
fn format(output: &mut Output, state: &mut State, value: &Value) -> std::result::Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() && *state.auto_escape() == AutoEscape::Html => {
            let mut html = String::with_capacity(text.len());
            highlight::escape(text, &mut html);
            output.write_str(&html).map_err(Error::from)
        }
        _ => escape_formatter(output, state, value),
    }
}

/// Lines that hold only a block leave nothing behind.
fn syntax() -> std::result::Result<SyntaxConfig, Error> {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
}

fn load(folder: &Path, name: &str) -> std::result::Result<Option<String>, Error> {
    let path = folder.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    match files::read_text(&path) {
        Ok(text) => Ok(Some(text)),
        Err(failures) => Err(Error::new(
            ErrorKind::InvalidOperation,
            failures.to_string(),
        )),
    }
}

/// The template's HTML is not escaped again.
pub(crate) fn safe<S: Serializer>(
    html: &str,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    Value::from_safe_string(html.to_owned()).serialize(serializer)
}

fn failure(folder: &Path, name: &str, error: &Error) -> Failure {
    // What went wrong in an included template has its place there.
    let mut innermost = error;
    while let Some(source) =
        std::error::Error::source(innermost).and_then(|source| source.downcast_ref::<Error>())
    {
        innermost = source;
    }
    let path = folder.join(innermost.name().unwrap_or(name));
    let failure = Failure::user(format!("the template is wrong: {}", describe(innermost)));
    match innermost.line() {
        Some(line) => {
            let mut failure = failure.at_position(path, line, 1);
            if let Some(location) = &mut failure.location {
                location.column = None;
            }
            failure
        }
        None => failure.at(path),
    }
}

fn describe(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

//! The way from text to [`ProjectSpec`].

use std::path::Path;

use toml::de::DeTable;

use crate::error::Error;

use super::source::{At, Errors, Place, Source};
use super::spec::ProjectSpec;
use super::table::Table;
use super::{across, action, components, deploy, keys, words};

/// Reads a project file and checks all that can be checked without looking elsewhere.
/// All errors at once, in the order of the file (the first twenty), each with its position.
/// `file` is what positions call it.
pub fn parse(file: &Path, text: &[u8]) -> Result<ProjectSpec, Vec<Error>> {
    let source = Source::new(file, text).map_err(|error| vec![error])?;
    let project = {
        let errors = Errors::new(&source);
        let document = document(&source, &errors);
        let project = document.map(|document| project(&document, &errors));
        match project {
            Some(project) if errors.is_empty() => project,
            _ => return Err(errors.finish()),
        }
    };
    Ok(project)
}

/// `None` where the text is not TOML: the first error is told, the others come from it.
pub(super) fn document<'s>(source: &'s Source, errors: &Errors<'_>) -> Option<DeTable<'s>> {
    /// Above this, the errors behind the first one found are not worth their memory.
    const RECOVERED: usize = 64 << 10;
    let text = source.text();
    let start = |error: &toml::de::Error| error.span().map_or(text.len(), |span| span.start);
    let error = match DeTable::parse(text) {
        Ok(document) => return Some(document.into_inner()),
        Err(error) if text.len() > RECOVERED => error,
        // The parser finds a wrong value later than a wrong structure behind it.
        Err(error) => {
            let (_, all) = DeTable::parse_recoverable(text);
            all.into_iter().min_by_key(start).unwrap_or(error)
        }
    };
    let place = Place::new(start(&error));
    errors.push(
        place,
        match error.message() {
            "duplicate key" => {
                let found = error.span().and_then(|span| text.get(span));
                Error::config(format!("`{}` is written twice", found.unwrap_or_default()))
                    .hint("keep one of them, or name one otherwise")
            }
            message => Error::config(format!("this is not TOML: {message}")).hint(
                "texts stand in quotes, lists in `[ ]`, and each `key = value` has its own line",
            ),
        },
    );
    None
}

/// Complete only if no error was told.
fn project(document: &DeTable<'_>, errors: &Errors<'_>) -> ProjectSpec {
    let file = Table::new(
        document,
        &keys::PROJECT_FILE,
        "the project file".to_string(),
        Place::START,
        errors,
    );
    if !file.has("project") {
        file.missing("project");
    }
    let name = file
        .table("project", "`[project]`".to_string())
        .and_then(|table| table.required_text("name"));
    if let Some(name) = &name
        && let Err(error) = words::name("a project", name)
    {
        errors.push(name.place, error);
    }
    let plugins = components::read(&file, "plugins", "a plugin");
    let tools = components::read(&file, "tools", "a tool");
    let actions = file.named("actions");
    let deploys = file.named("deploy");
    let names: Vec<&str> = actions.iter().map(|(name, _)| name.value).collect();
    let spec = ProjectSpec {
        source: errors.source().clone(),
        name: name.unwrap_or_else(|| At::new(String::new(), Place::START)),
        plugins,
        tools,
        actions: actions
            .into_iter()
            .filter_map(|(name, value)| action::read(name, value, errors))
            .collect(),
        deploys: deploys
            .into_iter()
            .filter_map(|(name, value)| deploy::read(name, value, errors))
            .collect(),
    };
    across::check(&spec, &names, errors);
    spec
}

//! The way from text to [`ProjectSpec`].

use std::path::Path;

use toml::de::DeTable;

use crate::error::Error;

use super::source::{Errors, Place, Source};
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
        let project = document.and_then(|document| project(&document, &errors));
        match project {
            Some(project) if errors.is_empty() => project,
            _ => return Err(errors.finish()),
        }
    };
    Ok(project)
}

/// `None` where the text is not TOML.
pub(super) fn document<'s>(source: &'s Source, errors: &Errors<'_>) -> Option<DeTable<'s>> {
    /// Above this, only the first error is looked for: each of them costs memory.
    const RECOVERED: usize = 64 << 10;
    let text = source.text();
    let wrong = if text.len() > RECOVERED {
        match DeTable::parse(text) {
            Ok(document) => return Some(document.into_inner()),
            Err(error) => vec![error],
        }
    } else {
        let (document, wrong) = DeTable::parse_recoverable(text);
        if wrong.is_empty() {
            return Some(document.into_inner());
        }
        wrong
    };
    let mut told = None;
    for error in wrong {
        let span = error.span().unwrap_or(text.len()..text.len());
        let line = text[..span.start].matches('\n').count();
        // What follows an error in its line comes from it.
        if told == Some(line) {
            continue;
        }
        told = Some(line);
        let found = text.get(span.clone()).unwrap_or_default();
        let error = match error.message() {
            "duplicate key" => Error::config(format!("`{found}` is written twice"))
                .hint("keep one of them, or name one otherwise"),
            message => Error::config(format!("this is not TOML: {message}")).hint(
                "texts stand in quotes, lists in `[ ]`, and each `key = value` has its own line",
            ),
        };
        errors.push(Place::new(span.start), error);
    }
    None
}

fn project(document: &DeTable<'_>, errors: &Errors<'_>) -> Option<ProjectSpec> {
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
        name: name?,
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
    Some(spec)
}

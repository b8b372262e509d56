//! The plugins and tools of a project: what they are, what is locked of them, how they change.

use std::path::Path;
use std::sync::Arc;

use crate::config::{self, Comparison, Found, Group, Lock, ProjectSpec, Requested};
use crate::error::Error;
use crate::event::Events;
use crate::observe::{Fault, Kind};
use crate::plan::{Programs, read_spec};
use crate::project::{FileTable, Rows};
use crate::run::{OpenOptions, Workspace};
use crate::sandbox::{Program, World};

/// What `plugin list` and `plugin inspect` tell.
#[derive(Clone, Debug)]
pub struct ComponentInfo {
    pub name: String,
    /// `builtin:markdown`, `path:tools/lint.wasm`
    pub source: String,
    pub digest: cofferdam_cache::Digest,
    pub world: World,
    /// Of a plugin, as it says itself.
    pub version: Option<String>,
    pub capabilities: Requested,
    /// JSON Schema; empty where it takes no config.
    pub config_schema: String,
}

/// All plugins and tools that the project can use: the built-in ones, then its own.
pub fn components(open: &OpenOptions, events: &Events) -> Result<Vec<ComponentInfo>, Vec<Error>> {
    let known = Known::open(open, events)?;
    let mut all = Vec::new();
    for builtin in open.builtins {
        let program = known
            .programs
            .plugin(builtin.name)
            .map_err(|error| vec![error])?;
        all.push(info(
            builtin.name,
            &format!("builtin:{}", builtin.name),
            &program,
        ));
    }
    if let Some(spec) = &known.spec {
        for (group, component) in of_project(spec) {
            let program = known
                .find(group, &component.name)
                .map_err(|error| vec![error])?;
            all.retain(|other| other.name != component.name.value);
            all.push(info(
                &component.name,
                &component.source.value.to_string(),
                &program,
            ));
        }
    }
    Ok(all)
}

/// One of [`components`] by its name, or the component at a path.
pub fn inspect(
    open: &OpenOptions,
    name: &str,
    events: &Events,
) -> Result<ComponentInfo, Vec<Error>> {
    if Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "wasm")
    {
        let known = Known::open(open, events)?;
        let path = std::fs::canonicalize(name)
            .map_err(|error| vec![Error::config(format!("cannot read `{name}`")).cause(error)])?;
        let program = known
            .programs
            .at_path(name, &path.to_string_lossy())
            .map_err(|error| vec![error])?;
        return Ok(info(name, &format!("path:{name}"), &program));
    }
    let all = components(open, events)?;
    let names: Vec<String> = all.iter().map(|component| component.name.clone()).collect();
    all.into_iter()
        .find(|component| component.name == name)
        .ok_or_else(|| {
            vec![
                Error::config(format!("there is no plugin or tool `{name}`")).hint(format!(
                    "there are: {}; or give the path of a `.wasm` file",
                    names.join(", ")
                )),
            ]
        })
}

/// What is there beside what the lock says. Nothing is written.
pub fn compare_lock(open: &OpenOptions, events: &Events) -> Result<Comparison, Vec<Error>> {
    let known = Known::open(open, events)?;
    let spec = read_spec(&known.table)?;
    comparison(&known.table, &spec, &known.programs)
}

/// Writes the lock of what is there now. The caller has shown the changes and has consent.
pub fn write_lock(open: &OpenOptions, comparison: &Comparison) -> Result<(), Error> {
    put_lock(&open.folder, &comparison.lock)
}

/// Enters a plugin in the project file, and in the lock what it asks for.
pub fn add(
    open: &OpenOptions,
    name: &str,
    source: &str,
    events: &Events,
) -> Result<ComponentInfo, Vec<Error>> {
    let file = open.folder.join(config::FILE);
    let failed = |error: std::io::Error| {
        vec![Error::environment(format!("cannot change `{}`", file.display())).cause(error)]
    };
    let text = std::fs::read_to_string(&file).map_err(failed)?;
    let mut document: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| vec![Error::config(error.message().to_owned())])?;
    document
        .entry("plugins")
        .or_insert(toml_edit::table())
        .as_table_like_mut()
        .ok_or_else(|| {
            vec![Error::config(
                "`plugins` in the project file is not a table",
            )]
        })?
        .insert(name, toml_edit::value(source));
    let changed = document.to_string();
    // What would be refused is not written.
    config::parse(Path::new(config::FILE), changed.as_bytes())?;
    replace(&file, &changed).map_err(failed)?;
    let added = inspect(open, name, events).and_then(|info| {
        let comparison = compare_lock(open, events)?;
        write_lock(open, &comparison).map_err(|error| vec![error])?;
        Ok(info)
    });
    if added.is_err() {
        replace(&file, &text).map_err(failed)?;
    }
    added
}

/// The JSON Schema of the project file, with the schemas of the plugins' configs in it.
pub fn schema(open: &OpenOptions, events: &Events) -> Result<serde_json::Value, Vec<Error>> {
    let plugins = components(open, events)?;
    let configs = plugins
        .iter()
        .map(|plugin| (plugin.name.as_str(), plugin.config_schema.as_str()));
    Ok(config::schema(configs))
}

struct Known {
    table: Arc<FileTable>,
    spec: Option<ProjectSpec>,
    programs: Programs,
}

impl Known {
    fn open(open: &OpenOptions, events: &Events) -> Result<Known, Vec<Error>> {
        let fault = |fault: Fault| vec![Error::environment(fault.to_string())];
        let workspace = Workspace::open(open, events)?;
        let table = Arc::new(FileTable::new(
            workspace.folder().map_err(fault)?,
            Rows::empty(),
            None,
        ));
        let mut programs = Programs::new(workspace.sandbox(events), table.clone(), open.builtins);
        let has_file = table.identity(config::FILE).map_err(fault)?.kind == Kind::File;
        let spec = if has_file {
            Some(read_spec(&table)?)
        } else {
            None
        };
        if let Some(spec) = &spec {
            programs.name(spec);
        }
        Ok(Known {
            table,
            spec,
            programs,
        })
    }

    fn find(&self, group: Group, name: &str) -> Result<Arc<Program>, Error> {
        match group {
            Group::Plugin => self.programs.plugin(name),
            Group::Tool => self.programs.tool(name),
        }
    }
}

/// Compares what the project names with its lock, and writes the lock where that needs nobody's consent.
/// Gives what to tell.
pub(crate) fn pin(
    table: &FileTable,
    spec: &ProjectSpec,
    programs: &Programs,
    locked: bool,
) -> Result<Vec<String>, Vec<Error>> {
    let comparison = comparison(table, spec, programs)?;
    let errors = comparison.errors(locked);
    if !errors.is_empty() {
        return Err(errors);
    }
    if comparison.changes.is_empty() {
        return Ok(Vec::new());
    }
    put_lock(table.folder().path(), &comparison.lock).map_err(|error| vec![error])?;
    table.forget(config::LOCK);
    Ok(comparison.notices())
}

fn comparison(
    table: &FileTable,
    spec: &ProjectSpec,
    programs: &Programs,
) -> Result<Comparison, Vec<Error>> {
    let fault = |fault: Fault| vec![Error::environment(fault.to_string())];
    let locked = match table.identity(config::LOCK).map_err(fault)?.kind {
        Kind::Absent => None,
        _ => {
            let text = table.read(config::LOCK).map_err(fault)?;
            Some(Lock::parse(Path::new(config::LOCK), &text.bytes)?)
        }
    };
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for (group, component) in of_project(spec) {
        let program = match group {
            Group::Plugin => programs.plugin(&component.name),
            Group::Tool => programs.tool(&component.name),
        };
        match program {
            Ok(program) => found.push(Found {
                group,
                name: component.name.value.clone(),
                source: component.source.value.clone(),
                digest: program.digest(),
                capabilities: requested(&program),
            }),
            Err(error) if error.at.is_some() => errors.push(error),
            Err(error) => errors.push(error.at(spec.position(component.source.place))),
        }
    }
    if errors.is_empty() {
        Ok(config::compare(locked.as_ref(), &found))
    } else {
        Err(errors)
    }
}

fn of_project(spec: &ProjectSpec) -> impl Iterator<Item = (Group, &config::ComponentSpec)> {
    let plugins = spec.plugins.iter().map(|plugin| (Group::Plugin, plugin));
    plugins.chain(spec.tools.iter().map(|tool| (Group::Tool, tool)))
}

/// What a program's description asks for.
pub(crate) fn requested(program: &Program) -> Requested {
    let capabilities = program
        .description()
        .map(|description| description.capabilities.as_slice());
    let capabilities = capabilities.unwrap_or_default().iter();
    capabilities
        .map(|capability| {
            (
                capability.name.clone(),
                capability.scope.iter().cloned().collect(),
            )
        })
        .collect()
}

fn info(name: &str, source: &str, program: &Program) -> ComponentInfo {
    let description = program.description();
    ComponentInfo {
        name: name.to_owned(),
        source: source.to_owned(),
        digest: program.digest(),
        world: program.world(),
        version: description.map(|description| description.version.clone()),
        capabilities: requested(program),
        config_schema: description
            .map_or_else(String::new, |description| description.config_schema.clone()),
    }
}

fn put_lock(folder: &Path, lock: &Lock) -> Result<(), Error> {
    let file = folder.join(config::LOCK);
    replace(&file, &lock.to_string()).map_err(|error| {
        Error::environment(format!("cannot write `{}`", file.display())).cause(error)
    })
}

/// Whole or not at all.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, text)?;
    std::fs::rename(beside, file)
}

//! What a component is, read from its bytes: nothing here runs or compiles it.

use serde::{Deserialize, Serialize};
use wasmparser::{ComponentExternalKind, ComponentTypeRef, Parser, Payload};

use super::job::Description;
use super::module;
use super::wasi::PROVIDED;
use crate::{Error, ErrorKind};

/// The custom section in which a plugin says for which version of `wit/plugin.wit` it was made.
const API_SECTION: &str = "cofferdam:api";
/// The version that this host speaks. Within major version 0 each minor one may break.
const API: (u32, u32) = (0, 1);

/// What a component can be asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    Action,
    Planner,
    /// A planner whose actions its own component runs.
    Suite,
    Deployer,
    /// Any WASI program.
    Command,
}

/// The two kinds of WebAssembly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    Component,
    /// A core module, which is a command of WASI preview 1.
    Module,
}

/// What there is to know of a component without its code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) form: Form,
    pub(super) world: World,
    /// The full name of the interface that a command of WASI 0.2 exports, such as `wasi:cli/run@0.2.6`.
    pub(super) command: Option<String>,
    /// A plugin's own words; a command has none.
    pub(super) description: Option<Description>,
}

/// Refuses what cannot run here, saying why. A plugin's description is left out: it takes a call.
pub(super) fn inspect(name: &str, bytes: &[u8]) -> Result<Facts, Error> {
    if Parser::is_core_wasm(bytes) {
        return module::inspect(name, bytes);
    }
    if !Parser::is_component(bytes) {
        return Err(refusal(name, "is not WebAssembly"));
    }
    let shape = Shape::read(bytes).map_err(|error| {
        refusal(
            name,
            "is damaged or not a component that this version can read",
        )
        .cause(error)
    })?;
    check_api(name, shape.api.as_deref())?;
    let (world, command) = world(name, &shape.exports)?;
    check_imports(name, &shape.imports)?;
    Ok(Facts {
        form: Form::Component,
        world,
        command,
        description: None,
    })
}

pub(super) fn refusal(name: &str, why: &str) -> Error {
    Error::new(ErrorKind::Plugin, format!("`{name}` {why}"))
}

#[derive(Default)]
struct Shape {
    imports: Vec<String>,
    exports: Vec<String>,
    api: Option<Vec<u8>>,
}

impl Shape {
    fn read(bytes: &[u8]) -> Result<Shape, wasmparser::BinaryReaderError> {
        let mut shape = Shape::default();
        // Components and modules nest: imports and exports count at the outermost level only, while the
        // version is where the compiler put it, which is in the module.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(imports) if depth == 0 => {
                    for import in imports {
                        let import = import?;
                        // Names for types ask for nothing.
                        if matches!(import.ty, ComponentTypeRef::Type(_)) {
                            continue;
                        }
                        shape.imports.push(import.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    for export in exports {
                        let export = export?;
                        if export.kind != ComponentExternalKind::Type {
                            shape.exports.push(export.name.name.to_owned());
                        }
                    }
                }
                Payload::CustomSection(section) if section.name() == API_SECTION => {
                    shape.api = Some(section.data().to_vec());
                }
                _ => {}
            }
        }
        Ok(shape)
    }
}

fn check_api(name: &str, section: Option<&[u8]>) -> Result<(), Error> {
    let Some(section) = section else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(section);
    let version = text
        .trim()
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)));
    let ours = format!("this version of cofferdam speaks {}.{}", API.0, API.1);
    match version {
        Some(version) if version == API => Ok(()),
        Some(version) if version > API => {
            Err(refusal(name, &format!("needs plugin API {text}; {ours}")).hint("update cofferdam"))
        }
        Some(_) => Err(
            refusal(name, &format!("was made for plugin API {text}; {ours}"))
                .hint("rebuild the plugin with the present SDK"),
        ),
        None => Err(refusal(
            name,
            &format!("names no plugin API version in its section `{API_SECTION}`"),
        )),
    }
}

/// Tells the worlds apart by their exports; wasmtime checks the types when it makes the component ready.
fn world(name: &str, exports: &[String]) -> Result<(World, Option<String>), Error> {
    let has = |function: &str| exports.iter().any(|export| export == function);
    let calls = ["run", "plan", "deploy", "rollback"];
    let lacks = |function: &str, world: &str| {
        let message = format!("lacks the export `{function}` that the world `{world}` has");
        Err(refusal(name, &message)
            .hint("build it with the plugin SDK for the world that you mean"))
    };
    if !has("describe") && !calls.iter().any(|call| has(call)) {
        let command = exports
            .iter()
            .find(|export| export.starts_with("wasi:cli/run@0.2."));
        return match command {
            Some(command) => Ok((World::Command, Some(command.clone()))),
            None => {
                let found = if exports.is_empty() {
                    "it exports nothing".to_owned()
                } else {
                    format!("it exports {}", list(exports))
                };
                let message = "is neither a plugin nor a command: \
                    it exports none of `describe`, `run`, `plan`, `deploy`, `wasi:cli/run@0.2`";
                Err(refusal(name, message)
                    .cause(found)
                    .hint("a plugin is built for a world of `cofferdam:plugin`, a command for `wasi:cli/command`"))
            }
        };
    }
    let world = if has("deploy") || has("rollback") {
        World::Deployer
    } else if has("plan") && has("run") {
        World::Suite
    } else if has("plan") {
        World::Planner
    } else {
        World::Action
    };
    let (called, needed): (&str, &[&str]) = match world {
        World::Deployer => ("deployer", &["describe", "deploy", "rollback"]),
        World::Suite => ("suite", &["describe"]),
        World::Planner => ("planner", &["describe"]),
        World::Action | World::Command => ("action", &["describe", "run"]),
    };
    match needed.iter().find(|function| !has(function)) {
        Some(missing) => lacks(missing, called),
        None => Ok((world, None)),
    }
}

/// What has no provider is an error here and names what is missing, not a failure in the middle of a run.
fn check_imports(name: &str, imports: &[String]) -> Result<(), Error> {
    let network =
        |import: &str| import.starts_with("wasi:sockets/") || import.starts_with("wasi:http/");
    let missing: Vec<String> = imports
        .iter()
        .filter(|import| !is_provided(import))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if missing.iter().all(|import| network(import)) {
        return Err(Error::new(
            ErrorKind::Denied,
            format!(
                "`{name}` was denied the network: it imports {}",
                list(&missing)
            ),
        )
        .hint("nothing in the sandbox can use the network: build the component without it"));
    }
    Err(refusal(
        name,
        &format!("imports what nobody here provides: {}", list(&missing)),
    )
    .cause(format!(
        "provided are {}",
        PROVIDED
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    ))
    .hint("components may import WASI 0.2 without sockets and http, and `cofferdam:plugin`"))
}

/// Whether `import`, such as `wasi:io/streams@0.2.6`, is one of [`PROVIDED`] in some patch version.
fn is_provided(import: &str) -> bool {
    PROVIDED.iter().any(|provided| {
        let patch = import.strip_prefix(provided);
        patch.is_some_and(|patch| {
            patch.is_empty()
                || patch
                    .strip_prefix('.')
                    .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}

pub(super) fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

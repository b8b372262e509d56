//! The components a project names, found once each.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use cofferdam_cache::Digest;

use crate::config::{ComponentSource, ProjectSpec};
use crate::error::Error;
use crate::observe::Kind;
use crate::open::Builtin;
use crate::plan::build::Outside;
use crate::project::FileTable;
use crate::sandbox::{Component, Program, Sandbox};

/// Finds programs by the names the project file uses.
pub struct Programs {
    sandbox: Arc<Sandbox>,
    table: Arc<FileTable>,
    builtins: &'static [Builtin],
    /// Name → source, of `[plugins]` and of `[tools]`.
    plugins: HashMap<String, ComponentSource>,
    tools: HashMap<String, ComponentSource>,
    found: Mutex<BTreeMap<ComponentSource, Arc<Program>>>,
}

impl Programs {
    pub fn new(
        sandbox: Arc<Sandbox>,
        table: Arc<FileTable>,
        builtins: &'static [Builtin],
    ) -> Programs {
        Programs {
            sandbox,
            table,
            builtins,
            plugins: HashMap::new(),
            tools: HashMap::new(),
            found: Mutex::default(),
        }
    }

    /// Takes the project's own names.
    pub fn name(&mut self, spec: &ProjectSpec) {
        let all = |components: &[crate::config::ComponentSpec]| {
            let sources = components
                .iter()
                .map(|component| (component.name.value.clone(), component.source.value.clone()));
            sources.collect()
        };
        self.plugins = all(&spec.plugins);
        self.tools = all(&spec.tools);
    }

    /// A plugin of the project, else a built-in one.
    pub fn plugin(&self, name: &str) -> Result<Arc<Program>, Error> {
        let builtin = || ComponentSource::Builtin(name.to_owned());
        self.find(
            name,
            self.plugins.get(name).cloned().unwrap_or_else(builtin),
        )
    }

    pub fn tool(&self, name: &str) -> Result<Arc<Program>, Error> {
        match self.tools.get(name) {
            Some(source) => self.find(name, source.clone()),
            None => Err(
                Error::config(format!("there is no tool `{name}`")).hint(format!(
                    "name its component: `{name} = \"path:FILE.wasm\"` under `[tools]`"
                )),
            ),
        }
    }

    /// The component at an absolute path.
    pub fn at_path(&self, name: &str, path: &str) -> Result<Arc<Program>, Error> {
        self.find(name, ComponentSource::Path(path.to_owned()))
    }

    fn find(&self, name: &str, source: ComponentSource) -> Result<Arc<Program>, Error> {
        if let Some(program) = self
            .found
            .lock()
            .expect("no panic while locked")
            .get(&source)
        {
            return Ok(program.clone());
        }
        let component = match &source {
            ComponentSource::Builtin(builtin) => self.builtin(name, builtin)?,
            ComponentSource::Path(path) => self.file(name, path)?,
        };
        let program = self.sandbox.load(&component)?;
        self.found
            .lock()
            .expect("no panic while locked")
            .insert(source, program.clone());
        Ok(program)
    }

    fn builtin(&self, name: &str, builtin: &str) -> Result<Component, Error> {
        let Some(found) = self.builtins.iter().find(|found| found.name == builtin) else {
            let names: Vec<&str> = self.builtins.iter().map(|found| found.name).collect();
            return Err(
                Error::config(format!("there is no plugin `{builtin}`")).hint(format!(
                    "the built-in plugins are: {}; others are named under `[plugins]`",
                    names.join(", ")
                )),
            );
        };
        let bytes = found.bytes;
        Ok(Component {
            name: name.to_owned(),
            digest: Digest {
                hash: found.digest,
                size: bytes.len() as u64,
            },
            bytes: Arc::new(move || Ok(bytes.into())),
        })
    }

    fn file(&self, name: &str, path: &str) -> Result<Component, Error> {
        let failed = |cause: String| {
            Error::config(format!("cannot read the component `{path}` of `{name}`"))
                .cause(cause)
                .hint("build it first, or mend its `path:`")
        };
        let bytes: Arc<[u8]> = if path.starts_with('/') {
            std::fs::read(path)
                .map_err(|error| failed(error.to_string()))?
                .into()
        } else {
            let kind = self
                .table
                .identity(path)
                .map_err(|fault| failed(fault.to_string()))?
                .kind;
            if kind != Kind::File {
                return Err(failed("there is no such file".to_owned()));
            }
            self.table
                .read(path)
                .map_err(|fault| failed(fault.to_string()))?
                .bytes
        };
        Ok(Component {
            name: name.to_owned(),
            digest: Digest::of(&bytes),
            bytes: Arc::new(move || Ok(bytes.to_vec().into())),
        })
    }

    /// Component files of the project that were read.
    pub fn project_files(&self) -> Vec<String> {
        self.paths().filter(|path| !path.starts_with('/')).collect()
    }

    /// Component files elsewhere that were read.
    pub fn outside_files(&self) -> Outside {
        let found = self.found.lock().expect("no panic while locked");
        let files = found.iter().filter_map(|(source, program)| match source {
            ComponentSource::Path(path) if path.starts_with('/') => {
                Some((path.as_str().into(), program.digest().hash))
            }
            _ => None,
        });
        files.collect()
    }

    fn paths(&self) -> impl Iterator<Item = String> {
        let found = self.found.lock().expect("no panic while locked");
        let paths = found.keys().filter_map(|source| match source {
            ComponentSource::Path(path) => Some(path.clone()),
            ComponentSource::Builtin(_) => None,
        });
        paths.collect::<Vec<_>>().into_iter()
    }
}

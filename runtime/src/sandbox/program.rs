//! A component that may run: known by its facts, made ready when it first runs.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cofferdam_cache::Digest;
use wasmtime::component::{self, ComponentExportIndex};
use wasmtime::{ExternType, Module};

use super::code::Compiled;
use super::component::{Facts, World};
use super::engine::Machine;
use super::guest::Ready;
use super::module::START;
use super::wasi::preview1;
use super::{Call, Description};
use crate::{Error, ErrorKind};

/// The bytes of a component, fetched only if its code has to be compiled.
pub type Bytes = Arc<dyn Fn() -> Result<Cow<'static, [u8]>, Error> + Send + Sync>;

/// A component, or a core module that is a command, as its user names it.
#[derive(Clone)]
pub struct Component {
    /// For messages: `markdown`, `tools/lint.wasm`.
    pub name: String,
    /// Of the bytes.
    pub digest: Digest,
    pub bytes: Bytes,
}

impl Component {
    /// The bytes, which are those that the digest names.
    pub(super) fn fetch(&self) -> Result<Cow<'static, [u8]>, Error> {
        let bytes = (self.bytes)()?;
        if Digest::of(&bytes) == self.digest {
            return Ok(bytes);
        }
        let message = format!("`{}` is not the component that it was", self.name);
        Err(Error::environment(message).hint("did it change while it was read? run again"))
    }
}

/// A component that was found fit to run.
pub struct Program {
    component: Component,
    facts: Facts,
    pooled: Preparation,
    roomy: Preparation,
}

#[derive(Default)]
struct Preparation {
    /// `None` where the program does not fit.
    ready: OnceLock<Option<Ready>>,
    /// One thread prepares, the others wait.
    busy: Mutex<()>,
}

/// On which machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Pooled,
    Roomy,
}

impl Program {
    pub(super) fn new(component: Component, facts: Facts) -> Program {
        Program {
            component,
            facts,
            pooled: Preparation::default(),
            roomy: Preparation::default(),
        }
    }

    pub fn name(&self) -> &str {
        &self.component.name
    }

    pub fn digest(&self) -> Digest {
        self.component.digest
    }

    pub fn world(&self) -> World {
        self.facts.world
    }

    /// What a plugin says of itself; none for a command.
    pub fn description(&self) -> Option<&Description> {
        self.facts.description.as_ref()
    }

    pub(super) fn component(&self) -> &Component {
        &self.component
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(super) fn described(mut self, description: Description) -> Program {
        self.facts.description = Some(description);
        self
    }

    /// The program ready to run at `place`, prepared with what `load` gives the first time. `None` if it does not
    /// fit there.
    pub(super) fn ready(
        &self,
        place: Place,
        machine: &Machine,
        load: impl FnOnce() -> Result<Option<Compiled>, Error>,
    ) -> Result<Option<&Ready>, Error> {
        let preparation = match place {
            Place::Pooled => &self.pooled,
            Place::Roomy => &self.roomy,
        };
        if let Some(ready) = preparation.ready.get() {
            return Ok(ready.as_ref());
        }
        let _busy = preparation
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if preparation.ready.get().is_none() {
            let ready = load()?
                .map(|compiled| self.link(machine, &compiled))
                .transpose()?;
            return Ok(preparation.ready.get_or_init(|| ready).as_ref());
        }
        Ok(preparation.ready.get().and_then(Option::as_ref))
    }

    fn link(&self, machine: &Machine, compiled: &Compiled) -> Result<Ready, Error> {
        let linked = match compiled {
            Compiled::Component(component) => {
                let instance = machine.linker.instantiate_pre(component);
                instance.map(|instance| Ready::Component {
                    instance,
                    exports: Exports::find(component, self.facts.command.as_deref()),
                })
            }
            Compiled::Module(module) => link_module(machine, module),
        };
        linked.map_err(|error| {
            let message = format!(
                "`{}` does not fit the interfaces that it imports",
                self.name()
            );
            Error::new(ErrorKind::Plugin, message).cause(format!("{error:#}"))
        })
    }
}

fn link_module(machine: &Machine, module: &Module) -> wasmtime::Result<Ready> {
    let start = module.get_export(START);
    if !matches!(start, Some(ExternType::Func(start)) if start.params().len() + start.results().len() == 0)
    {
        let message = format!("`{START}` must be a function without arguments and results");
        return Err(wasmtime::Error::msg(message));
    }
    let instance = preview1::linker(&machine.engine)?.instantiate_pre(module)?;
    Ok(Ready::Module(instance))
}

/// Where a component's functions are.
pub(super) struct Exports {
    describe: Option<ComponentExportIndex>,
    run: Option<ComponentExportIndex>,
    plan: Option<ComponentExportIndex>,
    deploy: Option<ComponentExportIndex>,
    rollback: Option<ComponentExportIndex>,
    command: Option<ComponentExportIndex>,
}

impl Exports {
    fn find(component: &component::Component, command: Option<&str>) -> Exports {
        let root = |name: &str| component.get_export_index(None, name);
        Exports {
            describe: root("describe"),
            run: root("run"),
            plan: root("plan"),
            deploy: root("deploy"),
            rollback: root("rollback"),
            command: command
                .and_then(root)
                .and_then(|interface| component.get_export_index(Some(&interface), "run")),
        }
    }

    pub(super) fn describe(&self) -> wasmtime::Result<&ComponentExportIndex> {
        self.describe.as_ref().ok_or_else(|| lacks("describe"))
    }

    pub(super) fn of(&self, call: &Call) -> wasmtime::Result<&ComponentExportIndex> {
        let (export, name) = match call {
            Call::Run { .. } => (&self.run, "run"),
            Call::Plan { .. } => (&self.plan, "plan"),
            Call::Deploy { .. } => (&self.deploy, "deploy"),
            Call::Rollback { .. } => (&self.rollback, "rollback"),
            Call::Command { .. } => (&self.command, "wasi:cli/run"),
        };
        export.as_ref().ok_or_else(|| lacks(name))
    }
}

fn lacks(name: &str) -> wasmtime::Error {
    wasmtime::Error::msg(format!("the component does not export `{name}`"))
}

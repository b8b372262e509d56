//! One action of the project file: its names to programs, grants and variables.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::config::{self, ActionKind, ActionSpec, Grants, Hidden, VariableSpec};
use crate::error::Error;
use crate::open::OpenOptions;
use crate::plan::action::{Action, ActionId, Need, NeedOf, Verb};
use crate::plan::build::{Outside, Plan};
use crate::plan::lock::requested;
use crate::sandbox::{Limits, Program, World};

impl Plan {
    pub(super) fn resolve(
        &self,
        open: &OpenOptions,
        spec: &ActionSpec,
        numbers: &HashMap<String, ActionId>,
        hidden: &Arc<Hidden>,
        variables: &mut Outside,
    ) -> Result<Action, Error> {
        let position = self.spec.position(spec.name.place);
        let (program, verb) = match &spec.kind {
            ActionKind::Plugin(name) => {
                let program = self
                    .programs
                    .plugin(name)
                    .map_err(|error| self.placed(error, name.place))?;
                let config = spec.config.canonical();
                let verb = match program.world() {
                    World::Action => Verb::Run { config },
                    World::Planner | World::Suite => Verb::Plan { config },
                    World::Deployer | World::Command => {
                        return Err(Error::config(format!(
                            "the plugin `{}` cannot run as an action",
                            name.value
                        ))
                        .cause("it is a deployer or a plain program")
                        .at(self.spec.position(name.place))
                        .hint(
                            "use a deployer in `[deploy.NAME]`, a program in `[tools]` and `run`",
                        ));
                    }
                };
                (program, verb)
            }
            ActionKind::Run { tool, arguments } => {
                let program = self
                    .programs
                    .tool(tool)
                    .map_err(|error| self.placed(error, tool.place))?;
                if program.world() != World::Command {
                    return Err(Error::config(format!(
                        "`{}` is a plugin, not a program to run",
                        tool.value
                    ))
                    .at(self.spec.position(tool.place))
                    .hint("name it under `[plugins]` and use it with `plugin`"));
                }
                let arguments = arguments.iter().map(|argument| argument.value.expand(None));
                let arguments = std::iter::once(tool.value.clone())
                    .chain(arguments)
                    .collect();
                (program, Verb::Command { arguments })
            }
        };
        let environment = environment(open, &spec.environment, variables);
        let grants = self.effective(
            &spec.grants,
            &program,
            &format!("actions.{}", spec.name.value),
            spec.grants_place,
        )?;
        let limits = Limits {
            memory: spec.memory.unwrap_or(Limits::default().memory),
            timeout: spec.timeout,
            ..Limits::default()
        };
        let needs = spec.needs.iter().map(|need| Need {
            name: need.name.as_str().into(),
            of: NeedOf::Action(numbers[&need.action.value]),
        });
        Ok(Action {
            name: spec.name.value.as_str().into(),
            position: Some(position),
            program,
            verb,
            sight: Arc::new(spec.sight(hidden.clone())),
            needs: needs.collect(),
            base: spec.base.as_ref().map(|base| numbers[&base.value]),
            environment,
            grants,
            limits,
            layered: self.spec.actions.iter().any(|other| {
                other
                    .base
                    .as_ref()
                    .is_some_and(|base| base.value == spec.name.value)
            }),
            outputs: spec
                .outputs
                .iter()
                .map(|output| output.value.clone())
                .collect(),
            cache_failures: spec.cache_failures,
            salt: spec.salt.clone(),
            writes: spec
                .writes
                .as_ref()
                .map(|folder| folder.value.as_str().into()),
            planner: None,
            key: cofferdam_cache::Key([0; 32]),
            recorded: None,
        })
    }

    /// Requested ∧ granted, or the error that names what to add.
    pub(super) fn effective(
        &self,
        granted: &Grants,
        program: &Program,
        table: &str,
        place: config::Place,
    ) -> Result<Grants, Error> {
        if program.description().is_none() {
            return Ok(granted.clone());
        }
        granted.effective(&requested(program)).map_err(|missing| {
            config::denied(table, program.name(), &missing).at(self.spec.position(place))
        })
    }

    pub(super) fn placed(&self, error: Error, place: config::Place) -> Error {
        if error.at.is_some() {
            error
        } else {
            error.at(self.spec.position(place))
        }
    }
}

/// blake3 of a host variable's value; zeros where there is none.
pub fn variable_value(value: Option<&str>) -> [u8; 32] {
    value.map_or([0; 32], |value| *blake3::hash(value.as_bytes()).as_bytes())
}

fn environment(
    open: &OpenOptions,
    spec: &BTreeMap<String, config::At<VariableSpec>>,
    variables: &mut Outside,
) -> Vec<(String, String)> {
    let value = |variable: &VariableSpec, variables: &mut Outside| match variable {
        VariableSpec::Literal(text) => Some(text.clone()),
        VariableSpec::Host(name) => {
            let value = (open.host_environment)(name);
            variables.push((name.as_str().into(), variable_value(value.as_deref())));
            value
        }
    };
    let all = spec
        .iter()
        .filter_map(|(name, variable)| Some((name.clone(), value(&variable.value, variables)?)));
    all.collect()
}

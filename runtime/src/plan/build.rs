//! The project file, resolved: names to actions, plugins to programs, patterns to what is there.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::config::{
    self, ActionKind, ActionSpec, Builtins, Capability, Grants, Hidden, Matched, ProjectSpec,
    VariableSpec,
};
use crate::error::{Error, ErrorKind, Position};
use crate::event::{Event, Events};
use crate::open::OpenOptions;
use crate::plan::action::{Action, ActionId, Need, Verb};
use crate::plan::key::{Parts, static_key};
use crate::plan::lock::{pin, requested};
use crate::plan::matching::matching;
use crate::plan::programs::Programs;
use crate::project::FileTable;
use crate::sandbox::{Limits, Program, World};

/// All that a project asks for, before planners add to it. Each action's needs stand before it.
pub struct Plan {
    pub spec: ProjectSpec,
    pub actions: Vec<Arc<Action>>,
    /// What `for_each` made of an action: the files, by the action's number.
    groups: HashMap<ActionId, Vec<String>>,
    /// Host variables that are passed on, with blake3 of their values.
    variables: Outside,
    /// Planning has changed the project's folder: looks at it from before are worth nothing.
    pub wrote_lock: bool,
    pub programs: Programs,
    /// Paths of the project that the plan rests on: a change of one of them means another plan.
    host_paths: Mutex<Vec<String>>,
}

/// Name of a host variable, or absolute path of a file, and blake3 of its value: zeros where there is none.
pub type Outside = Vec<(Box<str>, [u8; 32])>;

/// One `[deploy.NAME]`, resolved.
pub struct DeployPlan {
    pub name: String,
    pub from: String,
    pub position: Position,
    pub program: Arc<Program>,
    pub config: String,
    /// What it may change, one instance each.
    pub folders: Vec<String>,
    pub timeout: Option<Duration>,
}

impl Plan {
    /// Reads and resolves the project file. All errors of one kind at once.
    pub fn build(
        open: &OpenOptions,
        table: &Arc<FileTable>,
        mut programs: Programs,
        locked: bool,
        events: &Events,
    ) -> Result<Plan, Vec<Error>> {
        let spec = read_spec(table)?;
        programs.name(&spec);
        let names: Vec<&str> = open.builtins.iter().map(|builtin| builtin.name).collect();
        config::check(
            &spec,
            &Builtins {
                plugins: &names,
                tools: &[],
            },
        )?;
        let pinned = pin(table, &spec, &programs, locked)?;
        let wrote_lock = !pinned.is_empty();
        for message in pinned {
            events(Event::Notice { message });
        }
        let mut plan = Plan {
            actions: Vec::new(),
            groups: HashMap::new(),
            variables: Vec::new(),
            wrote_lock,
            host_paths: Mutex::new(vec![config::FILE.to_owned(), config::LOCK.to_owned()]),
            programs,
            spec,
        };
        let hidden = Arc::new(plan.spec.hidden());
        let order = plan.order();
        let numbers: HashMap<String, ActionId> = order
            .iter()
            .enumerate()
            .map(|(number, index)| {
                (
                    plan.spec.actions[*index].name.value.clone(),
                    number as ActionId,
                )
            })
            .collect();
        let mut errors = Vec::new();
        let mut variables = Vec::new();
        for (number, &index) in order.iter().enumerate() {
            let spec = plan.spec.actions[index].clone();
            match plan.resolve(open, &spec, &numbers, &hidden, &mut variables) {
                Ok(mut action) => {
                    if let Some(pattern) = &spec.for_each {
                        let mut folders = Vec::new();
                        match matching(table, &action.sight, pattern.patterns.clone(), &mut folders)
                        {
                            Ok(files) => {
                                if files.is_empty() {
                                    errors.push(plan.nothing_matches(&spec, pattern.place));
                                }
                                plan.groups.insert(number as ActionId, files);
                            }
                            Err(fault) => errors.push(Error::environment(fault.to_string())),
                        }
                        plan.host_paths
                            .lock()
                            .expect("no panic while locked")
                            .extend(folders);
                        action.verb = Verb::Gather;
                    }
                    action.key = static_key(&action);
                    plan.actions.push(Arc::new(action));
                }
                Err(error) => errors.push(error),
            }
        }
        errors.extend(plan.unmatched_reads(table, &hidden));
        variables.sort();
        variables.dedup();
        plan.variables = variables;
        if errors.is_empty() {
            Ok(plan)
        } else {
            Err(errors)
        }
    }

    /// Indices of the actions as written, each after all it needs. The parser has refused cycles.
    fn order(&self) -> Vec<usize> {
        let actions = &self.spec.actions;
        let places: HashMap<&str, usize> = actions
            .iter()
            .enumerate()
            .map(|(index, action)| (action.name.as_str(), index))
            .collect();
        let mut order = Vec::with_capacity(actions.len());
        let mut entered = vec![false; actions.len()];
        for start in 0..actions.len() {
            let mut stack = vec![(start, false)];
            while let Some((index, needs_done)) = stack.pop() {
                if needs_done {
                    order.push(index);
                } else if !std::mem::replace(&mut entered[index], true) {
                    stack.push((index, true));
                    let action = &actions[index];
                    let inputs = action
                        .needs
                        .iter()
                        .map(|need| &need.action)
                        .chain(&action.base);
                    stack.extend(inputs.map(|input| (places[input.as_str()], false)));
                }
            }
        }
        order
    }

    fn resolve(
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
            action: numbers[&need.action.value],
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
        })
    }

    /// Requested ∧ granted, or the error that names what to add.
    fn effective(
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

    fn placed(&self, error: Error, place: config::Place) -> Error {
        if error.at.is_some() {
            error
        } else {
            error.at(self.spec.position(place))
        }
    }

    fn nothing_matches(&self, spec: &ActionSpec, place: config::Place) -> Error {
        Error::config(format!(
            "`for_each` of `{}` matches no file",
            spec.name.value
        ))
        .at(self.spec.position(place))
        .hint("check the pattern, and that `reads` shows the files")
    }

    /// Patterns of `reads` without a wildcard must name something that is there.
    fn unmatched_reads(&self, table: &FileTable, hidden: &Hidden) -> Vec<Error> {
        let mut errors = Vec::new();
        for spec in &self.spec.actions {
            let Some(reads) = &spec.reads else { continue };
            for (pattern, place) in reads.patterns.patterns().iter().zip(&reads.places) {
                if pattern.takes_out() {
                    continue;
                }
                let prefix = pattern.literal_prefix();
                self.host_paths
                    .lock()
                    .expect("no panic while locked")
                    .push(prefix.clone());
                let there = table
                    .identity(&prefix)
                    .is_ok_and(|identity| identity.kind != crate::observe::Kind::Absent);
                if !there && !hidden.hides(&prefix) {
                    errors.push(
                        Error::config(format!(
                            "`reads` of `{}` matches nothing: there is no `{prefix}`",
                            spec.name.value
                        ))
                        .at(self.spec.position(*place))
                        .hint("mend the pattern, or take it out"),
                    );
                }
            }
        }
        errors
    }

    /// The numbers of the named actions; of all when none is named.
    pub fn select(&self, names: &[String]) -> Result<Vec<ActionId>, Vec<Error>> {
        if names.is_empty() {
            return Ok((0..self.actions.len() as ActionId).collect());
        }
        let mut selected = Vec::new();
        let mut errors = Vec::new();
        for name in names {
            match self
                .actions
                .iter()
                .position(|action| *action.name == **name)
            {
                Some(number) => selected.push(number as ActionId),
                None => errors.push(self.unknown(name)),
            }
        }
        if errors.is_empty() {
            Ok(selected)
        } else {
            Err(errors)
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let error = Error::config(format!("there is no action `{name}`"));
        if let Some((planner, _)) = name.split_once(':') {
            return error.hint(format!(
                "name `{planner}`: the actions it plans come with it"
            ));
        }
        error.hint(config::suggest(
            name,
            "actions",
            self.actions.iter().map(|action| &*action.name),
        ))
    }

    /// The action whose sight of the project lies below all layers of `action`.
    pub fn ground<'a>(&'a self, action: &'a Action) -> &'a Action {
        let mut ground = action;
        while let Some(base) = ground.base {
            ground = &self.actions[base as usize];
        }
        ground
    }

    /// Paths of the project that the plan itself rests on.
    pub fn host_paths(&self) -> Vec<String> {
        let mut paths = self
            .host_paths
            .lock()
            .expect("no panic while locked")
            .clone();
        // Those of planned actions too.
        paths.extend(self.programs.project_files());
        paths.sort();
        paths.dedup();
        paths
    }

    /// What the plan rests on that is not in the project: host variables and files at absolute paths.
    pub fn outside(&self) -> Outside {
        let mut outside = self.variables.clone();
        outside.extend(self.programs.outside_files());
        outside
    }

    /// blake3 of the folders that no action is shown.
    pub fn hidden(&self) -> [u8; 32] {
        let mut parts = Parts::default();
        for folder in self.spec.hidden().folders() {
            parts.text(folder);
        }
        parts.finish()
    }

    /// The actions that `for_each` makes of `group`.
    pub(super) fn group(&self, id: ActionId, group: &Action) -> Vec<Action> {
        let spec = self
            .spec
            .action(&group.name)
            .expect("a group is an action of the project file");
        let files = self.groups.get(&id).map_or(&[][..], Vec::as_slice);
        let actions = files.iter().map(|file| {
            let matched = Matched::new(file);
            let verb = match &spec.kind {
                ActionKind::Plugin(_) => Verb::Run {
                    config: spec.config.expand(&matched),
                },
                ActionKind::Run { tool, arguments } => {
                    let arguments = arguments
                        .iter()
                        .map(|argument| argument.value.expand(Some(&matched)));
                    Verb::Command {
                        arguments: std::iter::once(tool.value.clone())
                            .chain(arguments)
                            .collect(),
                    }
                }
            };
            let mut action = Action {
                name: format!("{}:{file}", group.name).into(),
                verb,
                planner: Some((id, true)),
                writes: None,
                ..group.clone()
            };
            action.key = static_key(&action);
            action
        });
        actions.collect()
    }

    pub fn deploy(&self, name: &str) -> Result<DeployPlan, Vec<Error>> {
        let Some(spec) = self.spec.deploy(name) else {
            let names: Vec<&str> = self
                .spec
                .deploys
                .iter()
                .map(|deploy| deploy.name.as_str())
                .collect();
            let error = Error::config(format!("there is no deployment `{name}`"));
            return Err(vec![if names.is_empty() {
                error.hint("`[deploy.NAME]` in the project file makes one: see docs/config.md")
            } else {
                error.hint(format!("the deployments are: {}", names.join(", ")))
            }]);
        };
        let position = self.spec.position(spec.name.place);
        let program = self
            .programs
            .plugin(&spec.plugin)
            .map_err(|error| vec![self.placed(error, spec.plugin.place)])?;
        if program.world() != World::Deployer {
            return Err(vec![
                Error::config(format!("the plugin `{}` is no deployer", spec.plugin.value))
                    .at(self.spec.position(spec.plugin.place))
                    .hint("`directory` is the built-in one"),
            ]);
        }
        let what = format!("deployment `{name}`");
        let grants = self
            .effective(
                &spec.grants,
                &program,
                &format!("deploy.{name}"),
                spec.grants_place,
            )
            .map_err(|error| vec![error])?;
        let folders: Vec<String> = grants.scope(Capability::Write).map(str::to_owned).collect();
        if folders.is_empty() {
            return Err(vec![
                Error::new(
                    ErrorKind::Denied,
                    format!("{what} has no folder to write to"),
                )
                .at(position)
                .hint(format!(
                    "name it: `grants = {{ write = [\"public\"] }}` in `[deploy.{name}]`"
                )),
            ]);
        }
        Ok(DeployPlan {
            name: name.to_owned(),
            from: spec.from.value.clone(),
            position,
            program,
            config: spec.config.canonical(),
            folders,
            timeout: spec.timeout,
        })
    }
}

pub fn read_spec(table: &FileTable) -> Result<ProjectSpec, Vec<Error>> {
    let fault = |fault: crate::observe::Fault| vec![Error::environment(fault.to_string())];
    if table.identity(config::FILE).map_err(fault)?.kind == crate::observe::Kind::Absent {
        let folder = table.folder().path().display();
        return Err(vec![
            Error::config(format!("there is no `{}` in `{folder}`", config::FILE))
                .hint("`cofferdam init` writes one, `-C DIR` names another folder"),
        ]);
    }
    let content = table.read(config::FILE).map_err(fault)?;
    config::parse(std::path::Path::new(config::FILE), &content.bytes)
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

//! The project file, resolved: names to actions, plugins to programs, patterns to what is there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::config::{self, ActionKind, ActionSpec, Builtins, Hidden, Matched, ProjectSpec};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::open::OpenOptions;
use crate::plan::action::{Action, ActionId, Verb};
use crate::plan::key::{Parts, static_key};
use crate::plan::lock::pin;
use crate::plan::matching::matching;
use crate::plan::programs::Programs;
use crate::project::FileTable;

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

impl Plan {
    /// Resolves what [`read_checked`] gives. All errors of one kind at once.
    pub fn build(
        open: &OpenOptions,
        spec: ProjectSpec,
        table: &Arc<FileTable>,
        mut programs: Programs,
        locked: bool,
        events: &Events,
    ) -> Result<Plan, Vec<Error>> {
        programs.name(&spec);
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
    pub(super) fn group(
        &self,
        id: ActionId,
        group: &Action,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<Action> {
        let spec = self
            .spec
            .action(&group.name)
            .expect("a group is an action of the project file");
        let files = self.groups.get(&id).map_or(&[][..], Vec::as_slice);
        let files = files.iter().filter(|file| wanted(file));
        let actions = files.map(|file| {
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
}

/// The project file, sound in itself.
pub fn read_checked(open: &OpenOptions, table: &FileTable) -> Result<ProjectSpec, Vec<Error>> {
    let spec = read_spec(table)?;
    let names: Vec<&str> = open.builtins.iter().map(|builtin| builtin.name).collect();
    config::check(
        &spec,
        &Builtins {
            plugins: &names,
            tools: &[],
        },
    )?;
    Ok(spec)
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

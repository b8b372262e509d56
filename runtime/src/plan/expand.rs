//! What a planner asked for, as actions of the run.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{Patterns, Sight, canonical};
use crate::error::{Error, ErrorKind};
use crate::plan::action::{Action, ActionId, Need, NeedOf, Verb};
use crate::plan::build::Plan;
use crate::plan::key::static_key;
use crate::sandbox::{NeedSource, PlannedAction};

impl Plan {
    /// The planned actions, numbered from `first`. They have at most the planner's sight, grants and plugins;
    /// what goes beyond that, names twice or needs what is not there is the planner's error.
    pub fn expand(
        &self,
        planner_id: ActionId,
        planner: &Action,
        planned: &[PlannedAction],
        first: usize,
    ) -> Result<Vec<Action>, Vec<Error>> {
        if planner.verb == Verb::Gather {
            return Ok(self.group(planner_id, planner, |_| true));
        }
        self.expand_planned(planner_id, planner, planned, first, None)
    }

    /// Only those of the actions that are listed, `recorded` with the numbers of their records: the plan is the last
    /// run's, and of the others it needs what they left then.
    pub fn expand_some(
        &self,
        planner_id: ActionId,
        planner: &Action,
        planned: &[PlannedAction],
        first: usize,
        last: &Recorded,
    ) -> Result<Vec<Action>, Vec<Error>> {
        let mut actions = if planner.verb == Verb::Gather {
            self.group(planner_id, planner, |file| last.number(file).is_some())
        } else {
            self.expand_planned(planner_id, planner, planned, first, Some(last))?
        };
        for action in &mut actions {
            let below = &action.name[planner.name.len() + 1..];
            action.recorded = last.number(below);
        }
        Ok(actions)
    }

    fn expand_planned(
        &self,
        planner_id: ActionId,
        planner: &Action,
        planned: &[PlannedAction],
        first: usize,
        last: Option<&Recorded>,
    ) -> Result<Vec<Action>, Vec<Error>> {
        let mut numbers: HashMap<&str, ActionId> = HashMap::with_capacity(planned.len());
        let mut errors = Vec::new();
        let wrong = |message: String| {
            Error::new(
                ErrorKind::Plugin,
                format!("the plan of `{}` is wrong", planner.name),
            )
            .cause(message)
            .hint("this is a bug of the planner: report it to its author")
        };
        for (index, action) in planned.iter().enumerate() {
            let number = (first + index) as ActionId;
            if action.name.is_empty() || action.name.contains([':', '\n', '\0']) {
                errors.push(wrong(format!(
                    "`{}` cannot be the name of an action",
                    action.name
                )));
            }
            if numbers.insert(&action.name, number).is_some() {
                errors.push(wrong(format!("two actions are named `{}`", action.name)));
            }
        }
        if let Some(name) = cycle(planned) {
            errors.push(wrong(format!(
                "the action `{name}` needs itself, by way of others"
            )));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut sights: HashMap<&[String], Arc<Sight>> = HashMap::new();
        let mut actions = Vec::with_capacity(planned.len());
        for spec in planned {
            let sight = match sights.get(spec.reads.as_slice()) {
                Some(sight) => sight.clone(),
                None => {
                    let patterns = match Patterns::new(&spec.reads) {
                        Ok(patterns) => patterns,
                        Err((_, error)) => {
                            errors.push(wrong(format!("in `reads` of `{}`: {error}", spec.name)));
                            continue;
                        }
                    };
                    let sight = Arc::new(planner.sight.narrowed(Arc::new(patterns)));
                    sights.insert(&spec.reads, sight.clone());
                    sight
                }
            };
            match self.planned(planner_id, planner, spec, sight, &numbers, last) {
                Ok(action) => actions.push(action),
                Err(message) => errors.push(wrong(format!("in `{}`: {message}", spec.name))),
            }
        }
        if errors.is_empty() {
            Ok(actions)
        } else {
            Err(errors)
        }
    }

    fn planned(
        &self,
        planner_id: ActionId,
        planner: &Action,
        spec: &PlannedAction,
        sight: Arc<Sight>,
        numbers: &HashMap<&str, ActionId>,
        last: Option<&Recorded>,
    ) -> Result<Action, String> {
        let program = match &spec.plugin {
            None => planner.program.clone(),
            Some(name) => self
                .programs
                .plugin(name)
                .map_err(|error| error.to_string())?,
        };
        let mut needs = Vec::with_capacity(spec.needs.len());
        for (place, need) in spec.needs.iter().enumerate() {
            let of = match &need.source {
                NeedSource::Planned(name) => {
                    let listed = numbers.get(name.as_str()).copied().map(NeedOf::Action);
                    let recorded = || last?.need(&spec.name, place);
                    listed
                        .or_else(recorded)
                        .ok_or_else(|| format!("it needs `{name}`, which is not in the plan"))?
                }
                NeedSource::Inherited(name) => planner
                    .needs
                    .iter()
                    .find(|need| *need.name == **name)
                    .map(|need| need.of)
                    .ok_or_else(|| {
                        format!("it needs `{name}`, which the planner itself does not have")
                    })?,
            };
            if cofferdam_cache::Name::new(&need.name).is_err() {
                return Err(format!(
                    "`{}` cannot be the name of a folder below `/in`",
                    need.name
                ));
            }
            needs.push(Need {
                name: need.name.as_str().into(),
                of,
            });
        }
        let mut names: Vec<&str> = needs.iter().map(|need| &*need.name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("two needs are named `{}`", pair[0]));
        }
        let mut action = Action {
            name: format!("{}:{}", planner.name, spec.name).into(),
            position: planner.position.clone(),
            program,
            verb: Verb::Run {
                config: canonical_config(&spec.config)?,
            },
            sight,
            needs,
            base: None,
            environment: planner.environment.clone(),
            grants: planner.grants.clone(),
            limits: planner.limits,
            layered: false,
            outputs: Vec::new(),
            cache_failures: planner.cache_failures,
            salt: planner.salt.clone(),
            writes: None,
            planner: Some((planner_id, spec.exported)),
            key: cofferdam_cache::Key([0; 32]),
            recorded: None,
        };
        action.key = static_key(&action);
        Ok(action)
    }
}

/// Some of a planner's actions as the last run's record has them.
pub struct Recorded<'a> {
    /// Name, without the planner's → number in the record.
    pub numbers: HashMap<&'a str, usize>,
    /// The need at a place of the action with a number.
    pub need: &'a dyn Fn(usize, usize) -> NeedOf,
}

impl Recorded<'_> {
    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    fn need(&self, name: &str, place: usize) -> Option<NeedOf> {
        Some((self.need)(self.number(name)?, place))
    }
}

fn canonical_config(json: &str) -> Result<String, String> {
    match serde_json::from_str(json) {
        Ok(value) => Ok(canonical(&value)),
        Err(error) => Err(format!("its config is not JSON: {error}")),
    }
}

/// An action of the plan that needs itself.
fn cycle(planned: &[PlannedAction]) -> Option<&str> {
    let numbers: HashMap<&str, usize> = planned
        .iter()
        .enumerate()
        .map(|(index, action)| (&*action.name, index))
        .collect();
    let inputs = |index: usize| {
        planned[index]
            .needs
            .iter()
            .filter_map(|need| match &need.source {
                NeedSource::Planned(name) => numbers.get(name.as_str()).copied(),
                NeedSource::Inherited(_) => None,
            })
    };
    let mut open: Vec<usize> = (0..planned.len())
        .map(|index| inputs(index).count())
        .collect();
    let mut dependents = vec![Vec::new(); planned.len()];
    for index in 0..planned.len() {
        for input in inputs(index) {
            dependents[input].push(index);
        }
    }
    let mut ready: Vec<usize> = (0..planned.len())
        .filter(|index| open[*index] == 0)
        .collect();
    while let Some(index) = ready.pop() {
        for &dependent in &dependents[index] {
            open[dependent] -= 1;
            if open[dependent] == 0 {
                ready.push(dependent);
            }
        }
    }
    (0..planned.len())
        .find(|index| open[*index] > 0)
        .map(|index| &*planned[index].name)
}

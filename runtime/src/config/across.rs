//! What must be true of a project's entries together.

use std::collections::{HashMap, HashSet};

use crate::error::Error;

use super::glob::{ancestors, is_within};
use super::source::{At, Errors, Place};
use super::spec::{ActionSpec, PatternsSpec, ProjectSpec};
use super::{FILE, LOCK, words};

/// `names` are all actions that were written, those that could not be read included.
pub(super) fn check(project: &ProjectSpec, names: &[&str], errors: &Errors<'_>) {
    references(project, names, errors);
    circles(project, errors);
    let owners = folders(project, errors);
    for action in &project.actions {
        let lists = [("reads", &action.reads), ("for_each", &action.for_each)];
        for (key, patterns) in lists {
            if let Some(patterns) = patterns {
                shown(key, patterns, &owners, errors);
            }
        }
    }
}

/// Needs, bases and what is deployed are actions.
fn references(project: &ProjectSpec, names: &[&str], errors: &Errors<'_>) {
    let known: HashSet<&str> = names.iter().copied().collect();
    let check = |name: &At<String>, user: String| {
        if !known.contains(name.as_str()) && !errors.is_full() {
            errors.push(name.place, missing(name, &user, names));
        }
    };
    let for_each: HashSet<&str> = project
        .actions
        .iter()
        .filter(|action| action.for_each.is_some())
        .map(|action| action.name.as_str())
        .collect();
    for action in &project.actions {
        for need in &action.needs {
            check(&need.action, format!("action `{}` needs", *action.name));
        }
        let Some(base) = &action.base else { continue };
        check(base, format!("action `{}` has the base", *action.name));
        if for_each.contains(base.as_str()) {
            let error = Error::config(format!(
                "`{}` cannot be the base of `{}`: its `for_each` makes it many actions",
                **base, *action.name
            ));
            let hint = "start from an action without `for_each`, or use `needs`";
            errors.push(base.place, error.hint(hint));
        }
    }
    for deploy in &project.deploys {
        check(&deploy.from, format!("deployment `{}` takes", *deploy.name));
    }
}

fn missing(name: &str, user: &str, names: &[&str]) -> Error {
    if let Some((planner, _)) = name.split_once(':')
        && names.contains(&planner)
    {
        return Error::config(format!(
            "{user} `{name}`, which `{planner}` makes only when it runs"
        ))
        .hint(format!(
            "name `{planner}`, whose output holds those of its actions"
        ));
    }
    Error::config(format!(
        "{user} `{name}`, which is no action of this project"
    ))
    .hint(words::suggest(name, "actions", names.iter().copied()))
}

/// Tells each circle of needs and bases once, whole.
fn circles(project: &ProjectSpec, errors: &Errors<'_>) {
    let numbers = project.actions.iter().enumerate();
    let numbers: HashMap<&str, usize> = numbers
        .map(|(number, action)| (action.name.as_str(), number))
        .collect();
    let edge = |from: usize, index: usize| -> Option<(Option<usize>, Place)> {
        let action = &project.actions[from];
        let need = action.needs.get(index).map(|need| &need.action);
        let base = action.base.as_ref().filter(|_| index == action.needs.len());
        let to = need.or(base)?;
        Some((numbers.get(to.as_str()).copied(), to.place))
    };
    // Depth first with a stack of our own: a chain may be as long as the file.
    let mut seen = vec![false; project.actions.len()];
    let mut depth = vec![None; project.actions.len()];
    for first in 0..project.actions.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if !seen[first] {
            seen[first] = true;
            depth[first] = Some(0);
            path.push((first, 0));
        }
        while let Some((from, index)) = path.last_mut() {
            let from = *from;
            let Some((to, place)) = edge(from, *index) else {
                depth[from] = None;
                path.pop();
                continue;
            };
            *index += 1;
            let Some(to) = to else { continue };
            if let Some(start) = depth[to] {
                let circle = path[start..].iter().map(|(number, _)| *number);
                errors.push(place, circle_error(project, circle));
            } else if !seen[to] {
                seen[to] = true;
                depth[to] = Some(path.len());
                path.push((to, 0));
            }
        }
    }
}

fn circle_error(project: &ProjectSpec, circle: impl ExactSizeIterator<Item = usize>) -> Error {
    const LISTED: usize = 60;
    let more = circle.len().saturating_sub(LISTED);
    let mut names: Vec<String> = circle
        .take(LISTED)
        .map(|number| words::quoted(&project.actions[number].name))
        .collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.push(names[0].clone());
    if names.len() == 2 {
        return Error::config(format!("action {} needs itself", names[0]))
            .hint("leave that need out");
    }
    Error::config(format!(
        "actions need one another in a circle: {}",
        names.join(" → ")
    ))
    .hint("leave one of these needs out, or split an action in two")
}

/// Who writes a folder, in words.
type Owners<'p> = HashMap<&'p str, Owner<'p>>;

struct Owner<'p> {
    /// `written by action`, `changed by deployment`.
    verb: &'static str,
    name: &'p str,
}

impl std::fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.verb, self.name)
    }
}

/// No two write into one another's folders, none over what a project is made of.
fn folders<'p>(project: &'p ProjectSpec, errors: &Errors<'_>) -> Owners<'p> {
    let written = project.actions.iter().filter_map(|action| {
        let folder = action.writes.as_ref()?;
        Some((
            folder.as_str(),
            folder.place,
            "written by action",
            action_name(action),
        ))
    });
    let changed = project.deploys.iter().flat_map(|deploy| {
        let folders = deploy.folders();
        folders.map(|folder| {
            (
                folder,
                deploy.grants_place,
                "changed by deployment",
                deploy.name.as_str(),
            )
        })
    });
    let all: Vec<_> = written.chain(changed).collect();
    let mut owners = Owners::new();
    for (folder, place, verb, name) in &all {
        let owner = Owner { verb, name };
        if let Some(reason) = reserved(folder, project) {
            let error = Error::config(format!("`{folder}` would be {owner}, and {reason}"));
            errors.push(*place, error.hint("name a folder of its own"));
        }
        match owners.get(folder) {
            Some(other) if other.verb == *verb && other.name == *name => {}
            Some(other) => {
                let error = Error::config(format!("`{folder}` is {other} and {owner}"));
                let hint =
                    "give each its own folder, or join their outputs with the plugin `merge`";
                errors.push(*place, error.hint(hint));
            }
            None => {
                owners.insert(folder, owner);
            }
        }
    }
    for (folder, place, verb, name) in &all {
        let above = ancestors(folder).find(|path| path != folder && owners.contains_key(path));
        let Some((above, other)) = above.and_then(|above| owners.get_key_value(above)) else {
            continue;
        };
        let owner = Owner { verb, name };
        let same = other.verb == *verb && other.name == *name;
        if !same {
            let error = Error::config(format!(
                "`{folder}` is {owner} and lies in `{above}`, which is {other}"
            ));
            let hint = "give each its own folder, or join their outputs with the plugin `merge`";
            errors.push(*place, error.hint(hint));
        }
    }
    owners
}

fn action_name(action: &ActionSpec) -> &str {
    action.name.as_str()
}

fn reserved(folder: &str, project: &ProjectSpec) -> Option<&'static str> {
    let file = project.source.file().file_name();
    if folder
        .split('/')
        .any(|name| name.eq_ignore_ascii_case(".git"))
    {
        Some("`.git` belongs to version control")
    } else if [FILE, LOCK].iter().any(|name| is_within(folder, name))
        || file.is_some_and(|name| is_within(folder, &name.to_string_lossy()))
    {
        Some("that is the project's own")
    } else {
        None
    }
}

/// Patterns that name a written folder could never show anything.
fn shown(key: &str, patterns: &PatternsSpec, owners: &Owners<'_>, errors: &Errors<'_>) {
    let list = patterns.patterns.patterns().iter().zip(&patterns.places);
    for (pattern, place) in list.filter(|(pattern, _)| !pattern.takes_out()) {
        for prefix in pattern.literal_prefixes() {
            let Some((folder, owner)) =
                ancestors(&prefix).find_map(|path| owners.get_key_value(path))
            else {
                continue;
            };
            let error = Error::config(format!("`{folder}` is {owner}, so `{key}` cannot show it"));
            let hint = match owner.verb {
                "written by action" => format!(
                    "leave it out and add `needs = [\"{0}\"]`: the output is then in `/in/{0}`",
                    owner.name
                ),
                _ => "leave it out: what is deployed is no source".to_string(),
            };
            errors.push(*place, error.hint(hint));
            break;
        }
    }
}

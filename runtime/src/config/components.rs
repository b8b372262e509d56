//! `[plugins]` and `[tools]`: where components come from, and who uses which.

use std::collections::BTreeMap;

use crate::error::Error;

use super::source::{At, Errors};
use super::spec::{ActionKind, ComponentSource, ComponentSpec, ProjectSpec};
use super::table::{Table, found, place};
use super::words;

/// Sources that are known and come later.
const LATER: [&str; 5] = ["crate", "npm", "oci", "pypi", "url"];

/// The names of what is inside of the binary.
#[derive(Clone, Copy, Debug)]
pub struct Builtins<'a> {
    pub plugins: &'a [&'a str],
    pub tools: &'a [&'a str],
}

pub(super) fn read(file: &Table<'_>, key: &str, what: &str) -> Vec<ComponentSpec> {
    let errors = file.errors();
    let entries = file.named(key).into_iter().filter_map(|(name, value)| {
        if let Err(error) = words::name(what, name.value) {
            errors.push(name.place, error);
        }
        let Some(text) = value.get_ref().as_str() else {
            let error = Error::config(format!(
                "`{}` in `[{key}]` is {}, not the source of a component",
                name.value,
                found(value.get_ref())
            ));
            let hint = format!(
                "write `{} = \"path:tools/{}.wasm\"`",
                name.value, name.value
            );
            errors.push(place(value), error.hint(hint));
            return None;
        };
        let source = source(text).map_err(|error| errors.push(place(value), error));
        Some(ComponentSpec {
            name: At::new(name.value.to_string(), name.place),
            source: At::new(source.ok()?, place(value)),
        })
    });
    entries.collect()
}

/// Reads `path:tools/lint.wasm` or `builtin:markdown`.
pub(super) fn source(text: &str) -> Result<ComponentSource, Error> {
    const HINT: &str = "write `path:tools/lint.wasm` for a file, or `builtin:NAME`";
    match text.split_once(':') {
        Some(("path" | "builtin", "")) => {
            Err(Error::config(format!("`{text}` names nothing after the `:`")).hint(HINT))
        }
        Some(("path", path)) if path.contains('\0') => {
            Err(Error::config("the path of a component has a NUL character").hint(HINT))
        }
        Some(("path", path)) => Ok(ComponentSource::Path(path.to_string())),
        Some(("builtin", name)) => Ok(ComponentSource::Builtin(name.to_string())),
        Some((kind, _)) if LATER.contains(&kind) => Err(Error::config(format!(
            "components from `{kind}:` are not supported yet"
        ))
        .hint("put the file into the project and write `path:FILE`; later versions will fetch it")),
        Some((kind, _)) => {
            let known = LATER.into_iter().chain(["path", "builtin"]);
            let error = Error::config(format!("`{text}` has the unknown source `{kind}:`"));
            Err(match words::did_you_mean(kind, known) {
                Some(near) => error.hint(format!("did you mean `{near}:`?")),
                None => error.hint(HINT),
            })
        }
        None => Err(
            Error::config(format!("`{text}` does not say where it comes from"))
                .hint(format!("write `path:{text}`, or `builtin:NAME`")),
        ),
    }
}

/// Checks that every plugin and tool in use is one of the project or inside of the binary.
/// Errors as [`parse`](super::parse) gives them.
pub fn check(project: &ProjectSpec, builtins: &Builtins<'_>) -> Result<(), Vec<Error>> {
    let errors = Errors::new(&project.source);
    let plugins = Known::new(&project.plugins, builtins.plugins, "plugin");
    let tools = Known::new(&project.tools, builtins.tools, "tool");
    for (entries, known) in [(&project.plugins, &plugins), (&project.tools, &tools)] {
        for ComponentSpec { source, .. } in entries {
            if let ComponentSource::Builtin(name) = &source.value
                && !known.builtins.contains(&name.as_str())
            {
                let what = format!("built-in {}s", known.what);
                let suggestion = words::suggest(name, &what, known.builtins.iter().copied());
                let error = Error::config(format!("there is no built-in {} `{name}`", known.what));
                errors.push(source.place, error.hint(suggestion));
            }
        }
    }
    for action in &project.actions {
        let user = format!("action `{}`", *action.name);
        match &action.kind {
            ActionKind::Plugin(plugin) => plugins.check(plugin, &user, &tools, &errors),
            ActionKind::Run { tool, .. } => tools.check(tool, &user, &plugins, &errors),
        }
    }
    for deploy in &project.deploys {
        let user = format!("deployment `{}`", *deploy.name);
        plugins.check(&deploy.plugin, &user, &tools, &errors);
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(errors.finish()),
    }
}

struct Known<'a> {
    entries: BTreeMap<&'a str, &'a ComponentSpec>,
    builtins: &'a [&'a str],
    /// `plugin` or `tool`.
    what: &'static str,
}

impl<'a> Known<'a> {
    fn new(entries: &'a [ComponentSpec], builtins: &'a [&'a str], what: &'static str) -> Known<'a> {
        let entries = entries.iter().map(|entry| (entry.name.as_str(), entry));
        Known {
            entries: entries.collect(),
            builtins,
            what,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name) || self.builtins.contains(&name)
    }

    fn check(&self, name: &At<String>, user: &str, others: &Known<'_>, errors: &Errors<'_>) {
        if self.has(name) {
            return;
        }
        let what = self.what;
        let error = Error::config(format!(
            "{user} uses the {what} `{}`, which is not known",
            **name
        ));
        let hint = match others.has(name) && what == "tool" {
            true => format!("`{}` is a plugin: write `plugin = \"{}\"`", **name, **name),
            false if others.has(name) => {
                format!("`{}` is a tool: write `run = [\"{}\", …]`", **name, **name)
            }
            false => {
                let names = self.entries.keys().chain(self.builtins).copied();
                words::suggest(name, &format!("{what}s"), names)
            }
        };
        let add = format!(
            "or add it to `[{what}s]`: `{} = \"path:FILE.wasm\"`",
            **name
        );
        errors.push(name.place, error.hint(hint).hint(add));
    }
}

//! One entry of `[actions]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use crate::error::Error;

use super::glob::Patterns;
use super::grants::{Capability, Grants, canonical_scope, variable};
use super::json::ConfigSpec;
use super::keys;
use super::source::{At, Errors};
use super::spec::{ActionKind, ActionSpec, NeedSpec, PatternsSpec, VariableSpec};
use super::table::{Table, found, place};
use super::template::{Known, Template};
use super::words;

/// `None` after telling why it cannot be read.
pub(super) fn read(
    name: At<&str>,
    value: &Spanned<DeValue<'_>>,
    errors: &Errors<'_>,
) -> Option<ActionSpec> {
    if let Err(error) = words::name("an action", name.value) {
        errors.push(name.place, error);
    }
    let table = entry(name, value, &keys::ACTION, "actions", errors)?;
    let for_each = patterns(&table, "for_each", true);
    let needs = needs(&table);
    let kind = kind(&table, &needs, for_each.is_some());
    let grants = table.get("grants");
    Some(ActionSpec {
        name: At::new(name.value.to_string(), name.place),
        reads: patterns(&table, "reads", false),
        base: table.text("base"),
        config: config(&table, for_each.is_some()),
        writes: folder(&table, "writes"),
        outputs: outputs(&table),
        environment: environment(&table),
        grants: self::grants(&table),
        grants_place: grants.map_or(name.place, |grants| grants.place),
        timeout: table.amount("timeout", words::duration),
        memory: table.amount("memory", words::size),
        cache_failures: table.flag("cache_failures").unwrap_or_default(),
        salt: table
            .text("salt")
            .map(|salt| salt.value)
            .unwrap_or_default(),
        for_each,
        needs,
        kind: kind?,
    })
}

/// The table of a named entry, such as `[actions.app]`.
pub(super) fn entry<'t>(
    name: At<&str>,
    value: &'t Spanned<DeValue<'t>>,
    section: &'static keys::Section,
    parent: &str,
    errors: &'t Errors<'t>,
) -> Option<Table<'t>> {
    let title = format!("`[{parent}.{}]`", name.value);
    let Some(entries) = value.get_ref().as_table() else {
        let error = Error::config(format!(
            "{title} is {}, not a table",
            found(value.get_ref())
        ));
        let example = section.keys.first().map_or("", |key| key.name);
        errors.push(
            place(value),
            error.hint(format!("write {title} and below it `{example} = …`")),
        );
        return None;
    };
    Some(Table::new(entries, section, title, name.place, errors))
}

fn kind(table: &Table<'_>, needs: &[NeedSpec], for_each: bool) -> Option<ActionKind> {
    match (table.has("plugin"), table.has("run")) {
        (true, false) => Some(ActionKind::Plugin(table.text("plugin")?)),
        (false, true) => run(table, needs, for_each),
        (both, _) => {
            let has = if both { "both" } else { "neither" };
            let and = if both { "and" } else { "nor" };
            let error = Error::config(format!("{} has {has} `plugin` {and} `run`", table.title()));
            table.errors().push(
                table.place(),
                error.hint("write `plugin = \"markdown\"`, or `run = [\"TOOL\", …]` for a program of `[tools]`"),
            );
            None
        }
    }
}

fn run(table: &Table<'_>, needs: &[NeedSpec], for_each: bool) -> Option<ActionKind> {
    if let Some(config) = table.get("config") {
        let error = Error::config(format!(
            "{} has `config`, which only a plugin reads",
            table.title()
        ));
        let hint = "give a tool its settings as arguments, in `run`";
        table.errors().push(config.place, error.hint(hint));
    }
    let list = table.texts("run", false)?;
    let place = list.place;
    let mut words = list.value.into_iter();
    let Some(tool) = words.next().filter(|tool| !tool.is_empty()) else {
        let error = Error::config(format!("`run` in {} names no tool", table.title()));
        let hint = "its first word is a name of `[tools]`";
        table.errors().push(place, error.hint(hint));
        return None;
    };
    let names: Vec<&str> = needs.iter().map(|need| &*need.name).collect();
    let known = Known {
        needs: Some(&names),
        for_each,
    };
    let arguments = words.filter_map(|word| {
        let template = Template::parse(&word, &known);
        let template = template.map_err(|error| table.errors().push(word.place, error));
        Some(At::new(template.ok()?, word.place))
    });
    Some(ActionKind::Run {
        arguments: arguments.collect(),
        tool,
    })
}

/// Each of `needs` is the name of an action, or a table that names its folder too.
fn needs(table: &Table<'_>) -> Vec<NeedSpec> {
    let mut needs = Vec::new();
    let Some(entry) = table.get("needs") else {
        return needs;
    };
    let Some(items) = entry.value.as_array() else {
        table.mistyped::<()>(&entry);
        return needs;
    };
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let Some(need) = need(table, item) else {
            if !matches!(item.get_ref(), DeValue::String(_) | DeValue::Table(_)) {
                table.mistyped_item(&entry, index, item);
            }
            continue;
        };
        let action = need.action.value.clone();
        if let Some(other) = folders.insert(need.name.clone(), action) {
            let error = Error::config(format!(
                "two needs of {} have the folder `/in/{}`: `{other}` and `{}`",
                table.title(),
                need.name,
                *need.action
            ));
            let hint = match other == need.action.value {
                true => "leave one of them out".to_string(),
                false => format!("write `{{ action = \"{other}\", as = \"OTHER\" }}`"),
            };
            table.errors().push(place(item), error.hint(hint));
        }
        needs.push(need);
    }
    needs
}

fn need(table: &Table<'_>, item: &Spanned<DeValue<'_>>) -> Option<NeedSpec> {
    if let Some(action) = item.get_ref().as_str() {
        return Some(NeedSpec {
            name: action.to_string(),
            action: At::new(action.to_string(), place(item)),
        });
    }
    let title = format!("a need of {}", table.title());
    let entries = item.get_ref().as_table()?;
    let need = Table::new(entries, &keys::NEED, title, place(item), table.errors());
    let name = need.text("as");
    if let Some(name) = &name
        && let Err(error) = words::name("a need's folder", name)
    {
        table.errors().push(name.place, error);
    }
    let action = need.required_text("action")?;
    Some(NeedSpec {
        name: name.map_or_else(|| action.value.clone(), |name| name.value),
        action,
    })
}

fn patterns(table: &Table<'_>, key: &str, single: bool) -> Option<PatternsSpec> {
    let list = table.texts(key, single)?;
    let texts: Vec<&str> = list.iter().map(|text| text.as_str()).collect();
    let wrong = texts.iter().enumerate().filter_map(|(index, text)| {
        let (_, error) = Patterns::new(&[text]).err()?;
        Some((index, error))
    });
    for (index, error) in wrong {
        let told = Error::config(format!("pattern `{}` {error}", texts[index]));
        let hint = error.hint();
        table.errors().push(list[index].place, told.hint(hint));
    }
    let patterns = Arc::new(Patterns::new(&texts).ok()?);
    if single && (texts.is_empty() || patterns.only_takes_out()) {
        let error = Error::config(format!("`{key}` in {} matches no file", table.title()));
        let hint = "name the files: `for_each = \"styles/*.scss\"`";
        table.errors().push(list.place, error.hint(hint));
    }
    Some(PatternsSpec {
        places: list.iter().map(|text| text.place).collect(),
        patterns,
        place: list.place,
    })
}

pub(super) fn config(table: &Table<'_>, for_each: bool) -> ConfigSpec {
    let Some(entry) = table.get("config") else {
        return ConfigSpec::empty(table.place());
    };
    match entry.value.as_table() {
        Some(config) => ConfigSpec::read(config, entry.place, for_each, table.errors()),
        None => {
            table.mistyped::<()>(&entry);
            ConfigSpec::empty(table.place())
        }
    }
}

fn folder(table: &Table<'_>, key: &str) -> Option<At<String>> {
    let text = table.text(key)?;
    match words::path(&text) {
        Ok(path) => Some(At::new(path, text.place)),
        Err(reason) => {
            let error = Error::config(format!(
                "`{}` {reason}, so {} cannot write there",
                *text,
                table.title()
            ));
            let hint = "name a folder of its own in the project: `writes = \"dist\"`";
            table.errors().push(text.place, error.hint(hint));
            None
        }
    }
}

fn outputs(table: &Table<'_>) -> Vec<At<String>> {
    let list = table.texts("outputs", false);
    let texts = list.map(|list| list.value).unwrap_or_default();
    let paths = texts
        .into_iter()
        .filter_map(|text| match words::path(&text) {
            Ok(path) => Some(At::new(path, text.place)),
            Err(reason) => {
                let error = Error::config(format!("`{}` {reason}, so it is no output", *text));
                let hint =
                    "name a file or a folder as it lies below `/out`: `outputs = [\"app.js\"]`";
                table.errors().push(text.place, error.hint(hint));
                None
            }
        });
    paths.collect()
}

fn environment(table: &Table<'_>) -> BTreeMap<String, At<VariableSpec>> {
    let mut environment = BTreeMap::new();
    for (name, value) in table.named("environment") {
        if let Err(reason) = variable(name.value) {
            let error = Error::config(format!(
                "a name in `environment` of {} {reason}",
                table.title()
            ));
            table.errors().push(
                name.place,
                error.hint("write `environment = { MODE = \"production\" }`"),
            );
        }
        if let Some(variable) = variable_spec(table, name, value) {
            environment.insert(name.value.to_string(), At::new(variable, place(value)));
        }
    }
    environment
}

fn variable_spec(
    table: &Table<'_>,
    name: At<&str>,
    value: &Spanned<DeValue<'_>>,
) -> Option<VariableSpec> {
    let title = format!("the variable `{}` of {}", name.value, table.title());
    match value.get_ref() {
        DeValue::String(text) if text.contains('\0') => {
            let error = Error::config(format!("{title} has a NUL character"));
            table.errors().push(
                place(value),
                error.hint("leave it out: no program can read it"),
            );
            None
        }
        DeValue::String(text) => Some(VariableSpec::Literal(text.to_string())),
        DeValue::Table(entries) => {
            let section = &keys::ENVIRONMENT;
            let table = Table::new(entries, section, title, place(value), table.errors());
            let host = table.required_text("host")?;
            if let Err(reason) = variable(&host) {
                let error = Error::config(format!("`host` in {} {reason}", table.title()));
                let hint = "write the name of a variable: `{ host = \"CI\" }`";
                table.errors().push(host.place, error.hint(hint));
            }
            Some(VariableSpec::Host(host.value))
        }
        other => {
            let error = Error::config(format!(
                "{title} is {}, not a string or `{{ host = \"NAME\" }}`",
                found(other)
            ));
            let hint = format!("write `{} = \"…\"`", name.value);
            table.errors().push(place(value), error.hint(hint));
            None
        }
    }
}

/// The grants of an action or a deployment.
pub(super) fn grants(table: &Table<'_>) -> Grants {
    let mut grants = Grants::default();
    let title = format!("`grants` of {}", table.title());
    let Some(table) = table.table("grants", title) else {
        return grants;
    };
    for capability in Capability::ALL {
        if capability == Capability::Entropy {
            if table.flag(capability.name()) == Some(true) {
                grants.allow(capability, None);
            }
            continue;
        }
        let list = table.texts(capability.name(), false);
        for scope in list.map(|list| list.value).unwrap_or_default() {
            match canonical_scope(capability, &scope) {
                Ok(scope) => grants.allow(capability, Some(scope)),
                Err(reason) => {
                    let error = Error::config(format!(
                        "`{}` cannot be granted as `{capability}`: it {reason}",
                        *scope
                    ));
                    let example = table.example(capability.name());
                    let hint = format!("write `{capability} = {example}`");
                    table.errors().push(scope.place, error.hint(hint));
                }
            }
        }
    }
    grants
}

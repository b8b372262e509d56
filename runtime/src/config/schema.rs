//! The project file's JSON Schema (draft 2020-12), for editors: the same [table of keys](super::keys).

use serde_json::{Map, Value, json};

use super::keys::{self, Holds, Section};

/// `plugins` are the names of plugins with the schemas of their `config`, as their descriptions give them.
/// A schema that is not JSON is left out.
pub fn schema<'a>(plugins: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let mut definitions = Map::new();
    for section in keys::SECTIONS {
        definitions.insert(section.id.to_string(), table(section));
    }
    let mut rules = Vec::new();
    for (name, text) in plugins {
        let Ok(schema) = serde_json::from_str::<Value>(text) else {
            continue;
        };
        let definition = format!("config-{name}");
        let root = format!("#/$defs/{definition}");
        rules.push(json!({
            "if": { "properties": { "plugin": { "const": name } }, "required": ["plugin"] },
            "then": { "properties": { "config": { "$ref": root } } },
        }));
        definitions.insert(definition, embedded(schema, &root));
    }
    for section in [&keys::ACTION, &keys::DEPLOY] {
        if let Some(Value::Object(definition)) = definitions.get_mut(section.id) {
            let mut all = rules.clone();
            if section == &keys::ACTION {
                all.push(json!({ "oneOf": [{ "required": ["plugin"] }, { "required": ["run"] }] }));
            }
            if !all.is_empty() {
                definition.insert("allOf".into(), all.into());
            }
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cofferdam.toml",
        "$ref": reference(&keys::PROJECT_FILE),
        "$defs": definitions,
    })
}

fn table(section: &'static Section) -> Value {
    let properties = section.keys.iter().map(|key| {
        let mut property = holds(key.holds);
        if let Value::Object(property) = &mut property {
            let default = key.default.map(|default| format!(" Default: {default}."));
            let about = format!("{}{}", key.about, default.unwrap_or_default());
            property.insert("description".into(), about.into());
        }
        (key.name.to_string(), property)
    });
    let required = section.keys.iter().filter(|key| key.default.is_none());
    let required: Vec<&str> = required.map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": section.about,
        "properties": properties.collect::<Map<String, Value>>(),
        "required": required,
        "additionalProperties": false,
    })
}

fn holds(holds: Holds) -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": text });
    match holds {
        Holds::Text => text,
        Holds::Flag => json!({ "type": "boolean" }),
        Holds::Duration => json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$" }),
        Holds::Size => json!({ "type": "string", "pattern": "^[0-9]+(KiB|MiB|GiB)$" }),
        Holds::Config => json!({ "type": "object" }),
        Holds::Texts | Holds::Patterns => texts,
        Holds::Pattern => json!({ "anyOf": [text, texts] }),
        Holds::Needs => json!({
            "type": "array",
            "items": { "anyOf": [text, { "$ref": reference(&keys::NEED) }] },
        }),
        Holds::Environment => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [text, { "$ref": reference(&keys::ENVIRONMENT) }] },
        }),
        Holds::Section(section) => json!({ "$ref": reference(section) }),
        Holds::Named(section) => json!({
            "type": "object",
            "additionalProperties": { "$ref": reference(section) },
        }),
        Holds::Sources => json!({
            "type": "object",
            "additionalProperties": { "type": "string", "pattern": "^(path|builtin):." },
        }),
    }
}

fn reference(section: &Section) -> String {
    format!("#/$defs/{}", section.id)
}

/// A whole schema as a definition of ours: its references within itself start at `root`.
fn embedded(schema: Value, root: &str) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(|item| embedded(item, root)).collect(),
        Value::Object(object) => {
            let entries = object.into_iter().map(|(key, value)| match (&*key, value) {
                ("$ref", Value::String(target)) => match target.strip_prefix('#') {
                    Some(within) => (key, Value::String(format!("{root}{within}"))),
                    None => (key, Value::String(target)),
                },
                (_, value) => (key, embedded(value, root)),
            });
            Value::Object(entries.filter(|(key, _)| key != "$schema").collect())
        }
        scalar => scalar,
    }
}

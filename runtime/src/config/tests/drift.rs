//! The table of keys, the parser, the schema and the documentation say the same.

use super::*;
use crate::config::keys::{self, SECTIONS, Section};
use crate::config::{reference, schema};

/// A valid file with `lines` in a table of this section, and the line on which they begin.
fn with(section: &Section, lines: &str) -> String {
    let inline = lines.trim_end().replace('\n', ", ");
    let action = "[actions.a]\nplugin = 'm'\n";
    let deploy = "[deploy.d]\nplugin = 'm'\nfrom = 'a'\n";
    let project = "[project]\nname = 'p'\n";
    match section.id {
        "file" => lines.to_string(),
        "project" => format!("[project]\n{lines}"),
        "action" => format!("{project}{action}[actions.x]\n{lines}"),
        "need" => format!("{project}{action}[actions.x]\nplugin = 'm'\nneeds = [{{ {inline} }}]\n"),
        "variable" => {
            format!("{project}[actions.x]\nplugin = 'm'\nenvironment = {{ A = {{ {inline} }} }}\n")
        }
        "action-grants" => {
            format!("{project}[actions.x]\nplugin = 'm'\n[actions.x.grants]\n{lines}")
        }
        "deploy" => format!("{project}{action}[deploy.x]\n{lines}"),
        "deploy-grants" => format!("{project}{action}{deploy}[deploy.d.grants]\n{lines}"),
        other => panic!("no test for the section `{other}`"),
    }
}

/// No key of the table is overlooked by the parser: with a value that fits none, each is an error that names it.
#[test]
fn every_key_is_read() {
    for section in SECTIONS {
        for key in section.keys {
            let line = format!("{} = 1979-05-27\n", key.name);
            let told = told(&read(&with(section, &line)).unwrap_err());
            let expected = format!("`{}` in ", key.name);
            assert!(
                told.lines()
                    .any(|line| line.contains(&expected) && line.contains("is a date")),
                "`{}` of `{}`:\n{told}",
                key.name,
                section.id
            );
        }
    }
}

/// What a key's example shows is right: no error is about the key itself.
#[test]
fn every_example_is_valid() {
    for section in SECTIONS {
        for key in section.keys {
            let mut lines = format!("{} = {}\n", key.name, key.example);
            for needed in section
                .keys
                .iter()
                .filter(|needed| needed.default.is_none())
            {
                if needed.name != key.name {
                    lines.push_str(&format!("{} = {}\n", needed.name, needed.example));
                }
            }
            if section.id == "action" && !matches!(key.name, "plugin" | "run") {
                lines.push_str("plugin = 'm'\n");
            }
            let lines = lines
                .replace("\"site\"", "\"a\"")
                .replace("\"pages\"", "\"a\"");
            let lines = lines
                .replace("needs = [\"app\"", "needs = [\"b\"")
                .replace("\"dependencies\"", "\"a\"");
            let mut text = with(section, &lines);
            if !text.contains("actions =") && section.id != "file" {
                text.push_str("\n[actions.b]\nplugin = 'm'\n");
            }
            let result = read(&text);
            let told = result.err().map(|errors| told(&errors)).unwrap_or_default();
            let about = format!("`{}`", key.name);
            let acceptable = section.id == "file" && key.name == "deploy";
            assert!(
                told.is_empty() || acceptable,
                "{about} of `{}`:\n{text}\n{told}",
                section.id
            );
        }
    }
}

#[test]
fn the_schema_has_every_key() {
    let schema = schema([(
        "markdown",
        r##"{"$schema":"x","$defs":{"T":{"type":"string"}},"properties":{"theme":{"$ref":"#/$defs/T"}}}"##,
    )]);
    for section in SECTIONS {
        let definition = &schema["$defs"][section.id];
        let known: Vec<&str> = definition["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut keys: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        keys.sort_unstable();
        assert_eq!(known, keys, "{}", section.id);
        assert_eq!(definition["additionalProperties"], false);
    }
    let theme = &schema["$defs"]["config-markdown"]["properties"]["theme"]["$ref"];
    assert_eq!(theme, "#/$defs/config-markdown/$defs/T");
    let text = schema.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(
            schema.pointer(pointer).is_some(),
            "`{pointer}` leads nowhere"
        );
    }
}

/// The schema's rule for an action's plugin and config.
#[test]
fn the_schema_knows_the_plugins() {
    let schema = schema([("markdown", "{}"), ("broken", "{")]);
    let rules = schema["$defs"]["action"]["allOf"].as_array().unwrap();
    assert_eq!(rules.len(), 2, "one plugin, and `plugin` or `run`");
    assert_eq!(rules[0]["if"]["properties"]["plugin"]["const"], "markdown");
}

#[test]
fn no_two_keys_have_one_name() {
    for section in SECTIONS {
        let mut names: Vec<&str> = section
            .keys
            .iter()
            .flat_map(|key| key.also)
            .copied()
            .collect();
        names.extend(section.keys.iter().map(|key| key.name));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{}", section.id);
    }
    assert_eq!(keys::ACTION.key("reads").unwrap().name, "reads");
}

/// `docs/config.md` ends with the reference that the table of keys gives.
#[test]
fn the_documentation_is_true() {
    const MARK: &str = "<!-- reference -->\n\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/config.md");
    let page = std::fs::read_to_string(file).unwrap();
    let (text, written) = page.split_once(MARK).expect("the page has the mark");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, [text, MARK, reference().trim_end(), "\n"].concat()).unwrap();
    } else {
        assert_eq!(
            written.trim_end(),
            reference().trim_end(),
            "run this test with `UPDATE_DOCS=1` to write the reference anew"
        );
    }
    for block in page.split("```toml\n# cofferdam.toml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        if let Err(errors) = read(text) {
            panic!(
                "an example of docs/config.md is wrong:\n{text}\n{}",
                told(&errors)
            );
        }
    }
}

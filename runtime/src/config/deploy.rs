//! One entry of `[deploy]`.

use toml::Spanned;
use toml::de::DeValue;

use super::source::{At, Errors};
use super::spec::DeploySpec;
use super::{action, keys, words};

/// `None` after telling why it cannot be read.
pub(super) fn read(
    name: At<&str>,
    value: &Spanned<DeValue<'_>>,
    errors: &Errors<'_>,
) -> Option<DeploySpec> {
    if let Err(error) = words::name("a deployment", name.value) {
        errors.push(name.place, error);
    }
    let table = action::entry(name, value, &keys::DEPLOY, "deploy", errors)?;
    let plugin = table.required_text("plugin");
    let from = table.required_text("from");
    let grants = table.get("grants");
    Some(DeploySpec {
        name: At::new(name.value.to_string(), name.place),
        config: action::config(&table, false),
        grants: action::grants(&table),
        grants_place: grants.map_or(name.place, |grants| grants.place),
        timeout: table.amount("timeout", words::duration),
        memory: table.amount("memory", words::size),
        plugin: plugin?,
        from: from?,
    })
}

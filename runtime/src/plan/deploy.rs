//! `[deploy.NAME]`, resolved.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Capability;
use crate::error::{Error, ErrorKind, Position};
use crate::plan::Plan;
use crate::sandbox::{Program, World};

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

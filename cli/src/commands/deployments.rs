//! `deployments`: what was deployed, the newest first.

use cofferdam_runtime::deploy::{self, Deployment};
use cofferdam_runtime::sandbox::Operation;

use crate::Outcome;
use crate::arguments::{Deployments, Global};
use crate::exit::Exit;
use crate::stderr::tell;
use crate::text::date;
use crate::{project, stdout};

pub fn run(global: &Global, arguments: &Deployments) -> Outcome {
    let project = project::open(global)?;
    let deployments = deploy::deployments(&project, &arguments.name)?;
    if deployments.is_empty() {
        tell(&format!("`{}` was not deployed yet\n", arguments.name));
    }
    stdout::print(&deployments.iter().map(line).collect::<String>())?;
    Ok(Exit::Done)
}

/// `2026-01-31 09:05:00Z  deploy    4f0c1a2e  3 changes`
fn line(deployment: &Deployment) -> String {
    let what = if deployment.rollback {
        "rollback"
    } else {
        "deploy"
    };
    let revision = deployment
        .revision
        .as_deref()
        .map_or("before", |revision| revision.get(..8).unwrap_or(revision));
    let changes = deployment
        .changes
        .iter()
        .filter(|change| change.operation != Operation::Keep)
        .count();
    let plural = if changes == 1 { "change" } else { "changes" };
    format!(
        "{}  {what:<8}  {revision:<8}  {changes} {plural}\n",
        date(deployment.time)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_time_kind_and_revision() {
        let mut deployment = Deployment {
            time: 951_782_400,
            name: "local".to_owned(),
            revision: Some("4f0c1a2e99".to_owned()),
            rollback: false,
            changes: Vec::new(),
        };
        assert_eq!(
            line(&deployment),
            "2000-02-29 00:00:00Z  deploy    4f0c1a2e  0 changes\n"
        );
        (deployment.rollback, deployment.revision) = (true, None);
        assert_eq!(
            line(&deployment),
            "2000-02-29 00:00:00Z  rollback  before    0 changes\n"
        );
    }
}

//! Reports as changes what it was called with.

use std::fs;

use cofferdam_plugin::{Change, Deployment, Failure, NoConfig, Operation, Result, Rollback};

fn deploy(deployment: Deployment<NoConfig>) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for instance in deployment.instances {
        let path = format!("{}/current", instance.root);
        if !deployment.dry_run {
            fs::write(&path, &deployment.revision)?;
        }
        changes.push(Change {
            instance: instance.name,
            operation: Operation::Activate,
            path,
            detail: deployment.revision.clone(),
        });
    }
    Ok(changes)
}

fn rollback(request: Rollback<NoConfig>) -> Result<Vec<Change>> {
    let to = request
        .to
        .ok_or_else(|| Failure::user("there is nothing to return to"))?;
    let back = |instance: cofferdam_plugin::Instance| Change {
        instance: instance.name,
        operation: Operation::Keep,
        path: instance.root,
        detail: to.clone(),
    };
    Ok(request.instances.into_iter().map(back).collect())
}

cofferdam_plugin::deployer!(deploy, rollback);

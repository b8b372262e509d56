//! The calls of `wit/plugin.wit` and of commands.

use wasmtime::Store;
use wasmtime::component::{ComponentType, Lower};

use super::guest::{Ending, Guest, Running};
use super::module::START;
use super::{Answer, Call, Change, Description, Failure, Instance as Target, PlannedAction};

#[derive(ComponentType, Lower)]
#[component(record)]
struct Request<'a> {
    config: &'a str,
    needs: &'a [String],
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Deployment<'a> {
    config: &'a str,
    revision: &'a str,
    instances: &'a [Target],
    #[component(name = "dry-run")]
    dry_run: bool,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct RollbackRequest<'a> {
    config: &'a str,
    to: Option<&'a str>,
    instances: &'a [Target],
    #[component(name = "dry-run")]
    dry_run: bool,
}

/// What a guest's function answers.
type Outcome<T> = (Result<T, Vec<Failure>>,);

/// Asks a plugin what it is.
pub(super) fn describe(
    store: &mut Store<Guest>,
    running: &Running<'_>,
) -> wasmtime::Result<Description> {
    let Running::Component(instance, exports) = running else {
        return Err(wasmtime::Error::msg("a module does not describe itself"));
    };
    let describe =
        instance.get_typed_func::<(), (Description,)>(&mut *store, exports.describe()?)?;
    Ok(describe.call(store, ())?.0)
}

/// Calls the function for `call`, which is one of the component's world.
pub(super) fn answer(
    call: &Call,
    store: &mut Store<Guest>,
    running: &Running<'_>,
) -> wasmtime::Result<Result<Answer, Vec<Failure>>> {
    let (instance, exports) = match running {
        Running::Component(instance, exports) => (instance, exports),
        Running::Module(instance) => {
            let start = instance.get_typed_func::<(), ()>(&mut *store, START)?;
            start.call(store, ())?;
            return Ok(Ok(Answer::Ran));
        }
    };
    let export = exports.of(call)?;
    Ok(match call {
        Call::Run { config, needs } => {
            let run =
                instance.get_typed_func::<(Request<'_>,), Outcome<()>>(&mut *store, export)?;
            run.call(store, (Request { config, needs },))?
                .0
                .map(|()| Answer::Ran)
        }
        Call::Plan { config, needs } => {
            let plan = instance.get_typed_func::<(Request<'_>,), Outcome<Vec<PlannedAction>>>(
                &mut *store,
                export,
            )?;
            plan.call(store, (Request { config, needs },))?
                .0
                .map(Answer::Planned)
        }
        Call::Deploy {
            config,
            revision,
            instances,
            dry_run,
        } => {
            let deploy = instance
                .get_typed_func::<(Deployment<'_>,), Outcome<Vec<Change>>>(&mut *store, export)?;
            let deployment = Deployment {
                config,
                revision,
                instances,
                dry_run: *dry_run,
            };
            deploy.call(store, (deployment,))?.0.map(Answer::Changed)
        }
        Call::Rollback {
            config,
            to,
            instances,
            dry_run,
        } => {
            let rollback = instance
                .get_typed_func::<(RollbackRequest<'_>,), Outcome<Vec<Change>>>(
                    &mut *store,
                    export,
                )?;
            let request = RollbackRequest {
                config,
                to: to.as_deref(),
                instances,
                dry_run: *dry_run,
            };
            rollback.call(store, (request,))?.0.map(Answer::Changed)
        }
        Call::Command { .. } => {
            let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, export)?;
            match run.call(store, ())?.0 {
                Ok(()) => Ok(Answer::Ran),
                Err(()) => return Err(Ending::Exited(1).into()),
            }
        }
    })
}

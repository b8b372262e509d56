//! What makes a crate a plugin: one macro for each world of the contract.

use schemars::JsonSchema;

use crate::bindings::shared::cofferdam::plugin::types::Description;
use crate::request::FromHost;
use crate::{Capability, Failure, Result};

/// Makes `fn run(Request<Config>) -> Result` a plugin of the world `action`.
/// All four macros take `asks = [("write", &["public"])]` at the end: the capabilities it asks for.
#[macro_export]
macro_rules! action {
    ($run:path $(, asks = $asks:expr)? $(,)?) => {
        $crate::__plugin!(action, export_action, $run $(, $asks)?;
            fn run(request: Request) -> () = $run;
        );
    };
}

/// Makes `fn plan(Request<Config>) -> Result<Vec<ActionSpec>>` a plugin of the world `planner`.
#[macro_export]
macro_rules! planner {
    ($plan:path $(, asks = $asks:expr)? $(,)?) => {
        $crate::__plugin!(planner, export_planner, $plan $(, $asks)?;
            fn plan(request: Request) -> Vec<$crate::ActionSpec> = $plan;
        );
    };
}

/// Makes `fn plan(Request<Config>) -> Result<Vec<ActionSpec>>` and `fn run(Request<Step>) -> Result`
/// a plugin of the world `suite`: `run` runs what `plan` planned. The schema is that of `plan`'s config.
#[macro_export]
macro_rules! suite {
    ($plan:path, $run:path $(, asks = $asks:expr)? $(,)?) => {
        $crate::__plugin!(suite, export_suite, $plan $(, $asks)?;
            fn plan(request: Request) -> Vec<$crate::ActionSpec> = $plan;
            fn run(request: Request) -> () = $run;
        );
    };
}

/// Makes `fn deploy(Deployment<Config>) -> Result<Vec<Change>>` and
/// `fn rollback(Rollback<Config>) -> Result<Vec<Change>>` a plugin of the world `deployer`.
#[macro_export]
macro_rules! deployer {
    ($deploy:path, $rollback:path $(, asks = $asks:expr)? $(,)?) => {
        $crate::__plugin!(deployer, export_deployer, $deploy $(, $asks)?;
            fn deploy(deployment: Deployment) -> Vec<$crate::Change> = $deploy;
            fn rollback(request: RollbackRequest) -> Vec<$crate::Change> = $rollback;
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __plugin {
    ($world:ident, $export:ident, $first:path $(, $asks:expr)?;
        $(fn $name:ident($argument:ident: $sent:ident) -> $answer:ty = $function:path;)+
    ) => {
        const _: () = {
            struct Plugin;

            impl $crate::bindings::$world::Guest for Plugin {
                fn describe() -> $crate::bindings::$world::Description {
                    let asks: &[(&str, &[&str])] = &[];
                    $(let asks: &[(&str, &[&str])] = &$asks;)?
                    let version = env!("CARGO_PKG_VERSION");
                    $crate::export::describe($first, env!("CARGO_PKG_NAME"), version, asks)
                }
                $(
                    fn $name(
                        $argument: $crate::bindings::$world::$sent,
                    ) -> std::result::Result<$answer, Vec<$crate::Failure>> {
                        $crate::export::call($function, $argument)
                    }
                )+
            }

            #[cfg(target_family = "wasm")]
            $crate::bindings::$world::$export!(Plugin with_types_in $crate::bindings::$world);

            // Elsewhere nothing calls it: a lint would say that the plugin is dead code.
            #[cfg(not(target_family = "wasm"))]
            const _: () = {
                $(let _ = <Plugin as $crate::bindings::$world::Guest>::$name;)+
            };

            /// The version of the contract, for a host that has not yet instantiated anything.
            #[cfg(target_family = "wasm")]
            #[unsafe(link_section = "cofferdam:api")]
            #[used]
            static API: [u8; 3] = *b"0.1";
        };
    };
}

/// The function is taken for the type of its config.
pub fn describe<Q: FromHost, T>(
    _: impl Fn(Q) -> Result<T>,
    name: &str,
    version: &str,
    asks: &[(&str, &[&str])],
) -> Description {
    let capabilities = asks.iter().map(|(name, scope)| Capability {
        name: (*name).to_owned(),
        scope: scope.iter().map(|entry| (*entry).to_owned()).collect(),
    });
    Description {
        name: name.to_owned(),
        version: version.to_owned(),
        config_schema: config_schema::<Q::Config>(),
        capabilities: capabilities.collect(),
    }
}

fn config_schema<C: JsonSchema>() -> String {
    schemars::SchemaGenerator::default()
        .into_root_schema_for::<C>()
        .to_value()
        .to_string()
}

pub fn call<Q: FromHost, T>(
    function: impl Fn(Q) -> Result<T>,
    sent: Q::Sent,
) -> std::result::Result<T, Vec<Failure>> {
    let question = Q::from_host(sent).map_err(|failure| vec![failure])?;
    function(question).map_err(|failures| failures.0)
}

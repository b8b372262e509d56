//! Is there a result for what is there now? Two phases: path sets by static key, then the full key of
//! the values that are observed now.

use std::sync::Arc;
use std::time::Duration;

use cofferdam_cache::{ActionResult, Digest, Key};

use crate::execute::Environment;
use crate::execute::done::{Done, Ending, How};
use crate::execute::extra::{End, Extra};
use crate::execute::mounts::Mounts;
use crate::execute::reason::{Reason, describe};
use crate::execute::stopped;
use crate::execute::store::decode_path_set;
use crate::observe::{Fact, Fault, Observations};
use crate::plan::{Action, Parts};
use crate::record::{ActionRecord, PathRef};
use crate::sandbox::PlannedAction;

pub enum Found {
    Hit(Done),
    /// Kept because the action asks for it.
    Failure(Ending),
    Miss(Reason),
}

pub fn lookup(environment: &Environment, action: &Action, mounts: &Mounts) -> Result<Found, Fault> {
    if environment.force {
        return Ok(Found::Miss(Reason::Forced));
    }
    let mut reason = Reason::New;
    if let Some((record, rows)) = environment.last(action) {
        match against_record(&record, rows, action, mounts)? {
            Differs::Nothing(observations) => {
                let key = record.full_key;
                if let Some(result) = stored(environment, &key)?
                    && let Some(done) = done(&result, key, observations)
                {
                    return Ok(Found::Hit(done));
                }
                reason = Reason::Lost;
            }
            Differs::At(difference) => reason = difference,
        }
    }
    for digest in path_sets(environment, action)? {
        // A path set that was lost is as good as none: the action runs, and leaves a new one.
        let bytes = environment.trees.store().get(&digest).ok().flatten();
        let Some(path_set) = bytes.and_then(|bytes| decode_path_set(&bytes)) else {
            continue;
        };
        let mut observations = Observations::default();
        for (mount, path, facets) in path_set {
            let Some(lower) = mounts.lowers.get(usize::from(mount)) else {
                return Err(Fault::new("the cache holds a path set of another action"));
            };
            let fact = Fact::observe(&**lower, &path, facets)?;
            observations.facts.insert((mount, path), fact);
        }
        let key = full_key(&action.key, &observations);
        let Some(result) = stored(environment, &key)? else {
            continue;
        };
        if result.exit_code != 0 {
            match kept_failure(environment, action, &result, &observations) {
                Some(ending) => return Ok(Found::Failure(ending)),
                None => continue,
            }
        }
        if let Some(done) = done(&result, key, observations) {
            return Ok(Found::Hit(done));
        }
    }
    Ok(Found::Miss(reason))
}

/// `None`: the action does not ask for it, or it is damaged.
fn kept_failure(
    environment: &Environment,
    action: &Action,
    result: &ActionResult,
    observations: &Observations,
) -> Option<Ending> {
    if !action.cache_failures {
        return None;
    }
    let End::Stopped(stop) = Extra::decode(&result.extra)?.end else {
        return None;
    };
    let store = environment.trees.store();
    let printed = |digest: &Digest| store.get(digest).ok().flatten();
    let mut errors = stopped::errors(environment, action, &stop, observations);
    if let Some(last) = errors.last_mut() {
        last.hints.push(
            "this failure is from the cache, as nothing has changed since: `--force` tries again"
                .to_owned(),
        );
    }
    Some(Ending::Failed {
        errors,
        stdout: printed(&result.stdout)?.to_vec(),
        stderr: printed(&result.stderr)?.to_vec(),
    })
}

/// Of the plan that a planner gave for what it observed: the actions with names that are wanted.
/// `None` where it is lost.
pub fn planned_some(
    environment: &Environment,
    full_key: &Key,
    wanted: impl Fn(&str) -> bool,
) -> Option<Vec<PlannedAction>> {
    let result = environment.trees.store().result(full_key).ok().flatten()?;
    Extra::planned_some(&result.extra, wanted)
}

fn path_sets(
    environment: &Environment,
    action: &Action,
) -> Result<Vec<cofferdam_cache::Digest>, Fault> {
    let store = environment.trees.store();
    store
        .path_sets(&action.key)
        .map_err(|error| Fault::new(error.to_string()))
}

fn stored(environment: &Environment, key: &Key) -> Result<Option<ActionResult>, Fault> {
    let store = environment.trees.store();
    let found = store
        .result(key)
        .map_err(|error| Fault::new(error.to_string()))?;
    match found {
        Some(result)
            if store
                .complete(&result)
                .map_err(|error| Fault::new(error.to_string()))? =>
        {
            Ok(Some(result))
        }
        _ => Ok(None),
    }
}

/// `None` where the result is damaged: that is as good as none.
pub fn done(result: &ActionResult, full_key: Key, observations: Observations) -> Option<Done> {
    let extra = Extra::decode(&result.extra)?;
    let took = Duration::from_micros(extra.microseconds);
    Some(Done {
        output: result.output.unwrap_or_else(Digest::empty_tree),
        layer: result.layers.first().map(|(_, digest)| *digest),
        full_key,
        observations: Some(Arc::new(observations)),
        planned: extra.planned().map(Arc::new),
        how: How::Cached,
        took,
    })
}

enum Differs {
    Nothing(Observations),
    At(Reason),
}

/// Compares what the last run observed with what is there now.
fn against_record(
    record: &ActionRecord,
    rows: &crate::project::Rows,
    action: &Action,
    mounts: &Mounts,
) -> Result<Differs, Fault> {
    if record.key != action.key {
        let what = "its plugin, config, environment, `reads`, needs, grants or limits".to_owned();
        return Ok(Differs::At(Reason::Changed { what }));
    }
    let mut observations = Observations::default();
    for known in &record.facts {
        let path = match &known.path {
            PathRef::Row(row) => rows.path(*row as usize),
            PathRef::Text(text) => text,
        };
        let lower = &mounts.lowers[usize::from(known.mount)];
        let now = Fact::observe(&**lower, path, known.fact.facets)?;
        if now != known.fact {
            return Ok(Differs::At(Reason::Observed {
                path: Mounts::shown(action, known.mount, path),
                before: describe(&known.fact),
                now: describe(&now),
            }));
        }
        observations.facts.insert((known.mount, path.into()), now);
    }
    Ok(Differs::Nothing(observations))
}

/// blake3 of the static key and, for each observation in order of tree and path: tree, path, facets, kind,
/// size, value.
pub fn full_key(key: &Key, observations: &Observations) -> Key {
    let mut parts = Parts::default();
    parts.bytes(&key.0);
    for ((mount, path), fact) in &observations.facts {
        parts.number(u64::from(*mount));
        parts.text(path);
        parts.number(u64::from(fact.facets.bits()) << 8 | fact.kind as u64);
        parts.number(fact.size);
        parts.bytes(&fact.value);
    }
    Key(parts.finish())
}

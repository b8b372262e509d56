//! Placing an action's output on instances, and going back. Effects: never cached.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::error::{Error, ErrorKind};
use crate::event::Events;
use crate::execute::stop_errors;
use crate::open::OpenOptions;
use crate::plan::{DeployPlan, Plan, Programs, read_checked};
use crate::project::FileTable;
use crate::record::{Reader, Writer};
use crate::run::{RunOptions, Workspace, done_of, run_in};
use crate::sandbox::vfs::{Layout, LowerId, Mount, MountKind, Quotas};
use crate::sandbox::{
    Answer, Call, Cancel, Change, GuestEvent, Instance, Job, Limits, Operation, Sandbox,
};
use crate::trees::{StoredTree, Trees};

/// One act of placing a revision, or of going back to one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// Seconds since the epoch.
    pub time: u64,
    pub name: String,
    /// Hexadecimal blake3 of the tree; `None`: a rollback to the one before.
    pub revision: Option<String>,
    pub rollback: bool,
    pub changes: Vec<Change>,
}

/// Brings what `name` deploys up to date and places it.
pub fn deploy(
    open: &OpenOptions,
    name: &str,
    dry_run: bool,
    options: &RunOptions,
    cancel: &Cancel,
    events: &Events,
) -> Result<Deployment, Vec<Error>> {
    let workspace = Workspace::open(open, events)?;
    let target = Target::find(&workspace, name, events)?;
    let options = RunOptions {
        actions: vec![target.plan.from.clone()],
        ..options.clone()
    };
    let (_, report) = run_in(&workspace, &options, cancel, events, Instant::now())?;
    let output = done_of(&report, &target.plan.from).map(|done| done.output);
    let revision = output.ok_or_else(|| {
        vec![Error::config(format!(
            "`{}` has no output to deploy",
            target.plan.from
        ))]
    })?;
    let trees = Arc::new(Trees::new(workspace.store.clone()));
    let mount = Mount {
        at: "/in/revision".into(),
        kind: MountKind::Tree {
            lower: LowerId {
                number: 0,
                tree: Arc::new(StoredTree::new(trees, revision)),
                stored: true,
            },
        },
    };
    let call = |config, instances| Call::Deploy {
        config,
        revision: revision.hex(),
        instances,
        dry_run,
    };
    let changes = target.call(vec![mount], call, cancel, events)?;
    let deployment = Deployment {
        time: now(),
        name: name.to_owned(),
        revision: Some(revision.hex()),
        rollback: false,
        changes,
    };
    if !dry_run {
        remember(&workspace, &deployment)?;
    }
    Ok(deployment)
}

/// Returns to the revision `to`, or to the one before the current.
pub fn rollback(
    open: &OpenOptions,
    name: &str,
    to: Option<String>,
    dry_run: bool,
    cancel: &Cancel,
    events: &Events,
) -> Result<Deployment, Vec<Error>> {
    let workspace = Workspace::open(open, events)?;
    let target = Target::find(&workspace, name, events)?;
    let to = match to {
        Some(prefix) => Some(full_revision(&deployments(open, name)?, name, &prefix)?),
        None => None,
    };
    let call = |config, instances| Call::Rollback {
        config,
        to: to.clone(),
        instances,
        dry_run,
    };
    let changes = target.call(Vec::new(), call, cancel, events)?;
    let deployment = Deployment {
        time: now(),
        name: name.to_owned(),
        revision: to,
        rollback: true,
        changes,
    };
    if !dry_run {
        remember(&workspace, &deployment)?;
    }
    Ok(deployment)
}

/// The deployments of `name` that succeeded, the newest first.
pub fn deployments(open: &OpenOptions, name: &str) -> Result<Vec<Deployment>, Vec<Error>> {
    let file = open.project_dir().join("deployments");
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(vec![
                Error::environment(format!("cannot read `{}`", file.display())).cause(error),
            ]);
        }
    };
    let mut reader = Reader(&bytes);
    let mut found: Vec<_> = std::iter::from_fn(|| decode(&mut reader))
        .filter(|deployment| deployment.name == name)
        .collect();
    found.reverse();
    Ok(found)
}

fn full_revision(known: &[Deployment], name: &str, prefix: &str) -> Result<String, Vec<Error>> {
    let mut matching: Vec<&String> = known
        .iter()
        .filter_map(|deployment| deployment.revision.as_ref())
        .collect();
    matching.retain(|revision| revision.starts_with(prefix));
    matching.sort();
    matching.dedup();
    match matching.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(vec![
            Error::config(format!(
                "`{name}` was never deployed with a revision that begins with `{prefix}`"
            ))
            .hint(format!("`cofferdam deployments {name}` lists them")),
        ]),
        several => Err(vec![
            Error::config(format!(
                "{} revisions of `{name}` begin with `{prefix}`",
                several.len()
            ))
            .hint("give more digits"),
        ]),
    }
}

/// A deployer with its folders.
struct Target {
    plan: DeployPlan,
    sandbox: Arc<Sandbox>,
    project: PathBuf,
}

impl Target {
    fn find(workspace: &Workspace, name: &str, events: &Events) -> Result<Target, Vec<Error>> {
        let fault = |fault: crate::observe::Fault| vec![Error::environment(fault.to_string())];
        let table = Arc::new(FileTable::new(
            workspace.folder().map_err(fault)?,
            crate::project::Rows::empty(),
            None,
        ));
        let sandbox = workspace.sandbox(events);
        let programs = Programs::new(sandbox.clone(), table.clone(), workspace.options().builtins);
        let spec = read_checked(workspace.options(), &table)?;
        let plan = Plan::build(workspace.options(), spec, &table, programs, false, events)?;
        Ok(Target {
            plan: plan.deploy(name)?,
            sandbox,
            project: workspace.options().folder.clone(),
        })
    }

    /// Runs the deployer on its instances, one for each granted folder.
    fn call(
        &self,
        mut mounts: Vec<Mount>,
        call: impl FnOnce(String, Vec<Instance>) -> Call,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<Vec<Change>, Vec<Error>> {
        let plan = &self.plan;
        let mut instances = Vec::new();
        for (index, folder) in plan.folders.iter().enumerate() {
            let path = self.project.join(folder);
            let opened = std::fs::create_dir_all(&path)
                .and_then(|()| Dir::open_ambient_dir(&path, ambient_authority()));
            let opened = opened.map_err(|error| {
                vec![Error::environment(format!("cannot open the folder `{folder}`")).cause(error)]
            })?;
            let root = format!("/target/{index}");
            mounts.push(Mount {
                at: root.as_str().into(),
                kind: MountKind::HostDir {
                    folder: opened,
                    writable: true,
                },
            });
            instances.push(Instance {
                name: folder.clone(),
                root,
            });
        }
        mounts.push(Mount {
            at: "/tmp".into(),
            kind: MountKind::Overlay {
                lowers: Vec::new(),
                keep: false,
            },
        });
        let program = &plan.program;
        self.sandbox.prepare(program).map_err(|error| vec![error])?;
        let forward = |event| {
            let action = plan.name.clone();
            events(match event {
                GuestEvent::Log(line) => crate::event::Event::Log { action, line },
                GuestEvent::Progress {
                    done,
                    total,
                    message,
                } => crate::event::Event::Progress {
                    action,
                    done,
                    total,
                    message,
                },
            });
        };
        let ended = self.sandbox.execute(
            program,
            Job {
                call: call(plan.config.clone(), instances),
                layout: Layout {
                    mounts,
                    start: "/tmp".into(),
                    quotas: Quotas::default(),
                },
                environment: Vec::new(),
                seed: *blake3::hash(plan.config.as_bytes()).as_bytes(),
                ahead: 0,
                entropy: false,
                limits: Limits {
                    timeout: plan.timeout.or(Some(Duration::from_secs(600))),
                    ..Limits::default()
                },
                cancel,
                events: &forward,
            },
        );
        match ended.result {
            Ok(finished) => match finished.answer {
                Answer::Changed(changes) => Ok(changes),
                Answer::Ran | Answer::Planned(_) => Err(vec![Error::new(
                    ErrorKind::Internal,
                    format!(
                        "the deployer `{}` gave an answer of another world",
                        program.name()
                    ),
                )]),
            },
            Err(stop) => {
                let what = format!("deployment `{}`", plan.name);
                let mut errors = stop_errors(&what, Some(&plan.position), &stop);
                for at in errors.iter_mut().filter_map(|error| error.at.as_mut()) {
                    if let Some(file) = shown(&at.file, &plan.folders) {
                        at.file = file;
                    }
                }
                Err(errors)
            }
        }
    }
}

/// `/target/0/current` as its user knows it: `public/current`.
fn shown(file: &Path, folders: &[String]) -> Option<PathBuf> {
    let mut names = file.strip_prefix("/target").ok()?.components();
    let index: usize = names.next()?.as_os_str().to_str()?.parse().ok()?;
    Some(Path::new(folders.get(index)?).join(names.as_path()))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

/// Appends one record. What a crash has cut off at the end is left out when it is read, and goes now: what comes
/// after it would not be found.
fn remember(workspace: &Workspace, deployment: &Deployment) -> Result<(), Vec<Error>> {
    use std::io::{Read, Write};
    let mut body = Writer::default();
    body.number(deployment.time);
    body.text(&deployment.name);
    body.text(deployment.revision.as_deref().unwrap_or(""));
    body.byte(u8::from(deployment.rollback));
    body.number(deployment.changes.len() as u64);
    for change in &deployment.changes {
        body.byte(change.operation as u8);
        body.text(&change.instance);
        body.text(&change.path);
        body.text(&change.detail);
    }
    let mut out = Writer::default();
    out.number(body.0.len() as u64);
    out.0.extend_from_slice(&body.0);
    let file = workspace.project_dir.join("deployments");
    let written = std::fs::File::options()
        .read(true)
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut file| {
            let mut known = Vec::new();
            file.read_to_end(&mut known)?;
            file.set_len(whole(&known) as u64)?;
            file.write_all(&out.0)?;
            file.sync_data()
        });
    written.map_err(|error| {
        vec![
            Error::environment(
                "the deployment was made, but could not be entered in the list of deployments",
            )
            .cause(error),
        ]
    })
}

/// How many bytes the whole records at the beginning take.
fn whole(bytes: &[u8]) -> usize {
    let mut reader = Reader(bytes);
    let mut whole = 0;
    while decode(&mut reader).is_some() {
        whole = bytes.len() - reader.0.len();
    }
    whole
}

fn decode(reader: &mut Reader) -> Option<Deployment> {
    let length = reader.count()?;
    let mut body = Reader(reader.slice(length)?);
    let time = body.number()?;
    let name = body.text()?.to_owned();
    let revision = body.text()?.to_owned();
    let rollback = body.byte()? != 0;
    let changes = (0..body.count()?).map(|_| {
        const OPERATIONS: [Operation; 5] = [
            Operation::Create,
            Operation::Update,
            Operation::Delete,
            Operation::Activate,
            Operation::Keep,
        ];
        Some(Change {
            operation: *OPERATIONS.get(usize::from(body.byte()?))?,
            instance: body.text()?.to_owned(),
            path: body.text()?.to_owned(),
            detail: body.text()?.to_owned(),
        })
    });
    Some(Deployment {
        time,
        name,
        changes: changes.collect::<Option<_>>()?,
        revision: Some(revision).filter(|revision| !revision.is_empty()),
        rollback,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_as_its_user_knows_it() {
        let folders = ["public".to_owned(), "/srv/www".to_owned()];
        for (file, wanted) in [
            ("/target/0/current/a.html", Some("public/current/a.html")),
            ("/target/1/a.html", Some("/srv/www/a.html")),
            ("/target/2/a.html", None),
            ("cofferdam.toml", None),
        ] {
            let shown = shown(Path::new(file), &folders);
            assert_eq!(shown.as_deref(), wanted.map(Path::new), "{file}");
        }
    }
}

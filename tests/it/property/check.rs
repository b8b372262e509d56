//! One scenario: two folders with the same sources, one built again and again, one only copied and built clean.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cofferdam_runtime::Event;
use cofferdam_runtime::sandbox::Cancel;
use proptest::prop_assert;
use proptest::test_runner::TestCaseError;

use super::edit::{Edit, Lost, Output, Tweak, remove};
use super::generate::{Hand, Round, Scenario};
use super::model::{LOCAL, VARIABLE};
use crate::fixture::{Project, Ran, Tree, component, new_cache, tree};

/// How one run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Outcome {
    /// Action → `done` with its output, `failed` with why, `skipped`.
    actions: BTreeMap<String, String>,
    /// Errors that are no action's.
    errors: BTreeSet<String>,
    /// Folder → all in it, of the actions that are done.
    written: BTreeMap<String, Tree>,
}

struct State {
    scenario: Scenario,
    live: Project,
    /// Has the sources of `live` and no outputs; never built.
    shadow: Project,
    variable: bool,
    plugin: bool,
    /// Of the last good run, for when the next one looks at no action: a bad one leaves its record as it was.
    last: BTreeMap<String, String>,
    /// Sources and project file of good runs since the cache was lost.
    seen: BTreeSet<String>,
}

pub fn check(scenario: &Scenario) -> Result<(), TestCaseError> {
    let mut state = State::new(scenario.clone());
    state.round(&Round {
        edits: Vec::new(),
        during: None,
        only: None,
        jobs: 2,
    })?;
    for round in &scenario.rounds {
        state.round(round)?;
    }
    Ok(())
}

impl State {
    fn new(scenario: Scenario) -> State {
        let state = State {
            live: Project::new(""),
            shadow: Project::new(""),
            scenario,
            variable: false,
            plugin: false,
            last: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        for project in [&state.live, &state.shadow] {
            for edit in &state.scenario.files {
                edit.apply(project.folder());
            }
        }
        state.configure();
        state.place_plugin();
        state
    }

    fn configure(&self) {
        let toml = self.scenario.model.toml();
        self.live.write("cofferdam.toml", &toml);
        self.shadow.write("cofferdam.toml", &toml);
    }

    /// The scripted guest, with an empty custom section or without.
    fn place_plugin(&self) {
        let mut bytes = component("scripted");
        if self.plugin {
            bytes.extend([0, 2, 1, b'x']);
        }
        self.live.write(LOCAL, &bytes);
        self.shadow.write(LOCAL, &bytes);
    }

    fn round(&mut self, round: &Round) -> Result<(), TestCaseError> {
        for edit in &round.edits {
            self.apply(edit);
        }
        if let Some(action) = round.only {
            let name = format!("a{}", action % self.scenario.model.actions.len());
            self.live.run_with(|options| {
                options.actions = vec![name];
                options.keep_going = true;
            });
        }
        if let Some((events, source, hand)) = &round.during {
            let ran = self.run_disturbed(*events, source, *hand, round.jobs);
            self.remember(&ran);
        }
        let edited = format!("after {round:?}\n{}", self.scenario.model.toml());
        let first = self.run(round.jobs);
        let (live, executed) = self.outcome(&first, self.live.folder());
        let clean = self.clean_build();
        prop_assert!(
            live == clean,
            "{edited}\nincremental {live:#?}\nclean {clean:#?}"
        );
        let now = self.sources();
        if first.result.is_ok() {
            prop_assert!(
                executed.is_empty() || !self.seen.contains(&now),
                "{edited}\nall is as it was in a run before, and {executed:?} ran again"
            );
            self.seen.insert(now);
        }
        self.remember(&first);
        let second = self.run(round.jobs);
        let (again, executed) = self.outcome(&second, self.live.folder());
        prop_assert!(again == live, "{edited}\nfirst {live:#?}\nagain {again:#?}");
        prop_assert!(
            executed.is_empty(),
            "{edited}\nnothing changed, and {executed:?} ran"
        );
        if first.result.is_ok() {
            prop_assert!(
                second.was_fast(),
                "{edited}\nnot fast: {:#?}",
                second.events
            );
        }
        Ok(())
    }

    fn apply(&mut self, edit: &Edit) {
        let actions = &mut self.scenario.model.actions;
        let count = actions.len();
        match edit {
            Edit::Source(source) => {
                source.apply(self.live.folder());
                source.apply(self.shadow.folder());
                return;
            }
            Edit::Output(output) => {
                output.apply(self.live.folder(), self.shadow.folder());
                return;
            }
            Edit::Replace(at, act) => actions[at % count] = act.clone(),
            Edit::Tweak(at, tweak) => {
                let act = &mut actions[at % count];
                match tweak {
                    Tweak::Silent => act.silent ^= true,
                    Tweak::Reads(reads) => act.reads = *reads,
                    Tweak::Need(need) => match act.needs.iter().position(|known| known == need) {
                        Some(place) => drop(act.needs.remove(place)),
                        None => act.needs.push(*need),
                    },
                    Tweak::Base(base) => act.base = *base,
                    Tweak::Writes(writes) => act.writes = *writes,
                    Tweak::Variable => act.variable ^= true,
                    Tweak::Salt => act.salt ^= true,
                    Tweak::Grant => act.grant ^= true,
                    Tweak::Local => act.local ^= true,
                }
            }
            Edit::Add(act) => {
                if count < 5 {
                    actions.push(act.clone());
                }
            }
            Edit::RemoveLast => {
                if count > 1 {
                    actions.pop();
                }
            }
            Edit::Plugin => {
                self.plugin ^= true;
                self.place_plugin();
            }
            Edit::Variable => self.variable ^= true,
            Edit::Cache(lost) => self.lose(*lost),
        }
        if self.variable {
            self.live
                .environment
                .insert(VARIABLE.to_owned(), "set".to_owned());
        } else {
            self.live.environment.remove(VARIABLE);
        }
        self.configure();
    }

    fn lose(&mut self, lost: Lost) {
        match lost {
            Lost::Record => {
                let _ = fs::remove_file(self.live.open().record_file());
            }
            Lost::All => {
                remove(self.live.cache()).expect("the cache can be removed");
                new_cache(self.live.cache());
                // Nobody knows any more what was written.
                for folder in 0..3 {
                    Output::DeleteFolder(folder).apply(self.live.folder(), self.shadow.folder());
                }
                self.seen.clear();
            }
        }
    }

    fn run(&self, jobs: usize) -> Ran {
        self.live.run_with(|options| {
            options.jobs = jobs;
            options.keep_going = true;
        })
    }

    /// A run during which an edit is made. What it gives counts for nothing but the runs after it.
    fn run_disturbed(
        &self,
        after: usize,
        source: &super::edit::Source,
        hand: Hand,
        jobs: usize,
    ) -> Ran {
        let events = AtomicUsize::new(0);
        let made = Mutex::new(false);
        let make = || {
            let mut made = made.lock().expect("no panic while locked");
            if !std::mem::replace(&mut *made, true) {
                source.apply(self.live.folder());
                source.apply(self.shadow.folder());
            }
        };
        let ran = std::thread::scope(|scope| {
            self.live.run_watched(
                |options| {
                    options.jobs = jobs;
                    options.keep_going = true;
                },
                &Cancel::default(),
                |_| {
                    if events.fetch_add(1, Ordering::SeqCst) == after {
                        match hand {
                            Hand::Teller => make(),
                            Hand::Another => drop(scope.spawn(make)),
                        }
                    }
                },
            )
        });
        make();
        ran
    }

    fn remember(&mut self, ran: &Ran) {
        if ran.result.is_ok() {
            self.last = self.outcome(ran, self.live.folder()).0.actions;
        }
    }

    /// How a run ended, and what it executed.
    fn outcome(&self, ran: &Ran, folder: &Path) -> (Outcome, Vec<String>) {
        let mut actions = BTreeMap::new();
        let mut executed = Vec::new();
        let mut failures = BTreeSet::new();
        let mut unchanged = Vec::new();
        for event in &ran.events {
            match event {
                Event::Executed { action, output, .. } => {
                    executed.push(action.clone());
                    actions.insert(action.clone(), format!("done {output}"));
                }
                Event::Cached { action, output, .. } => {
                    actions.insert(action.clone(), format!("done {output}"));
                }
                Event::Failed { action, errors, .. } => {
                    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                    failures.extend(errors.iter().cloned());
                    actions.insert(action.clone(), format!("failed {errors:?}"));
                }
                Event::Skipped { action, .. } => {
                    actions.insert(action.clone(), "skipped".to_owned());
                }
                Event::Unchanged { planner, .. } => unchanged.push(format!("{planner}:")),
                _ => {}
            }
        }
        for (action, end) in &self.last {
            if unchanged.iter().any(|planner| action.starts_with(planner)) {
                actions.entry(action.clone()).or_insert(end.clone());
            }
        }
        if ran.result.is_ok() && ran.was_fast() {
            actions.clone_from(&self.last);
        }
        let mut errors: BTreeSet<String> = match &ran.result {
            Ok(_) => BTreeSet::new(),
            Err(errors) => errors.iter().map(ToString::to_string).collect(),
        };
        errors.retain(|error| !failures.contains(error));
        let mut written = BTreeMap::new();
        for (number, at) in self.scenario.model.folders().iter().enumerate() {
            let is_done = actions
                .get(&format!("a{number}"))
                .is_some_and(|end| end.starts_with("done"));
            if let (Some(at), true, true) = (at, is_done, errors.is_empty()) {
                written.insert((*at).to_owned(), tree(&folder.join(at)));
            }
        }
        (
            Outcome {
                actions,
                errors,
                written,
            },
            executed,
        )
    }

    /// The sources in a new folder with a new cache, built once.
    fn clean_build(&self) -> Outcome {
        let mut clean = Project::new("");
        copy(self.shadow.folder(), clean.folder());
        clean.environment.clone_from(&self.live.environment);
        let ran = clean.run_with(|options| options.keep_going = true);
        let (outcome, _) = self.outcome(&ran, clean.folder());
        outcome
    }

    /// All that a result may rest on.
    fn sources(&self) -> String {
        let mut tree = tree(self.shadow.folder());
        tree.remove(LOCAL);
        format!("{tree:?} {} {}", self.plugin, self.variable)
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder can be listed") {
        let entry = entry.expect("the folder can be listed");
        let (path, target): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            fs::create_dir_all(&target).expect("a new folder");
            copy(&path, &target);
        } else if kind.is_symlink() {
            let text = fs::read_link(&path).expect("a link");
            std::os::unix::fs::symlink(text, &target).expect("a new name");
        } else {
            fs::copy(&path, &target).expect("a new file");
        }
    }
}

//! Runs a plan on all cores: an action starts when what it needs is done, planners add actions on the way,
//! and what the last run's record proves unchanged ends without work.

mod board;
mod clean;
mod gather;

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use cofferdam_cache::Digest;

use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::execute::{Done, Ending, Environment, How, Mounts, execute, planned_some};
use crate::plan::{Action, ActionId, NeedOf, Plan, Recorded, Verb};
use crate::schedule::board::{Board, Task};

pub use clean::{Clean, Unlisted};

/// How every action of a plan ended, by its number.
pub struct Report {
    pub actions: Vec<Arc<Action>>,
    /// `None`: not asked for.
    pub ends: Vec<Option<End>>,
    pub errors: Vec<Error>,
    pub cancelled: bool,
    /// Actions that planners planned and that took no part, as nothing about them has changed.
    pub unlisted: Unlisted,
    /// The planners of those, by their numbers in the last run's record.
    pub partial: Vec<usize>,
}

#[derive(Clone)]
pub enum End {
    Done(Arc<Done>),
    Failed,
    Skipped,
}

pub struct Schedule<'a> {
    environment: &'a Environment<'a>,
    plan: &'a Plan,
    clean: Clean<'a>,
    keep_going: bool,
    board: Mutex<Board>,
    /// Something may have become ready, or everything has ended.
    changed: Condvar,
}

impl<'a> Schedule<'a> {
    /// `clean` knows what the last run's record proves; `selected` are the actions to bring up to date,
    /// with all they need.
    pub fn new(
        environment: &'a Environment<'a>,
        plan: &'a Plan,
        selected: &[ActionId],
        clean: Clean<'a>,
        keep_going: bool,
    ) -> Schedule<'a> {
        Schedule {
            environment,
            plan,
            clean,
            keep_going,
            board: Mutex::new(Board::new(plan.actions.clone(), selected)),
            changed: Condvar::new(),
        }
    }

    /// Blocks until every action has ended.
    pub fn run(self, jobs: usize) -> Report {
        {
            let mut board = self.board.lock().expect("no panic while locked");
            self.settle(&mut board);
        }
        std::thread::scope(|scope| {
            for _ in 1..jobs {
                scope.spawn(|| self.work());
            }
            self.work();
        });
        let board = self.board.into_inner().expect("no panic while locked");
        board.report(self.environment.cancel.is_cancelled())
    }

    fn work(&self) {
        let mut board = self.board.lock().expect("no panic while locked");
        loop {
            if self.environment.cancel.is_cancelled() {
                board.stop();
            }
            match board.next() {
                Some(task) => {
                    let planned = board.len();
                    drop(board);
                    let ending = self.perform(&task, planned);
                    board = self.board.lock().expect("no panic while locked");
                    board.returned(&task);
                    self.finish(&mut board, &task, ending);
                    self.settle(&mut board);
                    self.changed.notify_all();
                }
                None if board.is_over() => {
                    self.changed.notify_all();
                    return;
                }
                None => board = self.changed.wait(board).expect("no panic while locked"),
            }
        }
    }

    /// The work of a task, and the telling of it, done without the board. `planned`: actions known by now.
    fn perform(&self, task: &Task, planned: usize) -> Ending {
        match task {
            Task::Execute { action, .. } if action.verb == Verb::Gather => {
                let done = Done::nothing(action.key);
                self.tell_done(action, &done);
                Ending::Done(done)
            }
            Task::Execute { action, inputs, .. } => {
                (self.environment.events)(Event::Started {
                    action: action.name.to_string(),
                    planned,
                });
                let ground = self.plan.ground(action);
                let mounts = Mounts::new(self.environment, action, ground, inputs);
                let ending = execute(self.environment, action, &mounts);
                if let Ending::Done(done) = &ending {
                    self.tell_done(action, done);
                }
                ending
            }
            Task::Gather {
                action,
                done,
                parts,
                partial,
                ..
            } => gather::gather(self.environment, action, done, parts, *partial),
        }
    }

    /// Enters how a task ended, and tells it.
    fn finish(&self, board: &mut Board, task: &Task, ending: Ending) {
        let action = task.action();
        match ending {
            Ending::Done(done) => {
                let expands = matches!(task, Task::Execute { .. }) && action.is_planner();
                if !expands {
                    board.done(task.id(), Arc::new(done));
                    return;
                }
                let inputs = board.inputs(action);
                let ground = self.plan.ground(action);
                if self.clean.planned_before(action, ground, &inputs, &done)
                    && self.expand_some(board, task.id(), action, &done).is_some()
                {
                    return;
                }
                let planned = done.planned.clone().unwrap_or_default();
                match self.plan.expand(task.id(), action, &planned, board.len()) {
                    Ok(actions) => board.expand(task.id(), done, actions),
                    Err(errors) => self.failed(board, task, errors, &[], &[]),
                }
            }
            Ending::Failed {
                errors,
                stdout,
                stderr,
            } => self.failed(board, task, errors, &stdout, &stderr),
            Ending::Cancelled => {
                board.cancelled(task.id());
                board.stop();
            }
        }
    }

    fn failed(
        &self,
        board: &mut Board,
        task: &Task,
        errors: Vec<Error>,
        stdout: &[u8],
        stderr: &[u8],
    ) {
        (self.environment.events)(Event::Failed {
            action: task.action().name.to_string(),
            errors: errors.clone(),
            stdout: stdout.to_vec(),
            stderr: stderr.to_vec(),
        });
        let fatal = errors
            .iter()
            .any(|error| error.kind == ErrorKind::Environment);
        let skipped = board.failed(task.id(), errors);
        for id in skipped {
            self.tell_skipped(board, id, &task.action().name);
        }
        if fatal || !self.keep_going {
            board.stop();
        }
    }

    /// Ends, without work, every ready action that the last run's record proves unchanged.
    fn settle(&self, board: &mut Board) {
        while let Some((id, action)) = board.next_unchecked() {
            let inputs = board.inputs(&action);
            let ground = self.plan.ground(&action);
            match self.clean.unchanged(&action, ground, &inputs) {
                Some(done) if !action.is_planner() => {
                    self.tell_done(&action, &done);
                    board.done(id, Arc::new(done));
                }
                Some(done) if self.expand_some(board, id, &action, &done).is_some() => {
                    self.tell_done(&action, &done);
                }
                _ => board.queue(id),
            }
        }
    }

    /// Lets only those actions of an unchanged planner take part about which something may have changed.
    /// `None` where all must.
    fn expand_some(
        &self,
        board: &mut Board,
        id: ActionId,
        action: &Action,
        done: &Done,
    ) -> Option<()> {
        let stirred = self.clean.stirred(action)?;
        let last = self.environment.last?;
        let skip = action.name.len() + 1;
        let numbers = stirred
            .numbers
            .iter()
            .map(|number| (&last.actions.name(*number)[skip..], *number));
        let recorded = Recorded {
            numbers: numbers.collect(),
            need: &|number, place| {
                let number = last.actions.needs(number)[place] as usize;
                let output = last.actions.entries()[number].output;
                NeedOf::Recorded { number, output }
            },
        };
        let planned = if recorded.numbers.is_empty() || action.verb == Verb::Gather {
            Vec::new()
        } else {
            let wanted = |name: &str| recorded.number(name).is_some();
            planned_some(self.environment, &done.full_key, wanted)?
        };
        let actions = self
            .plan
            .expand_some(id, action, &planned, board.len(), &recorded)
            .ok()
            .filter(|actions| actions.len() == recorded.numbers.len())?;
        (self.environment.events)(Event::Unchanged {
            planner: action.name.to_string(),
            actions: stirred.rest.actions,
            saved: Duration::from_micros(stirred.rest.microseconds),
        });
        if actions.is_empty() {
            board.unlist(stirred.planner, stirred.rest);
            let output = last.actions.entries()[stirred.planner].output;
            let done = done.clone();
            board.done(id, Arc::new(Done { output, ..done }));
        } else {
            board.unlist(stirred.planner, stirred.rest);
            board.expand_some(id, done.clone(), actions);
        }
        Some(())
    }

    fn tell_done(&self, action: &Action, done: &Done) {
        let name = action.name.to_string();
        // What a planner's actions leave is not known yet.
        let output = if action.is_planner() {
            Digest::empty_tree().short()
        } else {
            done.output.short()
        };
        (self.environment.events)(match &done.how {
            How::Cached => Event::Cached {
                action: name,
                output,
                saved: done.took,
            },
            How::Executed(_) => Event::Executed {
                action: name,
                output,
                elapsed: done.took,
            },
        });
    }

    fn tell_skipped(&self, board: &Board, id: ActionId, because: &str) {
        (self.environment.events)(Event::Skipped {
            action: board.action(id).name.to_string(),
            because: because.to_owned(),
        });
    }
}

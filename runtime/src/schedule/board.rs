//! Where every action of a run stands.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use cofferdam_cache::{Digest, Key};

use crate::error::Error;
use crate::execute::{Done, Inputs};
use crate::plan::{Action, ActionId, NeedOf};
use crate::schedule::clean::Unlisted;
use crate::schedule::{End, Report};

pub enum Task {
    Execute {
        id: ActionId,
        action: Arc<Action>,
        inputs: Inputs,
    },
    /// Put a planner's output together: all its actions are done.
    Gather {
        id: ActionId,
        action: Arc<Action>,
        done: Box<Done>,
        parts: Vec<Part>,
        /// The others are as in the last run's record.
        partial: bool,
    },
}

/// One exported action of a planner.
pub struct Part {
    pub name: Arc<str>,
    /// Its number in the last run's record, where it is known that it has one.
    pub recorded: Option<usize>,
    pub output: Digest,
}

impl Task {
    pub fn id(&self) -> ActionId {
        match self {
            Task::Execute { id, .. } | Task::Gather { id, .. } => *id,
        }
    }

    pub fn action(&self) -> &Arc<Action> {
        match self {
            Task::Execute { action, .. } | Task::Gather { action, .. } => action,
        }
    }
}

enum Status {
    /// Not asked for in this run.
    Idle,
    Waiting,
    /// Ready, queued, or at work.
    Active,
    /// A planner whose actions are under way.
    Expanded(Box<Done>),
    Ended(End),
}

struct Slot {
    action: Arc<Action>,
    status: Status,
    /// Needs (or a planner's actions) that have not ended.
    open: u32,
    dependents: Vec<ActionId>,
    planned: Vec<ActionId>,
    /// `planned` are not all that it planned.
    partial: bool,
}

#[derive(Default)]
pub struct Board {
    slots: Vec<Slot>,
    /// Ready, not yet compared with the last run's record.
    unchecked: VecDeque<ActionId>,
    ready: VecDeque<ActionId>,
    /// Keys that are being executed, and the actions that wait for the same result.
    in_flight: HashMap<Key, Vec<ActionId>>,
    running: usize,
    unended: usize,
    stopped: bool,
    errors: Vec<Error>,
    unlisted: Unlisted,
    partial: Vec<usize>,
}

impl Board {
    /// `selected` and all they need take part; the others stay idle.
    pub fn new(actions: Vec<Arc<Action>>, selected: &[ActionId]) -> Board {
        let mut board = Board {
            slots: actions.into_iter().map(Slot::new).collect(),
            ..Board::default()
        };
        let mut wanted = HashSet::new();
        let mut stack = selected.to_vec();
        while let Some(id) = stack.pop() {
            if wanted.insert(id) {
                stack.extend(board.slots[id as usize].action.inputs());
            }
        }
        let mut wanted: Vec<ActionId> = wanted.into_iter().collect();
        wanted.sort_unstable();
        board.enter(&wanted);
        board
    }

    fn enter(&mut self, ids: &[ActionId]) {
        self.unended += ids.len();
        for &id in ids {
            self.slots[id as usize].status = Status::Waiting;
        }
        for &id in ids {
            let inputs: Vec<ActionId> = self.slots[id as usize].action.inputs().collect();
            let mut open = 0;
            let mut lost = false;
            for input in inputs {
                let slot = &mut self.slots[input as usize];
                match &slot.status {
                    Status::Ended(End::Done(_)) => {}
                    Status::Ended(_) => lost = true,
                    _ => {
                        slot.dependents.push(id);
                        open += 1;
                    }
                }
            }
            self.slots[id as usize].open = open;
            if lost {
                self.end(id, End::Skipped);
            } else if open == 0 {
                self.activate(id);
            }
        }
    }

    fn activate(&mut self, id: ActionId) {
        self.slots[id as usize].status = Status::Active;
        self.unchecked.push_back(id);
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn action(&self, id: ActionId) -> &Arc<Action> {
        &self.slots[id as usize].action
    }

    /// A ready action that was not yet compared with the last run's record.
    pub fn next_unchecked(&mut self) -> Option<(ActionId, Arc<Action>)> {
        let id = self.unchecked.pop_front()?;
        Some((id, self.slots[id as usize].action.clone()))
    }

    pub fn queue(&mut self, id: ActionId) {
        self.ready.push_back(id);
    }

    /// Of an action whose inputs are done.
    pub fn inputs(&self, action: &Action) -> Inputs {
        let done = |id: ActionId| match &self.slots[id as usize].status {
            Status::Ended(End::Done(done)) => done,
            _ => unreachable!("an action starts when its inputs are done"),
        };
        let mut layers = Vec::new();
        let mut base = action.base;
        while let Some(id) = base {
            layers.push(done(id).layer.unwrap_or_else(Digest::empty_tree));
            base = self.slots[id as usize].action.base;
        }
        Inputs {
            needs: action
                .needs
                .iter()
                .map(|need| match need.of {
                    NeedOf::Action(id) => done(id).output,
                    NeedOf::Recorded { output, .. } => output,
                })
                .collect(),
            layers,
        }
    }

    pub fn next(&mut self) -> Option<Task> {
        while let Some(id) = self.ready.pop_front() {
            let slot = &mut self.slots[id as usize];
            if self.stopped {
                self.end(id, End::Skipped);
                continue;
            }
            if let Status::Expanded(_) = slot.status {
                self.running += 1;
                return Some(self.gathering(id));
            }
            let action = slot.action.clone();
            if let Some(parked) = self.in_flight.get_mut(&action.key) {
                parked.push(id);
                continue;
            }
            self.in_flight.insert(action.key, Vec::new());
            self.running += 1;
            let inputs = self.inputs(&action);
            return Some(Task::Execute { id, action, inputs });
        }
        None
    }

    fn gathering(&mut self, id: ActionId) -> Task {
        let slot = &mut self.slots[id as usize];
        let Status::Expanded(done) = std::mem::replace(&mut slot.status, Status::Active) else {
            unreachable!("only an expanded planner is gathered");
        };
        let (action, partial) = (slot.action.clone(), slot.partial);
        let planned = slot.planned.clone();
        let exported = planned.into_iter().filter_map(|id| {
            let slot = &self.slots[id as usize];
            match (&slot.status, slot.action.planner) {
                (Status::Ended(End::Done(done)), Some((_, true))) => Some(Part {
                    name: slot.action.name.clone(),
                    recorded: slot.action.recorded,
                    output: done.output,
                }),
                _ => None,
            }
        });
        let parts = exported.collect();
        Task::Gather {
            id,
            action,
            done,
            parts,
            partial,
        }
    }

    /// Takes a task off the running ones and lets those that waited for the same key go on.
    pub fn returned(&mut self, task: &Task) {
        self.running -= 1;
        if let Task::Execute { action, .. } = task
            && let Some(parked) = self.in_flight.remove(&action.key)
        {
            for id in parked.into_iter().rev() {
                self.ready.push_front(id);
            }
        }
    }

    pub fn done(&mut self, id: ActionId, done: Arc<Done>) {
        self.end(id, End::Done(done));
    }

    /// Some of a planner's actions join the run; the others are as they were.
    pub fn expand_some(&mut self, id: ActionId, done: Done, actions: Vec<Action>) {
        self.slots[id as usize].partial = true;
        self.expand(id, done, actions);
    }

    /// Actions of a planner, which has this number in the last run's record, take no part.
    pub fn unlist(&mut self, planner: usize, unlisted: Unlisted) {
        self.partial.push(planner);
        self.unlisted.actions += unlisted.actions;
        self.unlisted.microseconds += unlisted.microseconds;
    }

    /// A planner's actions join the run.
    pub fn expand(&mut self, id: ActionId, done: Done, actions: Vec<Action>) {
        let first = self.slots.len() as ActionId;
        self.slots.extend(
            actions
                .into_iter()
                .map(|action| Slot::new(Arc::new(action))),
        );
        let planned: Vec<ActionId> = (first..self.slots.len() as ActionId).collect();
        let slot = &mut self.slots[id as usize];
        slot.status = Status::Expanded(Box::new(done));
        slot.open = planned.len() as u32;
        slot.planned.clone_from(&planned);
        if planned.is_empty() {
            self.ready.push_back(id);
        }
        self.enter(&planned);
    }

    /// Gives the actions that cannot run any more, all that need `id`.
    pub fn failed(&mut self, id: ActionId, errors: Vec<Error>) -> Vec<ActionId> {
        self.errors.extend(errors);
        self.end(id, End::Failed)
    }

    pub fn cancelled(&mut self, id: ActionId) {
        self.end(id, End::Skipped);
    }

    /// Nothing new starts.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    pub fn is_over(&self) -> bool {
        self.unended == 0 || (self.stopped && self.running == 0 && self.ready.is_empty())
    }

    /// Enters an end and follows it: dependents become ready, or are skipped; a planner's output can be
    /// gathered. Gives all that was skipped.
    fn end(&mut self, id: ActionId, end: End) -> Vec<ActionId> {
        let mut skipped = Vec::new();
        let mut stack = vec![(id, end)];
        while let Some((id, end)) = stack.pop() {
            let slot = &mut self.slots[id as usize];
            if matches!(slot.status, Status::Ended(_)) {
                continue;
            }
            let good = matches!(end, End::Done(_));
            if matches!(end, End::Skipped) {
                skipped.push(id);
            }
            slot.status = Status::Ended(end);
            let planner = slot.action.planner;
            let dependents = std::mem::take(&mut slot.dependents);
            self.unended -= 1;
            for dependent in dependents {
                let slot = &mut self.slots[dependent as usize];
                slot.open -= 1;
                if !matches!(slot.status, Status::Waiting) {
                    continue;
                }
                if !good {
                    stack.push((dependent, End::Skipped));
                } else if slot.open == 0 {
                    self.activate(dependent);
                }
            }
            if let Some((planner, _)) = planner {
                let slot = &mut self.slots[planner as usize];
                slot.open -= 1;
                let expanded = matches!(slot.status, Status::Expanded(_));
                if expanded && !good {
                    stack.push((planner, End::Skipped));
                } else if expanded && slot.open == 0 {
                    self.ready.push_back(planner);
                }
            }
        }
        skipped
    }

    pub fn report(self, cancelled: bool) -> Report {
        let mut actions = Vec::with_capacity(self.slots.len());
        let mut ends = Vec::with_capacity(self.slots.len());
        for slot in self.slots {
            let end = match slot.status {
                Status::Ended(end) => Some(end),
                Status::Idle => None,
                _ => Some(End::Skipped),
            };
            actions.push(slot.action);
            ends.push(end);
        }
        Report {
            actions,
            ends,
            errors: self.errors,
            cancelled,
            unlisted: self.unlisted,
            partial: self.partial,
        }
    }
}

impl Slot {
    fn new(action: Arc<Action>) -> Slot {
        Slot {
            action,
            status: Status::Idle,
            open: 0,
            dependents: Vec::new(),
            planned: Vec::new(),
            partial: false,
        }
    }
}

//! The only place where guest code runs: action + effective grants → outputs + observations.

mod call;
mod code;
mod component;
mod engine;
mod guest;
mod interrupt;
mod job;
mod module;
mod program;
#[cfg(test)]
mod tests;
mod trap;
pub mod vfs;
mod wasi;

pub use component::World;
pub use interrupt::Cancel;
pub use job::{
    Answer, Call, Capability, Change, Description, Ended, Failure, FailureKind, Finished,
    GuestEvent, Instance, Job, Limits, Location, NeedSource, Operation, PlannedAction, PlannedNeed,
    Stop,
};
pub use program::{Bytes, Component, Program};

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::Store;

use code::CodeFolder;
use engine::{Machine, Machines};
use guest::{Guest, Ready, Running};
use program::Place;
use vfs::{Layout, Quotas};

use crate::event::Event;
use crate::observe::Fault;
use crate::{Error, ErrorKind};

/// The version of all that a guest can notice of its sandbox: part of every action's key.
pub const SEMANTICS: u32 = 2;

/// How long a plugin may take to say what it is.
const TO_DESCRIBE: Duration = Duration::from_secs(10);

/// Loads components and runs them.
pub struct Sandbox {
    code: CodeFolder,
    machines: Machines,
    programs: Mutex<HashMap<[u8; 32], Arc<Program>>>,
    events: Box<dyn Fn(Event) + Send + Sync>,
}

impl Sandbox {
    /// Compiled code is kept in `code_folder`, which must be private to the user: whoever can write there runs code
    /// as the user. It is made when needed. `events` hears of compilations.
    pub fn new(code_folder: PathBuf, events: Box<dyn Fn(Event) + Send + Sync>) -> Sandbox {
        Sandbox {
            code: CodeFolder::new(code_folder),
            machines: Machines::default(),
            programs: Mutex::default(),
            events,
        }
    }

    /// Finds out what a component is and, of a plugin, what it says of itself. Nothing runs, and the bytes are not
    /// fetched, if that is known from an earlier time.
    pub fn load(&self, component: &Component) -> Result<Arc<Program>, Error> {
        let hash = component.digest.hash;
        let known = |programs: &Mutex<HashMap<_, Arc<Program>>>| {
            programs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&hash)
                .cloned()
        };
        if let Some(program) = known(&self.programs) {
            return Ok(program);
        }
        let program = match self.code.facts(&component.digest) {
            Some(facts) => Program::new(component.clone(), facts),
            None => self.discover(component)?,
        };
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(
            programs.entry(hash).or_insert_with(|| Arc::new(program)),
        ))
    }

    fn discover(&self, component: &Component) -> Result<Program, Error> {
        let bytes = component.fetch()?;
        let facts = component::inspect(&component.name, &bytes)?;
        let mut program = Program::new(component.clone(), facts);
        if program.world() != World::Command {
            let description = self.describe(&program)?;
            program = program.described(description);
        }
        self.code.put_facts(&component.digest, program.facts())?;
        Ok(program)
    }

    fn describe(&self, program: &Program) -> Result<Description, Error> {
        let (guest, _) = Guest::new(Job {
            call: Call::Command {
                arguments: Vec::new(),
                stdin: Vec::new(),
            },
            layout: Layout {
                mounts: Vec::new(),
                start: "/".into(),
                quotas: Quotas::default(),
            },
            environment: Vec::new(),
            seed: [0; 32],
            ahead: 0,
            entropy: false,
            limits: Limits {
                timeout: Some(TO_DESCRIBE),
                ..Limits::default()
            },
            cancel: &Cancel::default(),
            events: &|_| {},
        });
        self.prepare(program)?;
        let (_, description) = self.run(program, guest, call::describe);
        description.map_err(|stop| {
            let message = format!("`{}` cannot say what it is", program.name());
            Error::new(ErrorKind::Plugin, message).cause(stop)
        })
    }

    /// Runs `job` in `program` to its end. What keeps it from running at all is a [`Stop::Fault`].
    ///
    /// The calling thread's stack must have 2 MiB.
    pub fn execute(&self, program: &Program, job: Job<'_>) -> Ended {
        let (guest, call) = Guest::new(job);
        let (guest, result) = self.run(program, guest, |store, running| {
            call::answer(&call, store, running)
        });
        guest.end(match result {
            Ok(Ok(answer)) => Ok(Finished { answer }),
            Ok(Err(failures)) => Err(Stop::Failed(failures)),
            // A program may end well without returning.
            Err(Stop::Exited(0)) if matches!(call, Call::Command { .. } | Call::Run { .. }) => {
                Ok(Finished {
                    answer: Answer::Ran,
                })
            }
            Err(stop) => Err(stop),
        })
    }

    /// Asks the component for `guest`, in the pool if that has room.
    fn run<T>(
        &self,
        program: &Program,
        mut guest: Guest,
        ask: impl Fn(&mut Store<Guest>, &Running<'_>) -> wasmtime::Result<T>,
    ) -> (Guest, Result<T, Stop>) {
        for place in [Place::Pooled, Place::Roomy] {
            let (machine, ready) = match self.ready(program, place) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(error) => return (guest, Err(Stop::Fault(Fault::new(error.to_string())))),
            };
            let (back, result) = guest::attempt(machine, ready, guest, &ask);
            guest = back;
            if let Some(result) = result {
                return (guest, result);
            }
        }
        (
            guest,
            Err(Stop::Fault(Fault::new(
                "the system has no room for another guest",
            ))),
        )
    }

    fn ready<'a>(
        &'a self,
        program: &'a Program,
        place: Place,
    ) -> Result<Option<(&'a Machine, &'a Ready)>, Error> {
        let machine = match place {
            Place::Pooled => match self.machines.pooled() {
                Some(machine) => machine,
                None => return Ok(None),
            },
            Place::Roomy => self.machines.roomy()?,
        };
        let load = || {
            let form = program.facts().form;
            self.code
                .load(&machine.engine, program.component(), form, &self.events)
        };
        Ok(program
            .ready(place, machine, load)?
            .map(|ready| (machine, ready)))
    }

    /// Compiles what `program` needs to run, if it has to be.
    pub fn prepare(&self, program: &Program) -> Result<(), Error> {
        if self.ready(program, Place::Pooled)?.is_none() {
            self.ready(program, Place::Roomy)?;
        }
        Ok(())
    }

    /// Deletes compiled code that was not used for `age`. Returns how many bytes that freed.
    pub fn collect(&self, age: Duration) -> Result<u64, Error> {
        self.code.collect(age)
    }
}

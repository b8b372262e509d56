//! Stopping a guest from outside: cancellation and timeouts.
//!
//! Compiled code looks at its engine's epoch, a counter, at every loop and call. Nothing ticks: the counter moves
//! only when somebody is to be stopped. Then every guest of the engine looks whether it is the one
//! (`Guest::checkpoint`) and else goes on.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use wasmtime::{Engine, EngineWeak};

/// Ends every execution that holds it, at once.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Cancelled>);

#[derive(Default)]
struct Cancelled {
    flag: AtomicBool,
    /// The engines whose guests hold it, each with the number of its [`Watch`].
    engines: Mutex<Vec<(u64, EngineWeak)>>,
}

impl Cancel {
    pub fn cancel(&self) {
        self.0.flag.store(true, Ordering::SeqCst);
        for (_, engine) in lock(&self.0.engines).iter() {
            if let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
            }
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.flag.load(Ordering::SeqCst)
    }

    /// From now on a cancellation moves the epoch of this engine.
    pub(super) fn reach(&self, watch: &Watch) {
        let mut engines = lock(&self.0.engines);
        if engines.iter().all(|(number, _)| *number != watch.number) {
            engines.push((watch.number, watch.engine.weak()));
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancel({})", self.is_cancelled())
    }
}

/// Moves an engine's epoch when a guest's time is up. Its thread starts with the first timeout and sleeps until
/// the next one.
pub(super) struct Watch {
    number: u64,
    engine: Engine,
    alarms: Arc<Alarms>,
}

#[derive(Default)]
struct Alarms {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The number tells equal instants apart.
    due: BTreeSet<(Instant, u64)>,
    next: u64,
    running: bool,
    /// When the thread wakes next: there is no need to wake it for anything later.
    wakes: Option<Instant>,
    closed: bool,
}

/// A timeout that is no longer wanted once this is dropped.
pub(super) struct Alarm<'a> {
    alarms: &'a Alarms,
    key: (Instant, u64),
}

impl Watch {
    pub(super) fn new(engine: Engine) -> Watch {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Watch {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            engine,
            alarms: Arc::default(),
        }
    }

    /// Moves the epoch at `deadline` or soon after. Fails where the system has no thread for that.
    pub(super) fn at(&self, deadline: Instant) -> io::Result<Alarm<'_>> {
        let mut state = lock(&self.alarms.state);
        let key = (deadline, state.next);
        state.next += 1;
        state.due.insert(key);
        if !state.running {
            let alarms = Arc::clone(&self.alarms);
            let engine = self.engine.clone();
            thread::Builder::new()
                .name("timeouts".into())
                .spawn(move || alarms.serve(&engine))?;
            state.running = true;
        } else if state.wakes.is_none_or(|wakes| deadline < wakes) {
            self.alarms.changed.notify_one();
        }
        Ok(Alarm {
            alarms: &self.alarms,
            key,
        })
    }
}

impl Alarms {
    fn serve(&self, engine: &Engine) {
        let mut state = lock(&self.state);
        while !state.closed {
            let now = Instant::now();
            let mut moved = false;
            while let Some(first) = state.due.first().copied().filter(|(due, _)| *due <= now) {
                state.due.remove(&first);
                moved = true;
            }
            if moved {
                engine.increment_epoch();
            }
            state.wakes = state.due.first().map(|(due, _)| *due);
            state = match state.wakes {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let wait = self.changed.wait_timeout(state, due - now);
                    wait.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        lock(&self.alarms.state).due.remove(&self.key);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&self.alarms.state).closed = true;
        self.alarms.changed.notify_one();
    }
}

/// What these locks guard is whole between any two statements: a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

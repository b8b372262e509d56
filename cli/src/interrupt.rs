//! Ctrl-C: the first ends the run in order, the second at once.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cofferdam_runtime::Cancel;

use crate::exit::Exit;

/// Until it is armed, Ctrl-C ends the process as the system does: nothing is under way then.
#[derive(Clone, Default)]
pub struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    cancel: Cancel,
    armed: OnceLock<()>,
    on_first: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Interrupt {
    /// What a run is to look at.
    pub fn cancel(&self) -> Cancel {
        self.shared.cancel.clone()
    }

    /// Called at the first Ctrl-C, for who waits for something else.
    pub fn on_first(&self, call: impl Fn() + Send + 'static) {
        *self
            .shared
            .on_first
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(call));
    }

    pub fn arm(&self) {
        self.shared.armed.get_or_init(|| {
            let shared = self.shared.clone();
            // If it cannot be set, Ctrl-C still ends the process, and what is stored is whole.
            let _ = ctrlc::set_handler(move || shared.interrupted());
        });
    }
}

impl Shared {
    fn interrupted(&self) {
        if self.cancel.is_cancelled() {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        self.cancel.cancel();
        if let Some(call) = &*self.on_first.lock().unwrap_or_else(PoisonError::into_inner) {
            call();
        }
    }
}

//! When to run again.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// A run begins when nothing has changed for so long, or after `LONGEST` at the latest.
const QUIET: Duration = Duration::from_millis(40);
const LONGEST: Duration = Duration::from_millis(500);
/// From the end of a run that a change caused to the other look.
const SECOND_LOOK: Duration = Duration::from_millis(700);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wake {
    Changed,
    Interrupted,
}

/// Remembers whether it has looked again since the last change.
pub struct Waiting {
    looked: bool,
}

impl Waiting {
    pub fn new() -> Waiting {
        Waiting { looked: false }
    }

    /// Blocks until there is a reason to run. With `look_again` one comes by itself, once after each change.
    pub fn next(&mut self, wakes: &Receiver<Wake>, look_again: bool) -> Wake {
        let first = match look_again && !self.looked {
            true => wakes.recv_timeout(SECOND_LOOK),
            false => wakes.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match first {
            Ok(Wake::Changed) => self.looked = false,
            Err(RecvTimeoutError::Timeout) => {
                self.looked = true;
                return Wake::Changed;
            }
            Ok(Wake::Interrupted) | Err(RecvTimeoutError::Disconnected) => {
                return Wake::Interrupted;
            }
        }
        let latest = Instant::now() + LONGEST;
        loop {
            let left = latest.saturating_duration_since(Instant::now());
            match wakes.recv_timeout(QUIET.min(left)) {
                Ok(Wake::Changed) if !left.is_zero() => {}
                Ok(Wake::Changed) | Err(RecvTimeoutError::Timeout) => return Wake::Changed,
                Ok(Wake::Interrupted) | Err(RecvTimeoutError::Disconnected) => {
                    return Wake::Interrupted;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn many_changes_are_one_reason() {
        let (sender, wakes) = channel();
        for _ in 0..100 {
            sender.send(Wake::Changed).unwrap();
        }
        assert_eq!(Waiting::new().next(&wakes, false), Wake::Changed);
        assert!(wakes.try_recv().is_err(), "all were taken together");
    }

    #[test]
    fn an_interrupt_is_never_lost_among_changes() {
        let (sender, wakes) = channel();
        sender.send(Wake::Changed).unwrap();
        sender.send(Wake::Interrupted).unwrap();
        assert_eq!(Waiting::new().next(&wakes, true), Wake::Interrupted);
    }

    #[test]
    fn one_more_look_follows_a_change_and_no_further_one() {
        let (sender, wakes) = channel();
        let mut waiting = Waiting::new();
        assert_eq!(waiting.next(&wakes, true), Wake::Changed, "by itself");
        sender.send(Wake::Interrupted).unwrap();
        assert_eq!(
            waiting.next(&wakes, true),
            Wake::Interrupted,
            "it waits for a real reason"
        );
        sender.send(Wake::Changed).unwrap();
        assert_eq!(waiting.next(&wakes, true), Wake::Changed);
        assert_eq!(
            waiting.next(&wakes, true),
            Wake::Changed,
            "after a change it looks again"
        );
    }
}

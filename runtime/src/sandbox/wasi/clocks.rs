//! `wasi:clocks`: a wall clock that stands still and a monotonic clock that only moves when it is read
//! or slept on.

use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime::component::Resource;

use super::bindings::wasi::clocks::monotonic_clock::{self, Duration, Instant, Pollable};
use super::bindings::wasi::clocks::wall_clock::{self, Datetime};
use super::io::Readiness;
use crate::sandbox::guest::Guest;

/// 1980-01-01T00:00:00Z: what a guest takes for now, and the time of every file. The earliest that zip can store.
pub(super) const NOW: Datetime = Datetime {
    seconds: 315_532_800,
    nanoseconds: 0,
};

/// How far a look at the monotonic clock moves it, in nanoseconds.
pub(super) const STEP: u64 = 1_000;

pub(in crate::sandbox) struct Clocks {
    /// Nanoseconds.
    monotonic: u64,
    /// Seconds that both clocks are ahead: `run --check` looks whether that shows.
    ahead: u64,
    /// Only for tests of `run --check`.
    real: bool,
}

impl Clocks {
    pub(in crate::sandbox) fn new(real: bool, ahead: u64) -> Clocks {
        let monotonic = if real {
            // Any number that differs from run to run will do.
            u64::from(Clocks::since_epoch().nanoseconds)
        } else {
            ahead.saturating_mul(1_000_000_000)
        };
        Clocks {
            monotonic,
            ahead,
            real,
        }
    }

    /// Moves the clock one step and reads it.
    pub(super) fn tick(&mut self) -> u64 {
        self.monotonic = self.monotonic.saturating_add(STEP);
        self.monotonic
    }

    /// Sleeps, in no time.
    pub(super) fn advance_to(&mut self, instant: u64) {
        self.monotonic = self.monotonic.max(instant);
    }

    /// The instant that comes `duration` from now.
    pub(super) fn after(&self, duration: u64) -> u64 {
        self.monotonic.saturating_add(duration)
    }

    pub(super) fn wall(&self) -> Datetime {
        if self.real {
            Clocks::since_epoch()
        } else {
            Datetime {
                seconds: NOW.seconds + self.ahead,
                ..NOW
            }
        }
    }

    fn since_epoch() -> Datetime {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Datetime {
            seconds: now.as_secs(),
            nanoseconds: now.subsec_nanos(),
        }
    }
}

/// Since 1970.
pub(super) fn nanoseconds(time: Datetime) -> u64 {
    time.seconds * 1_000_000_000 + u64::from(time.nanoseconds)
}

impl monotonic_clock::Host for Guest {
    fn now(&mut self) -> wasmtime::Result<Instant> {
        Ok(self.clocks.tick())
    }

    fn resolution(&mut self) -> wasmtime::Result<Duration> {
        Ok(STEP)
    }

    fn subscribe_instant(&mut self, when: Instant) -> wasmtime::Result<Resource<Pollable>> {
        Ok(self.streams.pollables.put(Readiness::At(when)))
    }

    fn subscribe_duration(&mut self, when: Duration) -> wasmtime::Result<Resource<Pollable>> {
        let instant = self.clocks.after(when);
        Ok(self.streams.pollables.put(Readiness::At(instant)))
    }
}

impl wall_clock::Host for Guest {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        Ok(self.clocks.wall())
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(Datetime {
            seconds: 1,
            nanoseconds: 0,
        })
    }
}

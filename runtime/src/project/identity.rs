//! What one `lstat` tells about a path, and when it can be believed later.

use rustix::fs::{FileType, Stat as RawStat};

use crate::observe::{Kind, Stat};

/// The parts of `lstat` that change when a file does. Equal identities of a [`settled`](Identity::settled)
/// file mean equal content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    pub kind: Kind,
    pub executable: bool,
    pub size: u64,
    pub inode: u64,
    /// Nanoseconds since the epoch.
    pub modified: i64,
    /// Nanoseconds since the epoch; no ordinary program can set it.
    pub changed: i64,
}

impl Identity {
    pub const ABSENT: Identity = Identity {
        kind: Kind::Absent,
        executable: false,
        size: 0,
        inode: 0,
        modified: 0,
        changed: 0,
    };

    pub fn from_raw(raw: &RawStat) -> Identity {
        let kind = match FileType::from_raw_mode(raw.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            _ => Kind::Other,
        };
        Identity {
            kind,
            executable: kind == Kind::File && raw.st_mode & 0o100 != 0,
            // Of a directory, size tells nothing that its times do not.
            size: if matches!(kind, Kind::File | Kind::Symlink) {
                raw.st_size.cast_unsigned()
            } else {
                0
            },
            inode: raw.st_ino,
            modified: nanoseconds(raw.st_mtime, raw.st_mtime_nsec),
            changed: nanoseconds(raw.st_ctime, raw.st_ctime_nsec),
        }
    }

    pub fn stat(&self) -> Stat {
        Stat {
            kind: self.kind,
            size: self.size,
        }
    }

    /// Whether a change after `now` must show in the identity: the times are older than the clock's tick.
    ///
    /// A file that was changed twice within one tick has the same times both times (git calls such an
    /// entry racily clean); what is as young as that is read again.
    pub fn settled(&self, now: Clock) -> bool {
        self.kind == Kind::Absent || self.modified.max(self.changed) < now.0 - TICK
    }
}

/// Longest time between two ticks of the clock that stamps files: 100 Hz kernels, twice.
const TICK: i64 = 20_000_000;

/// The clock that stamps files of local file systems, in nanoseconds since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Clock(pub i64);

impl Clock {
    /// Of a file system whose times another machine sets: nothing is ever settled there.
    pub const UNKNOWN: Clock = Clock(i64::MIN + TICK);

    pub fn now() -> Clock {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
        Clock(nanoseconds(now.tv_sec, now.tv_nsec.cast_unsigned()))
    }
}

fn nanoseconds(seconds: i64, fraction: u64) -> i64 {
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(i64::try_from(fraction).unwrap_or(0))
}

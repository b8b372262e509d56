//! What running a program costs.

use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

#[derive(Clone, Copy, Default, Debug)]
pub struct Cost {
    /// User and system time, of the program and of all it waited for.
    pub cpu: Duration,
    pub wall: Duration,
    /// Bytes that the largest of these processes had in memory.
    pub memory: u64,
}

/// Runs to the end, with what it prints in `log`. Fails if the program does.
pub fn measure(command: &mut Command, log: &Path) -> Outcome<Cost> {
    let file = File::create(log).and_then(|file| Ok((file.try_clone()?, file)));
    let (out, err) = file.map_err(|error| format!("cannot create `{}`: {error}", log.display()))?;
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let program = command.get_program().to_owned();
    let failed = |error: io::Error| format!("cannot run `{}`: {error}", program.display());

    let start = Instant::now();
    // `std` would wait without asking what it cost, so the child is waited for below.
    let id = command.spawn().map_err(failed)?.id();
    let (status, usage) = wait(id).map_err(failed)?;
    let wall = start.elapsed();
    if !status.success() {
        let printed = std::fs::read_to_string(log).unwrap_or_default();
        return Err(format!(
            "`{}` failed: {status}\n{}",
            program.display(),
            tail(&printed)
        ));
    }
    Ok(Cost {
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        wall,
        memory: usage.ru_maxrss.unsigned_abs() * 1024,
    })
}

fn wait(id: u32) -> io::Result<(ExitStatus, libc::rusage)> {
    let id = libc::pid_t::try_from(id).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: all bytes zero are a valid `rusage`, which is made of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live variables of the types that `wait4` fills.
        match unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) } {
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            _ => return Ok((ExitStatus::from_raw(status), usage)),
        }
    }
}

fn time(value: libc::timeval) -> Duration {
    Duration::from_micros(value.tv_sec.unsigned_abs() * 1_000_000 + value.tv_usec.unsigned_abs())
}

/// The last lines of what a program printed.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// The middle of the values; 0 for none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_counted_in() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let spin = "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done";
        let once = measure(Command::new("sh").args(["-c", spin]), log.path()).unwrap();
        let nested = format!("{spin}; sh -c '{spin}'; echo done");
        let twice = measure(Command::new("sh").args(["-c", &nested]), log.path()).unwrap();
        assert!(once.cpu > Duration::ZERO && once.memory > 100_000);
        assert!(twice.cpu > once.cpu + once.cpu / 4, "{twice:?} {once:?}");
        assert_eq!(std::fs::read_to_string(log.path()).unwrap(), "done\n");
    }

    #[test]
    fn a_failure_shows_what_was_printed() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let error = measure(
            Command::new("sh").args(["-c", "echo broken >&2; exit 3"]),
            log.path(),
        )
        .unwrap_err();
        assert!(error.contains("broken") && error.contains('3'), "{error}");
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(
            median(vec![4.0, 1.0, 2.0, 3.0]).to_bits(),
            2.5_f64.to_bits()
        );
        assert_eq!(median(vec![]).to_bits(), 0.0_f64.to_bits());
    }
}

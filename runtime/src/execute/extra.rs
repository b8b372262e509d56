//! What the runtime keeps in a result beside what the cache knows of.

use crate::record::{Reader, Writer};
use crate::sandbox::{
    Failure, FailureKind, Location, NeedSource, PlannedAction, PlannedNeed, Stop,
};

pub struct Extra {
    /// What the execution took.
    pub microseconds: u64,
    pub end: End,
}

pub enum End {
    Ran,
    /// Of a planner.
    Planned(Vec<PlannedAction>),
    /// A failure that was to be kept: [`Stop::Failed`] or [`Stop::Exited`].
    Stopped(Stop),
}

impl Extra {
    pub fn planned(self) -> Option<Vec<PlannedAction>> {
        match self.end {
            End::Planned(actions) => Some(actions),
            End::Ran | End::Stopped(_) => None,
        }
    }

    /// Of a planner's result, the actions with names that are wanted.
    pub fn planned_some(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Option<Vec<PlannedAction>> {
        let mut reader = Reader(bytes);
        reader.number()?;
        if reader.byte()? != 1 {
            return None;
        }
        let mut found = Vec::new();
        while !reader.0.is_empty() {
            let mut ahead = reader.clone();
            if wanted(ahead.text()?) {
                found.push(read_planned(&mut reader)?);
            } else {
                pass_planned(&mut reader)?;
            }
        }
        Some(found)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.number(self.microseconds);
        match &self.end {
            End::Ran => out.byte(0),
            End::Planned(actions) => {
                out.byte(1);
                for action in actions {
                    planned(&mut out, action);
                }
            }
            End::Stopped(Stop::Exited(code)) => {
                out.byte(2);
                out.byte(*code);
            }
            End::Stopped(stop) => {
                out.byte(3);
                let Stop::Failed(failures) = stop else {
                    unreachable!("{stop:?} is never kept");
                };
                for one in failures {
                    failure(&mut out, one);
                }
            }
        }
        out.0
    }

    pub fn decode(bytes: &[u8]) -> Option<Extra> {
        let mut reader = Reader(bytes);
        let microseconds = reader.number()?;
        let end = match reader.byte()? {
            0 => End::Ran,
            1 => End::Planned(until_the_end(&mut reader, read_planned)?),
            2 => End::Stopped(Stop::Exited(reader.byte()?)),
            3 => End::Stopped(Stop::Failed(until_the_end(&mut reader, read_failure)?)),
            _ => return None,
        };
        Some(Extra { microseconds, end })
    }
}

fn until_the_end<T>(reader: &mut Reader, one: impl Fn(&mut Reader) -> Option<T>) -> Option<Vec<T>> {
    let mut all = Vec::new();
    while !reader.0.is_empty() {
        all.push(one(reader)?);
    }
    Some(all)
}

fn planned(out: &mut Writer, action: &PlannedAction) {
    out.text(&action.name);
    out.byte(u8::from(action.plugin.is_some()) | u8::from(action.exported) << 1);
    if let Some(plugin) = &action.plugin {
        out.text(plugin);
    }
    out.text(&action.config);
    out.number(action.reads.len() as u64);
    for pattern in &action.reads {
        out.text(pattern);
    }
    out.number(action.needs.len() as u64);
    for need in &action.needs {
        out.text(&need.name);
        let (kind, name) = match &need.source {
            NeedSource::Planned(name) => (0, name),
            NeedSource::Inherited(name) => (1, name),
        };
        out.byte(kind);
        out.text(name);
    }
}

fn read_planned(reader: &mut Reader) -> Option<PlannedAction> {
    let name = reader.text()?.to_owned();
    let flags = reader.byte()?;
    Some(PlannedAction {
        name,
        plugin: if flags & 1 != 0 {
            Some(reader.text()?.to_owned())
        } else {
            None
        },
        exported: flags & 2 != 0,
        config: reader.text()?.to_owned(),
        reads: (0..reader.count()?)
            .map(|_| reader.text().map(str::to_owned))
            .collect::<Option<_>>()?,
        needs: (0..reader.count()?)
            .map(|_| read_need(reader))
            .collect::<Option<_>>()?,
    })
}

fn pass_planned(reader: &mut Reader) -> Option<()> {
    reader.text()?;
    if reader.byte()? & 1 != 0 {
        reader.text()?;
    }
    reader.text()?;
    for _ in 0..reader.count()? {
        reader.text()?;
    }
    for _ in 0..reader.count()? {
        reader.text()?;
        reader.byte()?;
        reader.text()?;
    }
    Some(())
}

fn read_need(reader: &mut Reader) -> Option<PlannedNeed> {
    let name = reader.text()?.to_owned();
    let kind = reader.byte()?;
    let source = reader.text()?.to_owned();
    Some(PlannedNeed {
        name,
        source: match kind {
            0 => NeedSource::Planned(source),
            _ => NeedSource::Inherited(source),
        },
    })
}

fn failure(out: &mut Writer, failure: &Failure) {
    out.byte(match failure.kind {
        FailureKind::User => 0,
        FailureKind::Config => 1,
        FailureKind::Denied => 2,
        FailureKind::Internal => 3,
    });
    out.text(&failure.message);
    out.byte(u8::from(failure.location.is_some()));
    if let Some(location) = &failure.location {
        out.text(&location.path);
        // 0 is no line and no column: they count from 1.
        out.number(u64::from(location.line.unwrap_or(0)));
        out.number(u64::from(location.column.unwrap_or(0)));
    }
}

fn read_failure(reader: &mut Reader) -> Option<Failure> {
    let kind = match reader.byte()? {
        0 => FailureKind::User,
        1 => FailureKind::Config,
        2 => FailureKind::Denied,
        3 => FailureKind::Internal,
        _ => return None,
    };
    let message = reader.text()?.to_owned();
    let location = match reader.byte()? {
        0 => None,
        _ => {
            let path = reader.text()?.to_owned();
            let mut count = || {
                let count = u32::try_from(reader.number()?).ok()?;
                Some((count > 0).then_some(count))
            };
            Some(Location {
                path,
                line: count()?,
                column: count()?,
            })
        }
    };
    Some(Failure {
        kind,
        message,
        location,
        retryable: false,
    })
}

//! Why an action ran, and whether it would run again now.

use crate::error::Error;
use crate::inspect::{find, last_run};
use crate::observe::Kind;
use crate::open::OpenOptions;
use crate::project::{Folder, sweep};
use crate::record::{PathRef, SOURCE};

pub struct Explanation {
    pub action: String,
    /// Why it ran in the last run that executed anything; `None`: that run took it from the cache.
    pub ran: Option<String>,
    /// How many paths it observed.
    pub observed: usize,
    /// Paths that it observed and that have changed since, in order: it would be looked up again.
    pub changed: Vec<String>,
}

pub fn explain(open: &OpenOptions, name: &str) -> Result<Explanation, Error> {
    let (record, actions) = last_run(open)?;
    let action = &actions[find(&actions, name)?];
    let text = std::fs::read_to_string(open.project_dir().join("reasons")).unwrap_or_default();
    let ran = text.lines().find_map(|line| {
        let (action, reason) = line.split_once('\t')?;
        (action == name).then(|| reason.to_owned())
    });
    let fault = |fault: crate::observe::Fault| Error::environment(fault.to_string());
    let folder = Folder::open(&open.folder).map_err(fault)?;
    let swept = sweep(&folder, &record.rows, 1).map_err(fault)?;
    let mut changed = Vec::new();
    for fact in action.facts.iter().filter(|fact| fact.mount == SOURCE) {
        if let PathRef::Row(row) = fact.path
            && !swept.holds(row as usize)
        {
            let path = record.rows.path(row as usize);
            let gone = folder.identity(path).map_err(fault)?.kind == Kind::Absent;
            changed.push(format!("{path}{}", if gone { " (gone)" } else { "" }));
        }
    }
    Ok(Explanation {
        action: name.to_owned(),
        ran,
        observed: action.facts.len(),
        changed,
    })
}

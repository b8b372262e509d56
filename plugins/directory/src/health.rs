//! What must be true of a release before it becomes the current one.

use std::fs;
use std::path::Path;

use cofferdam_plugin::{Failure, Failures, Result, files};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// A file of the revision that must exist.
    file: String,
    /// Text that must be in it.
    contains: Option<String>,
    /// Bytes that it must have at least.
    min_size: Option<u64>,
}

/// All that is wrong with the release in a folder.
pub(crate) fn check(checks: &[Check], release: &Path) -> Result {
    let mut failures = Failures::default();
    for check in checks {
        if let Err(problem) = check.apply(release) {
            let message = format!("the health check of `{}` failed: {problem}", check.file);
            failures.push(Failure::user(message).at(release.join(&check.file)));
        }
    }
    failures.check()
}

impl Check {
    fn apply(&self, release: &Path) -> std::result::Result<(), String> {
        let path = release.join(&self.file);
        let Ok(stat) = fs::metadata(&path) else {
            return Err("there is no such file".to_owned());
        };
        if !stat.is_file() {
            return Err("it is not a file".to_owned());
        }
        if let Some(least) = self.min_size.filter(|least| stat.len() < *least) {
            return Err(format!("it has {} bytes, not {least} or more", stat.len()));
        }
        if let Some(text) = &self.contains {
            let bytes = files::read(&path).map_err(|failures| failures.to_string())?;
            let found = text.is_empty()
                || bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes());
            if !found {
                return Err(format!("it does not contain `{text}`"));
            }
        }
        Ok(())
    }
}

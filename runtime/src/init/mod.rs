//! What `cofferdam init` writes: a project file that works, made from what a folder holds.
//! Reads nothing itself: the caller lists the folder and hands its small files in.

mod links;
mod survey;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use survey::Survey;
pub use survey::is_left_alone;

/// A folder as its owner sees it.
pub struct Listing<'a> {
    /// The folder's own name.
    pub name: &'a str,
    /// Canonical paths of all files, without what [`is_left_alone`].
    pub files: &'a BTreeSet<String>,
    /// The content of one of them; `None` where it cannot be read or is large.
    pub read: &'a dyn Fn(&str) -> Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// The whole of `cofferdam.toml`.
    pub text: String,
    /// For the person: what was left out and why, one sentence each.
    pub notes: Vec<String>,
}

/// Writes a project file for a folder. It is valid, needs the built-in plugins alone, and hides no file that is there.
pub fn propose(listing: &Listing<'_>) -> Proposal {
    let survey = Survey::of(listing);
    Proposal {
        text: text::write(&survey),
        notes: survey.notes,
    }
}

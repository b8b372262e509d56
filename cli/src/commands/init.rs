//! `init`: looks at a folder and writes a project file that works.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use cofferdam_runtime::Error;
use cofferdam_runtime::init::{Listing, Proposal, is_left_alone, propose};

use crate::Outcome;
use crate::arguments::{Global, Init};
use crate::exit::Exit;
use crate::project::PROJECT_FILE;
use crate::stderr::say;
use crate::stdout;
use crate::text::Tone;

/// A folder of so many files is told by the first of them.
const MOST_FILES: usize = 50_000;
/// Larger files are not read.
const LARGEST: u64 = 1 << 20;

pub fn run(global: &Global, arguments: &Init) -> Outcome {
    let folder = global.folder.as_deref().unwrap_or(Path::new("."));
    let failed = |error: io::Error| {
        vec![
            Error::environment(format!("cannot look at the folder `{}`", folder.display()))
                .cause(error),
        ]
    };
    let folder = fs::canonicalize(folder).map_err(failed)?;
    let proposal = look(&folder).map_err(failed)?;
    if arguments.print {
        stdout::print(&proposal.text)?;
    } else {
        write(&folder, &proposal.text).map_err(|error| vec![error])?;
    }
    report(global, &proposal, !arguments.print);
    Ok(Exit::Done)
}

fn look(folder: &Path) -> io::Result<Proposal> {
    let mut files = BTreeSet::new();
    list(folder, "", &mut files)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let read = |path: &str| {
        let path = folder.join(path);
        let small = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
        if small {
            fs::read_to_string(path).ok()
        } else {
            None
        }
    };
    Ok(propose(&Listing {
        name: &name,
        files: &files,
        read: &read,
    }))
}

/// Folders that cannot be read are left out, but for the first: it is what was asked about.
fn list(folder: &Path, below: &str, files: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let Some(name) = name.to_str() else { continue };
        let path = format!("{below}{name}");
        if kind.is_dir() && !is_left_alone(&path) {
            match list(&entry.path(), &format!("{path}/"), files) {
                Err(error) if error.kind() != ErrorKind::PermissionDenied => return Err(error),
                _ => {}
            }
        } else if kind.is_file() && files.len() < MOST_FILES {
            files.insert(path);
        }
    }
    Ok(())
}

fn write(folder: &Path, text: &str) -> Result<(), Error> {
    let path = folder.join(PROJECT_FILE);
    let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::config(format!("there is a `{PROJECT_FILE}` already"))
            .hint("`cofferdam init --print` shows what would be written"),
        _ => Error::environment(format!("cannot write `{}`", path.display())).cause(error),
    })
}

fn report(global: &Global, proposal: &Proposal, written: bool) {
    if written {
        say(global, Tone::Good, "Wrote", PROJECT_FILE);
    }
    for note in &proposal.notes {
        say(global, Tone::Warning, "Note", note);
    }
    if written {
        say(global, Tone::Calm, "Next", "`cofferdam run`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_without_what_others_made() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "docs/a.md",
            "node_modules/x/y.js",
            ".git/HEAD",
            "deep/er/b.ts",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let mut files = BTreeSet::new();
        list(folder.path(), "", &mut files).unwrap();
        assert_eq!(Vec::from_iter(files), ["deep/er/b.ts", "docs/a.md"]);
    }

    #[test]
    fn a_project_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "first").unwrap();
        let error = write(folder.path(), "second").unwrap_err();
        assert_eq!(Exit::from(error.kind), Exit::Usage);
        assert_eq!(
            fs::read_to_string(folder.path().join(PROJECT_FILE)).unwrap(),
            "first"
        );
    }
}

//! One file from trees: the same bytes anywhere.
//!
//! Names are sorted, times fixed, owners 0; whether a file is a program comes from the tree.

mod frames;
mod tape;
mod zip;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use cofferdam_plugin::files::{self, Entry};
use cofferdam_plugin::{At as _, Failure, Request, Result, input, out, src};
use flate2::Compression;
use flate2::write::GzEncoder;

use frames::Frames;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The archive's file name; its end says the format: `.tar`, `.tar.gz`, `.tgz`, `.tar.zst` or `.zip`.
    name: String,
    /// A folder inside the archive for everything, such as `site-1.0`.
    #[serde(default)]
    prefix: String,
    /// The time of every file, in seconds since 1970. A zip knows none before 1980.
    #[serde(default)]
    mtime: u32,
}

/// What goes into the archive under a name.
struct Member {
    name: String,
    entry: Entry,
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    let Config { name, mtime, .. } = &request.config;
    let format = Format::of(name)?;
    let members = members(&request)?;
    let path = out().join(name);
    let file = File::create(&path).at(&path)?;
    let mut file = BufWriter::new(file);
    match format {
        Format::Tar => tape::write(&mut file, &members, *mtime).map(drop)?,
        Format::TarGz => {
            let packed = GzEncoder::new(&mut file, Compression::new(6));
            tape::write(packed, &members, *mtime)?.finish()?;
        }
        Format::TarZst => {
            let packed = Frames::new(&mut file);
            tape::write(packed, &members, *mtime)?.finish()?;
        }
        Format::Zip => zip::write(&mut file, &members, *mtime)?,
    }
    file.flush()
        .map_err(|error| Failure::from(error).at(&path).into())
}

enum Format {
    Tar,
    TarGz,
    TarZst,
    Zip,
}

impl Format {
    fn of(name: &str) -> Result<Format> {
        let stem = |end| name.strip_suffix(end).is_some_and(|stem| !stem.is_empty());
        Ok(match name {
            _ if name.contains('/') => {
                let message = format!("at `name`: `{name}` must be a file name without `/`");
                return Err(Failure::config(message).into());
            }
            _ if stem(".tar") => Format::Tar,
            _ if stem(".tar.gz") || stem(".tgz") => Format::TarGz,
            _ if stem(".tar.zst") => Format::TarZst,
            _ if stem(".zip") => Format::Zip,
            _ => {
                let message = format!(
                    "at `name`: `{name}` must end with `.tar`, `.tar.gz`, `.tgz`, `.tar.zst` or `.zip`"
                );
                return Err(Failure::config(message).into());
            }
        })
    }
}

/// The only need's files, or those of several below folders with their names; without needs, the project's.
fn members(request: &Request<Config>) -> Result<Vec<Member>> {
    let folders: Vec<(String, PathBuf)> = match request.needs.as_slice() {
        [] => vec![(String::new(), src())],
        [need] => vec![(String::new(), input(need))],
        needs => {
            let mut needs = needs.to_vec();
            needs.sort();
            let folder = |need: String| (format!("{need}/"), input(&need));
            needs.into_iter().map(folder).collect()
        }
    };
    let prefix = match request.config.prefix.trim_matches('/') {
        "" => String::new(),
        prefix
            if prefix
                .split('/')
                .any(|part| matches!(part, "" | "." | "..")) =>
        {
            let message = format!("at `prefix`: `{prefix}` must be a folder without `.` and `..`");
            return Err(Failure::config(message).into());
        }
        prefix => format!("{prefix}/"),
    };
    let mut members = Vec::new();
    for (folder, path) in folders {
        for entry in files::walk(path)? {
            let name = format!("{prefix}{folder}{}", entry.name);
            members.push(Member { name, entry });
        }
    }
    Ok(members)
}

fn mode(path: &Path) -> Result<u32> {
    Ok(if files::is_executable(path)? {
        0o755
    } else {
        0o644
    })
}

fn link_text(path: &Path) -> Result<String> {
    let target = std::fs::read_link(path).at(path)?;
    let text = target.into_os_string().into_string();
    text.map_err(|_| {
        Failure::user("is a link whose text is not UTF-8")
            .at(path)
            .into()
    })
}

fn open(path: &Path) -> Result<File> {
    File::open(path).at(path)
}

#[cfg(test)]
mod tests;

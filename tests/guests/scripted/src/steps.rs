//! The steps: a verb and its arguments, separated by spaces, such as `read /src/a` or `write /out/b hello`.
//! A step that fails says so in the transcript and the next one goes on; after `must`, its failure is the action's.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::hint::black_box;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cofferdam_plugin::{Failure, Result, files};

/// Does all steps; gives a line for each, and what it found.
pub fn play(steps: &[String]) -> Result<String> {
    let mut transcript = String::new();
    for step in steps {
        let (must, words) = match step.strip_prefix("must ") {
            Some(rest) => (true, rest),
            None => (false, step.as_str()),
        };
        let mut found = String::new();
        let done = act(&words.split(' ').collect::<Vec<_>>(), &mut found);
        let end = match done {
            Ok(()) => "",
            Err(error) if must => return Err(failure(step, error).into()),
            Err(Stop::Failed(failure)) => return Err(failure.into()),
            Err(Stop::Io(error)) => &format!("error {:?}", error.kind()),
        };
        let _ = writeln!(transcript, "{step}: {found}{end}");
    }
    Ok(transcript)
}

enum Stop {
    Io(io::Error),
    /// The step asked for it.
    Failed(Failure),
}

impl<E: Into<io::Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Io(error.into())
    }
}

fn failure(step: &str, stop: Stop) -> Failure {
    match stop {
        Stop::Failed(failure) => failure,
        Stop::Io(error) => Failure::user(format!("`{step}`: {error}")),
    }
}

fn act(words: &[&str], found: &mut String) -> std::result::Result<(), Stop> {
    match *words {
        ["read", path] => {
            let bytes = fs::read(path)?;
            let _ = write!(found, "{}", String::from_utf8_lossy(&bytes));
        }
        // Half of all edits leave what this finds as it was.
        ["parity", path] => {
            let _ = write!(found, "{}", fs::read(path)?.len() % 2);
        }
        // What is read depends on what was read.
        ["choose", path, even, odd] => {
            let chosen = if fs::read(path)?.len() % 2 == 0 {
                even
            } else {
                odd
            };
            return act(&["read", chosen], found);
        }
        ["exists", path] => {
            let _ = write!(found, "{}", Path::new(path).try_exists()?);
        }
        ["stat", path] => shown_stat(&fs::metadata(path)?, found),
        ["lstat", path] => shown_stat(&fs::symlink_metadata(path)?, found),
        // Opens only.
        ["open", path] => drop(fs::File::open(path)?),
        ["size", path] => {
            let end = fs::File::open(path)?.seek(SeekFrom::End(0))?;
            let _ = write!(found, "{end}");
        }
        ["link", path] => {
            let _ = write!(found, "{}", fs::read_link(path)?.display());
        }
        ["program", path] => {
            let _ = match files::is_executable(path) {
                Ok(is) => write!(found, "{is}"),
                Err(_) => write!(found, "error"),
            };
        }
        ["list", path] => {
            let mut names = Vec::new();
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                let mark = if kind.is_dir() {
                    "/"
                } else if kind.is_symlink() {
                    "@"
                } else {
                    ""
                };
                names.push(format!("{}{mark}", entry.file_name().to_string_lossy()));
            }
            let _ = write!(found, "{}", names.join(" "));
        }
        ["count", path] => {
            let _ = write!(found, "{}", fs::read_dir(path)?.count());
        }
        ["walk", path] => walk(Path::new(path), found)?,
        ["write", path, text] => write(path, text.as_bytes())?,
        ["repeat", path, length] => write(path, "x".repeat(number(length)?).as_bytes())?,
        ["append", path, text] => {
            let mut file = OpenOptions::new().append(true).create(true).open(path)?;
            file.write_all(text.as_bytes())?;
        }
        ["patch", path, at, text] => {
            let mut file = OpenOptions::new().write(true).open(path)?;
            file.seek(SeekFrom::Start(number(at)? as u64))?;
            file.write_all(text.as_bytes())?;
        }
        ["truncate", path, length] => {
            let file = OpenOptions::new().write(true).open(path)?;
            file.set_len(number(length)? as u64)?;
        }
        ["create", path, text] => {
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            file.write_all(text.as_bytes())?;
        }
        ["copy", from, to] => plain(files::copy(from, to))?,
        ["copy-bytes", from, to] => drop(fs::copy(from, to)?),
        ["copy-tree", from, to] => plain(files::copy_tree(from, to))?,
        ["hardlink", from, to] => fs::hard_link(from, to)?,
        ["symlink", target, path] => plain(files::symlink(target, path))?,
        ["rename", from, to] => fs::rename(from, to)?,
        ["remove", path] => fs::remove_file(path)?,
        ["remove-folder", path] => fs::remove_dir(path)?,
        ["remove-all", path] => fs::remove_dir_all(path)?,
        ["folder", path] => fs::create_dir_all(path)?,
        ["make-program", path] => plain(files::set_executable(path, true))?,
        ["many", path, count] => {
            for index in 0..number(count)? {
                fs::write(format!("{path}/{index}"), [])?;
            }
        }
        ["print", text] => println!("{text}"),
        ["complain", text] => eprintln!("{text}"),
        ["log", text] => cofferdam_plugin::log::info(text),
        ["variable", name] => {
            let _ = write!(found, "{:?}", std::env::var(name));
        }
        ["clock"] => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let _ = write!(found, "{:?}", now.unwrap_or_default());
        }
        ["random"] => {
            let hasher = std::collections::hash_map::RandomState::new().build_hasher();
            let _ = write!(found, "{:016x}", hasher.finish());
        }
        ["fail", message] => return Err(Stop::Failed(Failure::user(message))),
        ["fail-at", path, message] => {
            return Err(Stop::Failed(Failure::user(message).at_position(path, 3, 7)));
        }
        ["panic", message] => panic!("{message}"),
        ["exit", code] => std::process::exit(i32::try_from(number(code)?).unwrap_or(1)),
        ["loop"] => loop {
            black_box(());
        },
        ["recurse"] => {
            let _ = write!(found, "{}", recurse(black_box(1)));
        }
        ["hoard"] => {
            let mut all = Vec::new();
            loop {
                all.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        ["flood"] => loop {
            io::stdout().write_all(&[b'x'; 1 << 16])?;
        },
        ["chatter"] => loop {
            cofferdam_plugin::log::info("again");
        },
        // Writes until it may not, and goes on writing.
        ["fill", path] => {
            let mut file = fs::File::create(path)?;
            let block = vec![b'x'; 1 << 20];
            let mut written = 0_u64;
            while file.write_all(&block).is_ok() {
                written += 1;
            }
            let _ = write!(found, "full after {written} MiB");
        }
        _ => {
            let message = format!("`{}` is no step", words.join(" "));
            return Err(Stop::Failed(Failure::config(message)));
        }
    }
    Ok(())
}

fn shown_stat(stat: &fs::Metadata, found: &mut String) {
    let kind = if stat.is_dir() {
        "folder"
    } else if stat.is_symlink() {
        "link"
    } else {
        "file"
    };
    let size = if stat.is_dir() { 0 } else { stat.len() };
    let _ = write!(found, "{kind} of {size}");
}

/// All there is to know of a folder.
fn walk(folder: &Path, found: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            let _ = write!(found, "{}/ ", path.display());
            walk(&path, found)?;
        } else if kind.is_symlink() {
            let _ = write!(
                found,
                "{} -> {} ",
                path.display(),
                fs::read_link(&path)?.display()
            );
        } else {
            let mut text = Vec::new();
            fs::File::open(&path)?.read_to_end(&mut text)?;
            let _ = write!(
                found,
                "{} = {} ",
                path.display(),
                String::from_utf8_lossy(&text)
            );
        }
    }
    Ok(())
}

/// With the folders on the way, in one go.
fn write(path: &str, bytes: &[u8]) -> io::Result<()> {
    match fs::write(path, bytes) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(Path::new(path).parent().unwrap_or(Path::new("/")))?;
            fs::write(path, bytes)
        }
        other => other,
    }
}

fn number(word: &str) -> io::Result<usize> {
    word.parse()
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

fn plain<T>(result: Result<T>) -> io::Result<T> {
    result.map_err(|failures| io::Error::other(failures.to_string()))
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let pad = black_box([depth; 16]);
    if depth == 0 {
        return 0;
    }
    recurse(black_box(depth + 1)) + pad[3]
}

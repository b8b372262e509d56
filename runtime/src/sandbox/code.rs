//! Compiled code, kept in a folder that only its user can write.
//!
//! | file | holds |
//! |---|---|
//! | `DIGEST.facts` | what the component is and says of itself, as JSON |
//! | `DIGEST-ENGINE.code` | native code, as wasmtime serialises it |
//! | `DIGEST-ENGINE.seal` | the code file's length, inode, time of change and blake3, as JSON |
//! | `DIGEST-ENGINE.lock` | nothing; held while the code is compiled |
//!
//! DIGEST is the component's or module's. ENGINE is the first half of blake3 over wasmtime's compatibility hash (its version, the
//! target, the processor's features and all settings that shape code) and the version of these files.
//!
//! Running a code file is as good as running a program, so: the folder must be the user's and closed to others, the
//! files come from nowhere but our own compiler, and wasmtime checks the header. Reading all of it to compare the
//! blake3 would cost ten times what mapping it does; so that is done only if the file is not, by length, inode and
//! time of change, the very one that was sealed. What then differs is compiled again.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use cofferdam_cache::Digest;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use wasmtime::{Engine, Module, component};

use super::component::{Facts, Form};
use super::program::Component;
use crate::event::Event;
use crate::{Error, ErrorKind};

/// Of the files in the folder, and of what [`inspect`](super::component::inspect) accepts.
const FORMAT: u32 = 2;

/// A file's use is noted no more often than this.
const NOTED: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct CodeFolder {
    path: PathBuf,
    checked: OnceLock<Result<(), Error>>,
}

/// Code that an engine can run.
pub(super) enum Compiled {
    Component(component::Component),
    Module(Module),
}

#[derive(Serialize, Deserialize)]
struct StoredFacts {
    format: u32,
    facts: Facts,
}

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Seal {
    length: u64,
    inode: u64,
    /// Seconds and nanoseconds.
    changed: (i64, i64),
    blake3: String,
}

impl Seal {
    fn of(found: &Metadata, blake3: String) -> Seal {
        Seal {
            length: found.len(),
            inode: found.ino(),
            changed: (found.ctime(), found.ctime_nsec()),
            blake3,
        }
    }

    fn fits(&self, found: &Metadata) -> bool {
        *self == Seal::of(found, self.blake3.clone())
    }
}

impl CodeFolder {
    pub(super) fn new(path: PathBuf) -> CodeFolder {
        CodeFolder {
            path,
            checked: OnceLock::new(),
        }
    }

    /// What was found out about a component, if it was.
    pub(super) fn facts(&self, digest: &Digest) -> Option<Facts> {
        self.check().ok()?;
        let path = self.facts_path(digest);
        let bytes = fs::read(&path).ok()?;
        note_use(&path);
        let stored: StoredFacts = serde_json::from_slice(&bytes).ok()?;
        (stored.format == FORMAT).then_some(stored.facts)
    }

    pub(super) fn put_facts(&self, digest: &Digest, facts: &Facts) -> Result<(), Error> {
        self.check()?;
        let stored = StoredFacts {
            format: FORMAT,
            facts: facts.clone(),
        };
        let bytes = serde_json::to_vec(&stored).expect("facts are plain data");
        let path = self.facts_path(digest);
        self.write(&path, &bytes)
            .map_err(|error| cannot("write", &path, &error))
    }

    /// The component's code, compiled if there is none that fits `engine`. `None` where the engine's pool is too small
    /// for the component.
    pub(super) fn load(
        &self,
        engine: &Engine,
        component: &Component,
        form: Form,
        events: &dyn Fn(Event),
    ) -> Result<Option<Compiled>, Error> {
        self.check()?;
        let stem = format!("{}-{}", component.digest.hex(), fit(engine));
        let code = self.path.join(format!("{stem}.code"));
        if !self.is_sound(&code) {
            let lock = self.path.join(format!("{stem}.lock"));
            let lock = private(OpenOptions::new().write(true).create(true))
                .open(&lock)
                .and_then(|file| Ok(flock(&file, FlockOperation::LockExclusive).map(|()| file)?))
                .map_err(|error| cannot("lock", &lock, &error))?;
            // Somebody else may have compiled it while we waited.
            if !self.is_sound(&code) {
                self.compile(engine, component, form, &code, events)?;
            }
            drop(lock);
        }
        note_use(&seal_path(&code));
        // SAFETY: the file came from `Engine::precompile_component` or `_module` of this very version: nobody else can
        // write to the folder (`check`), and it is as it was when it was sealed (`is_sound`).
        let loaded = unsafe {
            match form {
                Form::Component => {
                    component::Component::deserialize_file(engine, &code).map(Compiled::Component)
                }
                Form::Module => Module::deserialize_file(engine, &code).map(Compiled::Module),
            }
        };
        match loaded {
            Ok(compiled) => Ok(Some(compiled)),
            Err(_) if engine.get_pooling_config().is_some() => Ok(None),
            Err(error) => {
                // Should the file be at fault after all, the next time makes a new one.
                let _ = fs::remove_file(&code);
                Err(refused(component).cause(format!("{error:#}")))
            }
        }
    }

    fn compile(
        &self,
        engine: &Engine,
        component: &Component,
        form: Form,
        code: &Path,
        events: &dyn Fn(Event),
    ) -> Result<(), Error> {
        let bytes = component.fetch()?;
        let began = Instant::now();
        events(Event::Compiling {
            component: component.name.clone(),
        });
        let compiled = match form {
            Form::Component => engine.precompile_component(&bytes),
            Form::Module => engine.precompile_module(&bytes),
        };
        let compiled = compiled.map_err(|error| refused(component).cause(format!("{error:#}")))?;
        self.write(code, &compiled)
            .and_then(|()| {
                self.put_seal(
                    code,
                    &Seal::of(&fs::symlink_metadata(code)?, Digest::of(&compiled).hex()),
                )
            })
            .map_err(|error| cannot("write", code, &error))?;
        events(Event::Compiled {
            component: component.name.clone(),
            elapsed: began.elapsed(),
        });
        Ok(())
    }

    /// Whether a code file is there and is what was once written.
    fn is_sound(&self, code: &Path) -> bool {
        self.find_sound(code).unwrap_or(false)
    }

    fn find_sound(&self, code: &Path) -> io::Result<bool> {
        let found = fs::symlink_metadata(code)?;
        let seal: Seal = serde_json::from_slice(&fs::read(seal_path(code))?)?;
        if !found.is_file() || !is_private(&found) {
            return Ok(false);
        }
        if seal.fits(&found) {
            return Ok(true);
        }
        // It was copied, touched or damaged.
        if Digest::of(&fs::read(code)?).hex() != seal.blake3 {
            return Ok(false);
        }
        // Without a new seal the file is read once more the next time, no worse.
        let _ = self.put_seal(code, &Seal::of(&found, seal.blake3));
        Ok(true)
    }

    fn put_seal(&self, code: &Path, seal: &Seal) -> io::Result<()> {
        self.write(&seal_path(code), &serde_json::to_vec(seal)?)
    }

    /// Deletes what was not used for `age`. Returns how many bytes that freed.
    pub(super) fn collect(&self, age: Duration) -> Result<u64, Error> {
        if !self.path.exists() {
            return Ok(0);
        }
        self.check()?;
        let old = |path: &Path| {
            let modified = fs::symlink_metadata(path).and_then(|found| found.modified());
            modified.is_ok_and(|time| {
                SystemTime::now()
                    .duration_since(time)
                    .is_ok_and(|passed| passed > age)
            })
        };
        let entries =
            fs::read_dir(&self.path).map_err(|error| cannot("list", &self.path, &error))?;
        let mut freed = 0;
        for entry in entries.flatten() {
            let path = entry.path();
            let unused = match path.extension().and_then(|extension| extension.to_str()) {
                // Loading notes its use in the seal.
                Some("code" | "lock") => {
                    let seal = path.with_extension("seal");
                    if seal.exists() {
                        old(&seal)
                    } else {
                        old(&path)
                    }
                }
                // After its code.
                Some("seal") => old(&path) && !path.with_extension("code").exists(),
                _ => old(&path),
            };
            if unused {
                let size = entry.metadata().map_or(0, |found| found.len());
                if fs::remove_file(&path).is_ok() {
                    freed += size;
                }
            }
        }
        Ok(freed)
    }

    fn facts_path(&self, digest: &Digest) -> PathBuf {
        self.path.join(format!("{}.facts", digest.hex()))
    }

    /// Makes the folder where it is missing, and refuses one that others could have written to.
    fn check(&self) -> Result<(), Error> {
        let check = || {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.path)
                .map_err(|error| cannot("make", &self.path, &error))?;
            let found =
                fs::metadata(&self.path).map_err(|error| cannot("read", &self.path, &error))?;
            if is_private(&found) {
                return Ok(());
            }
            let path = self.path.display();
            Err(Error::environment(format!(
                "`{path}` can be written by others, and what lies there is run"
            ))
            .hint(format!(
                "run `chmod go-w {path}` if it is yours, or choose another cache folder"
            )))
        };
        self.checked.get_or_init(check).clone()
    }

    /// Whole or not at all: readers never see a part.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = self
            .path
            .join(format!("{}-{number}.part", std::process::id()));
        let written = private(OpenOptions::new().write(true).create_new(true))
            .open(&temporary)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

/// Names the engines that can run the same code.
fn fit(engine: &Engine) -> String {
    struct Blake3(blake3::Hasher);
    impl Hasher for Blake3 {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            unreachable!("all 256 bits are taken")
        }
    }
    let mut hasher = Blake3(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.update(&FORMAT.to_le_bytes());
    hasher.0.finalize().to_hex()[..32].to_owned()
}

fn seal_path(code: &Path) -> PathBuf {
    code.with_extension("seal")
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Whether only the user that we run as can have written it.
fn is_private(found: &Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0
}

/// Remembers, as the file's time, that it was used today. Of no importance if it fails.
fn note_use(path: &Path) {
    let modified = fs::metadata(path).and_then(|found| found.modified());
    let now = SystemTime::now();
    if modified.is_ok_and(|time| now.duration_since(time).is_ok_and(|passed| passed > NOTED)) {
        let _ = File::options()
            .write(true)
            .open(path)
            .and_then(|file| file.set_modified(now));
    }
}

fn refused(component: &Component) -> Error {
    Error::new(
        ErrorKind::Plugin,
        format!("`{}` cannot be compiled", component.name),
    )
}

fn cannot(verb: &str, path: &Path, error: &io::Error) -> Error {
    Error::environment(format!("cannot {verb} `{}`", path.display())).cause(error)
}

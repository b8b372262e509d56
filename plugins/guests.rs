//! How guests are built: one way for the binary (`cli/build.rs`), the tests (`tests/build.rs`) and `cargo xtask`,
//! which include this file. Only std, since it is compiled into each of them.
//!
//! The bytes of a guest are its identity in the cache, so they must not depend on the machine or the folder:
//! every path that rustc would write into them is remapped, and no flag of the surrounding build reaches it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

pub const TARGET: &str = "wasm32-wasip2";
/// For programs that are core modules: only tests build such.
pub const MODULE_TARGET: &str = "wasm32-wasip1";
const PROFILE: &str = "plugin";

/// A crate that is built for the sandbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guest {
    /// The folder's name; for a plugin the name by which projects use it.
    pub name: String,
    pub package: String,
    pub folder: PathBuf,
    /// File stems of the components it builds: a library gives one, each program one.
    pub artifacts: Vec<String>,
}

/// The guests that are direct children of `folder`, sorted by name. Empty if there is no such folder.
pub fn guests_in(folder: &Path) -> Result<Vec<Guest>, String> {
    let mut guests = Vec::new();
    for entry in folder.read_dir().into_iter().flatten() {
        let folder = entry
            .map_err(|error| format!("cannot list guests: {error}"))?
            .path();
        if folder.join("Cargo.toml").is_file() {
            guests.push(guest(&folder)?);
        }
    }
    guests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(guests)
}

/// Reads what there is to know of the guest crate in `folder`.
pub fn guest(folder: &Path) -> Result<Guest, String> {
    let manifest = folder.join("Cargo.toml");
    let text = read(&manifest)?;
    let package = package_name(&text)
        .ok_or_else(|| format!("`{}` has no package name", manifest.display()))?;
    let mut artifacts = Vec::new();
    if folder.join("src/lib.rs").is_file() {
        artifacts.push(package.replace('-', "_"));
    }
    if folder.join("src/main.rs").is_file() {
        artifacts.push(package.clone());
    }
    for program in folder
        .join("src/bin")
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
    {
        let path = program.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            artifacts.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    artifacts.sort();
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Guest {
        name,
        package,
        folder: folder.to_owned(),
        artifacts,
    })
}

/// The `name` of a manifest's `[package]`.
fn package_name(manifest: &str) -> Option<String> {
    let mut lines = manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[package]")
        .skip(1);
    lines
        .by_ref()
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == "name").then(|| value.trim().trim_matches('"').to_owned())
        })
}

/// The folder that holds everything cargo builds, found from a file within it. For another target than the host's
/// cargo makes a folder in the folder, marked like it. Of the two marks a copy of the folder may lack the tag, and a
/// folder in which nothing was built before the other.
pub fn target_folder(within: &Path) -> PathBuf {
    let marks = ["CACHEDIR.TAG", ".rustc_info.json"];
    let marked = |folder: &&Path| marks.iter().any(|mark| folder.join(mark).is_file());
    let inner = within.ancestors().find(marked).unwrap_or(within);
    inner.parent().filter(marked).unwrap_or(inner).to_owned()
}

pub struct Builder {
    pub workspace: PathBuf,
    /// Holds all that guests need, apart from what the surrounding cargo has locked.
    pub target: PathBuf,
    /// What guests are built for.
    pub triple: &'static str,
}

impl Builder {
    /// `target` is the folder of the surrounding build; guests get one of their own below it.
    pub fn new(workspace: &Path, target: &Path) -> Builder {
        Builder {
            workspace: workspace.to_owned(),
            target: target.join("plugins"),
            triple: TARGET,
        }
    }

    /// Where `build` leaves a component.
    pub fn component(&self, artifact: &str) -> PathBuf {
        self.target
            .join(self.triple)
            .join(PROFILE)
            .join(format!("{artifact}.wasm"))
    }

    /// The component of one guest in a folder of the workspace, built if it is stale: for tests and benches, from
    /// within their own process.
    pub fn component_of(workspace: &Path, folder: &str, name: &str) -> Result<PathBuf, String> {
        let program =
            env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let builder = Builder::new(workspace, &target_folder(&program));
        let guests = guests_in(&workspace.join(folder))?;
        builder.build(&guests)?;
        builder.only(&guests, folder, name)
    }

    /// The same of a program as a core module.
    pub fn module_of(workspace: &Path, folder: &str, name: &str) -> Result<PathBuf, String> {
        let program =
            env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let builder = Builder {
            triple: MODULE_TARGET,
            ..Builder::new(workspace, &target_folder(&program))
        };
        let guests = [guest(&workspace.join(folder).join(name))?];
        builder.build(&guests)?;
        builder.only(&guests, folder, name)
    }

    /// What was built of the guest `name`, if that is one file.
    fn only(&self, guests: &[Guest], folder: &str, name: &str) -> Result<PathBuf, String> {
        let guest = guests.iter().find(|guest| guest.name == name);
        match guest.map(|guest| &guest.artifacts[..]) {
            Some([artifact]) => Ok(self.component(artifact)),
            Some(artifacts) => Err(format!(
                "`{folder}/{name}` builds not one component but {}",
                artifacts.len()
            )),
            None => Err(format!("there is no guest `{folder}/{name}`")),
        }
    }

    /// Builds what is stale of `guests`; cargo knows what is. Always all of one folder: cargo unites the features of
    /// what is built together, so the bytes of a guest depend on its company.
    pub fn build(&self, guests: &[Guest]) -> Result<(), String> {
        if guests.is_empty() {
            return Ok(());
        }
        self.fetch()?;
        let mut build = self.cargo();
        build.args([
            "build",
            "--locked",
            "--target",
            self.triple,
            "--profile",
            PROFILE,
            "--target-dir",
        ]);
        build.arg(&self.target);
        for guest in guests {
            build.args(["--package", &guest.package]);
        }
        build.env("CARGO_ENCODED_RUSTFLAGS", self.flags()?);
        run(&mut build)?;
        for artifact in guests.iter().flat_map(|guest| &guest.artifacts) {
            if !self.component(artifact).is_file() {
                return Err(format!(
                    "no component `{artifact}.wasm` was built: a plugin needs `crate-type = [\"cdylib\"]`"
                ));
            }
        }
        Ok(())
    }

    /// Sources must be unpacked before their folder can be remapped.
    fn fetch(&self) -> Result<(), String> {
        if self.registries().is_empty() {
            run(self.cargo().args(["fetch", "--locked"]))?;
        }
        Ok(())
    }

    /// The surrounding cargo without what it tells its own rustc, and clippy its.
    fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.workspace)
            .env("CARGO_INCREMENTAL", "0");
        for name in [
            "RUSTFLAGS",
            "RUSTC_WORKSPACE_WRAPPER",
            "CLIPPY_ARGS",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_DIR",
        ] {
            cargo.env_remove(name);
        }
        for (name, _) in env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_PROFILE_"))
            {
                cargo.env_remove(name);
            }
        }
        cargo
    }

    /// rustc's flags, as `CARGO_ENCODED_RUSTFLAGS` wants them.
    fn flags(&self) -> Result<OsString, String> {
        let mut flags = OsString::new();
        for (from, to) in self.remapped()? {
            if !flags.is_empty() {
                flags.push("\u{1f}");
            }
            flags.push("--remap-path-prefix=");
            flags.push(from);
            flags.push(format!("={to}"));
        }
        Ok(flags)
    }

    /// Every folder of this machine that rustc may write down, and what it writes instead; later ones win.
    fn remapped(&self) -> Result<Vec<(PathBuf, String)>, String> {
        let (sysroot, commit) = toolchain()?;
        let mut folders = vec![
            (self.workspace.clone(), "/cofferdam".to_owned()),
            (self.target.clone(), "/cofferdam/target".to_owned()),
            (
                sysroot.join("lib/rustlib/src/rust"),
                format!("/rustc/{commit}"),
            ),
        ];
        // Named after the registry's host, which a mirror changes.
        folders.extend(
            self.registries()
                .into_iter()
                .map(|folder| (folder, "/registry".to_owned())),
        );
        Ok(folders)
    }

    /// The folders in which cargo unpacks crates, one for each registry.
    fn registries(&self) -> Vec<PathBuf> {
        let folder = cargo_home().join("registry/src");
        let mut found: Vec<_> = folder
            .read_dir()
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        found.sort();
        found
    }

    /// Strings that no component may contain, as they name this machine.
    pub fn machine_paths(&self) -> Result<Vec<String>, String> {
        let mut paths = vec![
            self.workspace.clone(),
            self.target.clone(),
            cargo_home(),
            toolchain()?.0,
        ];
        paths.extend(env::home_dir());
        let long = |path: &PathBuf| path.components().count() > 1;
        Ok(paths
            .iter()
            .filter(|path| long(path))
            .map(|path| path.to_string_lossy().into_owned())
            .collect())
    }
}

fn cargo_home() -> PathBuf {
    let standard = || env::home_dir().unwrap_or_default().join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(standard, PathBuf::from)
}

/// The sysroot, and the commit rustc was built from.
fn toolchain() -> Result<(PathBuf, String), String> {
    let sysroot = rustc(&["--print", "sysroot"])?;
    let version = rustc(&["-vV"])?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))
        .unwrap_or("unknown");
    Ok((PathBuf::from(sysroot), commit.to_owned()))
}

/// Whether rustc has the standard library of a target.
pub fn has_target(target: &str) -> Result<bool, String> {
    Ok(Path::new(&rustc(&["--print", "target-libdir", "--target", target])?).is_dir())
}

fn rustc(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = command.args(arguments).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot run `rustc`: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "`rustc {}` failed: {}",
            arguments.join(" "),
            output.status
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn run(command: &mut Command) -> Result<(), String> {
    // Standard output belongs to the including program: in a build script, cargo reads it.
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    let status = command
        .status()
        .map_err(|error| format!("cannot run `cargo`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("guests were not built: {status}"))
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}

//! Running other programs, one visible step at a time.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::guests::{self, Builder, Guest};

/// The error says what went wrong and what to do.
pub type Outcome<T = ()> = Result<T, String>;

pub struct Workspace {
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
}

impl Workspace {
    pub fn find() -> Outcome<Workspace> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or("xtask is not in its workspace")?;
        let program =
            env::current_exe().map_err(|error| format!("cannot find `xtask` itself: {error}"))?;
        let target = guests::target_folder(program.parent().unwrap_or(root));
        Ok(Workspace {
            root: root.to_owned(),
            target,
        })
    }

    pub fn builder(&self) -> Builder {
        Builder::new(&self.root, &self.target)
    }

    /// The built-in plugins.
    pub fn plugins(&self) -> Outcome<Vec<Guest>> {
        guests::guests_in(&self.root.join("plugins"))
    }

    /// Guests that only tests run.
    pub fn fixtures(&self) -> Outcome<Vec<Guest>> {
        guests::guests_in(&self.root.join("tests/guests"))
    }

    /// Guests that only benches run.
    pub fn measured(&self) -> Outcome<Vec<Guest>> {
        guests::guests_in(&self.root.join("bench"))
    }

    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }

    /// Builds the binary as users get it, and says where it is.
    pub fn release(&self) -> Outcome<PathBuf> {
        add_target(guests::TARGET)?;
        step(
            self.cargo()
                .args(["build", "--release", "--locked", "--package", "cofferdam"]),
        )?;
        Ok(self.target.join("release/cofferdam"))
    }
}

/// Shows the command, runs it, and fails if it does.
pub fn step(command: &mut Command) -> Outcome {
    eprintln!("$ {}", shown(command));
    let status = command
        .status()
        .map_err(|error| unstarted(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` failed: {status}", shown(command)))
    }
}

/// Standard output of a command that must succeed.
pub fn output(command: &mut Command) -> Outcome<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| unstarted(command, &error))?;
    if !output.status.success() {
        return Err(format!("`{}` failed: {}", shown(command), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub fn unstarted(command: &Command, error: &std::io::Error) -> String {
    format!(
        "cannot run `{}`: {error}",
        command.get_program().to_string_lossy()
    )
}

/// Whether a program of this name can be started.
pub fn found(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// Installs the standard library of a target by rustup, if it is missing.
pub fn add_target(target: &str) -> Outcome {
    if guests::has_target(target)? {
        return Ok(());
    }
    if !found("rustup") {
        return Err(format!(
            "rustc has no target `{target}` and there is no `rustup` to add it: install that target's standard library as you installed rustc"
        ));
    }
    step(Command::new("rustup").args(["target", "add", target]))
}

pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or_default();
    let words = std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy);
    words.collect::<Vec<_>>().join(" ")
}

pub fn no_arguments(arguments: &[String]) -> Outcome {
    match arguments.first() {
        Some(first) => Err(format!("unexpected argument `{first}`")),
        None => Ok(()),
    }
}

/// Whether the one flag a command knows was given.
pub fn flag(arguments: &[String], name: &str) -> Outcome<bool> {
    match arguments {
        [] => Ok(false),
        [only] if only == name => Ok(true),
        [first, ..] => Err(format!(
            "unexpected argument `{first}`, only `{name}` is known"
        )),
    }
}

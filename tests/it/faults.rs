//! What goes wrong around a run: nothing wrong is ever served, and the next run is good.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use cofferdam_runtime::sandbox::Cancel;
use cofferdam_runtime::{ErrorKind, Event};

use crate::fixture::work::{clean, is_right, toml, work};
use crate::fixture::{Project, Told};

#[test]
fn fault_killed_at_any_moment() {
    let project = work();
    let start = Instant::now();
    project.ask("run").ended(0);
    let whole = start.elapsed();
    let mut killed = 0;
    let moments = 24;
    for moment in 0..moments {
        project.write("docs/a", format!("A{moment}"));
        project.write("last", format!("L{moment}"));
        // Any moment is as good as another: that it is another each time is what counts.
        let after = whole.mul_f64(f64::from(moment + 1) / f64::from(moments));
        let command = project.command("run -j2");
        let mut timeout = Command::new("timeout");
        timeout.args(["-s", "KILL", &after.as_secs_f64().to_string()]);
        timeout.arg(command.get_program()).args(command.get_args());
        let ended = timeout.output().expect("`timeout` is there").status;
        killed += usize::from(ended.signal() == Some(9) || ended.code() == Some(137));
        project.ask("run").ended(0);
        if moment % 6 == 5 {
            is_right(
                &project,
                &clean(&project),
                &format!("killed at moment {moment}"),
            );
        }
        let first = project.read("out/pages/a.transcript");
        assert!(first.contains(&format!("A{moment}")), "{first}");
        let last = project.read("out/last/transcript");
        assert!(last.contains(&format!("L{moment}")), "{last}");
    }
    assert!(killed > 2, "{killed} of {moments} were killed");
    project.ask("cache verify").ended(0);
}

#[test]
fn fault_a_file_that_changes_while_an_action_reads_it() {
    let project = Project::with(
        r#"
[actions.a]
plugin = "scripted"
config = { steps = ["read /src/x", "log between", "read /src/x", "read /src/y"] }
writes = "out/a"
[actions.b]
plugin = "scripted"
needs = ["a"]
config = { steps = ["read /src/x", "read /src/y"] }
writes = "out/b"
"#,
        &[("x", "old"), ("y", "old")],
    );
    for round in 0..4 {
        let [old, new] = [format!("old{round}"), format!("new{round}")];
        project.write("x", &old);
        project.write("y", &old);
        let ran = project.run_watched(
            |_| {},
            &Cancel::default(),
            |event| {
                if matches!(event, Event::Log { .. }) {
                    project.write("x", &new);
                    // A new file in its place, too.
                    project.remove("y");
                    project.write("y", &new);
                }
            },
        );
        match &ran.result {
            // What it saw of one file was one file.
            Ok(_) => {
                let told = project.read("out/a/transcript");
                let mut reads = told
                    .lines()
                    .filter_map(|line| line.strip_prefix("read /src/x: "));
                assert_eq!(reads.next(), reads.next(), "{told}");
            }
            Err(errors) => assert!(
                errors
                    .iter()
                    .all(|error| error.kind == ErrorKind::Environment),
                "{errors:?}"
            ),
        }
        project.run().good();
        let right =
            format!("read /src/x: {new}\nlog between: \nread /src/x: {new}\nread /src/y: {new}\n");
        assert_eq!(project.read("out/a/transcript"), right);
        let right = format!("read /src/x: {new}\nread /src/y: {new}\n");
        assert_eq!(project.read("out/b/transcript"), right);
        // What was old has its own result, not this one's.
        project.write("x", &old);
        project.write("y", &old);
        project.run().good();
        assert!(!project.read("out/a/transcript").contains("new"));
    }
}

#[test]
fn fault_two_projects_two_runs_and_collections_at_once() {
    let project = work();
    let other = Project::beside(&project, &toml().replace("300000", "200000"));
    for (path, text) in [
        ("docs/a", "A"),
        ("docs/b", "other B"),
        ("docs/c", "C"),
        ("last", "L"),
    ] {
        other.write(path, text);
    }
    let rounds = 4;
    std::thread::scope(|scope| {
        let all = |which: &'static str| {
            let (project, other) = (&project, &other);
            move || {
                for round in 0..rounds {
                    match which {
                        "gc" => project.ask("cache gc --max-size 0").ended(0),
                        "force" => project.ask("run --force").ended(0),
                        "other" => {
                            // What it wrote is its own only as long as the cache knows it.
                            let _ = fs::remove_dir_all(other.path("out"));
                            other.write("docs/c", format!("C{round}"));
                            other.ask("run").ended(0)
                        }
                        _ => project.ask("run").ended(0),
                    };
                }
            }
        };
        for which in ["gc", "force", "other", "run"] {
            scope.spawn(all(which));
        }
    });
    for project in [&project, &other] {
        project.ask("run").ended(0);
        is_right(project, &clean(project), "in the end");
    }
    project.ask("cache verify").ended(0);
}

/// In a shell that takes something away first.
fn with_limit(project: &Project, limit: &str, arguments: &str) -> Told {
    let command = project.command(arguments);
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("{limit}; exec \"$@\""))
        .arg("sh");
    shell.arg(command.get_program()).args(command.get_args());
    Told::of(&shell.output().expect("a shell"))
}

#[test]
fn fault_without_descriptors() {
    let project = work();
    project.ask("run").ended(0);
    let right = clean(&project);
    let (mut enough, mut too_few) = (0, 0);
    for limit in (6..40).step_by(2) {
        fs::remove_dir_all(project.path("out")).expect("outputs");
        project.write("docs/a", format!("A{limit}"));
        let told = with_limit(&project, &format!("ulimit -n {limit}"), "run -j2");
        match told.code {
            Some(0) => enough += 1,
            Some(4) => too_few += 1,
            code => panic!("{limit}: {code:?} {}", told.stderr),
        }
        project.ask("run").ended(0);
        let seen = project.read("out/pages/a.transcript");
        assert!(seen.contains(&format!("A{limit}")), "{limit}: {seen}");
    }
    assert!(enough > 0 && too_few > 2, "{enough} {too_few}");
    project.write("docs/a", "A");
    project.ask("run").ended(0);
    is_right(&project, &right, "in the end");
}

/// No file may grow beyond some blocks, which the store takes for a full disk.
#[test]
fn fault_a_full_disk() {
    let project = work();
    let mut full = 0;
    for blocks in [0, 1, 2, 8, 64, 256] {
        project.write("docs/a", format!("A{blocks}"));
        let told = with_limit(
            &project,
            &format!("trap '' XFSZ; ulimit -f {blocks}"),
            "run",
        );
        match told.code {
            Some(0) => {}
            Some(4) => full += 1,
            code => panic!("{blocks}: {code:?} {}", told.stderr),
        }
        if told.stderr.contains("no space left") {
            assert!(told.stderr.contains("hint: "), "{}", told.stderr);
        }
    }
    assert!(full > 2, "{full}");
    project.ask("run").ended(0);
    is_right(&project, &clean(&project), "in the end");
    project.ask("cache verify").ended(0);
}

const NOBODY: u32 = 65_534;

/// A project of somebody whom modes keep from files. A superuser needs everything in a place where nobody gets to.
struct Modest {
    project: Project,
    program: Option<PathBuf>,
}

impl Modest {
    fn new(toml: &str, files: &[(&str, &str)]) -> Modest {
        let project = Project::with(
            &format!("[plugins]\nscripted = \"path:scripted.wasm\"\n{toml}"),
            files,
        );
        let guest = Path::new(env!("GUESTS")).join("scripted.wasm");
        fs::copy(guest, project.path("scripted.wasm")).expect("a guest");
        let root = project.outside();
        let all_powerful = fs::metadata(root).expect("a folder").uid() == 0;
        if !all_powerful {
            return Modest {
                project,
                program: None,
            };
        }
        // Compiled code is believed of nobody else.
        fs::remove_file(project.cache().join("code")).expect("a link");
        let program = root.join("program");
        // Not by this process: another test may start a program, which then has the file open for writing for a while.
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_cofferdam"))
            .arg(&program)
            .status();
        assert!(copied.expect("`cp` is there").success());
        give(root);
        Modest {
            project,
            program: Some(program),
        }
    }

    fn ask(&self, arguments: &str) -> Told {
        let usual = self.project.command(arguments);
        let Some(program) = &self.program else {
            return Told::of(&self.project.command(arguments).output().expect("it starts"));
        };
        let mut command = Command::new(program);
        command.args(usual.get_args()).uid(NOBODY).gid(NOBODY);
        Told::of(&command.output().expect("it starts"))
    }

    /// As its owner writes it.
    fn write(&self, path: &str, text: &str) {
        self.project.write(path, text);
        if self.program.is_some() {
            give(&self.project.path(path));
        }
    }
}

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("an owner");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder").flatten() {
            give(&entry.path());
        }
    }
}

fn set_modes(path: &Path, folders: u32, files: u32) {
    let is_folder = path.is_dir();
    if !path.is_symlink() {
        let mode = if is_folder { folders } else { files };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }
    if is_folder {
        for entry in fs::read_dir(path).expect("a folder").flatten() {
            set_modes(&entry.path(), folders, files);
        }
    }
}

const READER: &str = "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"read /src/x\"] }\nwrites = \"out\"\n";

#[test]
fn fault_a_cache_that_is_read_only() {
    let modest = Modest::new(READER, &[("x", "1")]);
    modest.ask("run").ended(0);
    let cache = modest.project.cache();
    set_modes(cache, 0o500, 0o400);
    // Nothing changed and nothing has to be written.
    modest.ask("run").ended(0);
    modest.write("x", "2");
    let told = modest.ask("run").ended(4);
    assert!(told.stderr.contains("hint: "), "{}", told.stderr);
    assert!(!modest.project.read("out/transcript").contains('2'));
    set_modes(cache, 0o700, 0o600);
    modest.ask("run").ended(0);
    assert!(
        modest
            .project
            .read("out/transcript")
            .contains("read /src/x: 2")
    );
}

#[test]
fn fault_a_file_that_cannot_be_read() {
    let modest = Modest::new(READER, &[("x", "1"), ("d/y", "1")]);
    let x = modest.project.path("x");
    set_modes(&x, 0o700, 0o000);
    let told = modest.ask("run").ended(4);
    told.says("action `a` ended: the host could not serve it")
        .says("cannot open `x`: Permission denied");
    set_modes(&x, 0o700, 0o600);
    modest.ask("run").ended(0);
    assert!(
        modest
            .project
            .read("out/transcript")
            .contains("read /src/x: 1")
    );
    // What was believed until now is not believed without a look.
    modest.write("x", "2");
    set_modes(&x, 0o700, 0o000);
    modest.ask("run").ended(4);
    set_modes(&x, 0o700, 0o600);
    modest.ask("run").ended(0);
    assert!(
        modest
            .project
            .read("out/transcript")
            .contains("read /src/x: 2")
    );
}

//! A project as the property test knows it, and its project file.

use std::fmt::Write as _;

/// Paths of files that actions look at and edits change. Any of them may be a folder, a link or nothing.
pub const PATHS: [&str; 10] = [
    "a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "f", "f/a", "f/b",
];

/// Some of the same length.
pub const TEXTS: [&str; 6] = ["", "x", "y", "xx", "yy", "/src/d/a"];

pub const TARGETS: [&str; 10] = [
    "a",
    "d",
    "../a",
    "d/a",
    "e",
    "missing",
    ".",
    "/src/b",
    "../../outside",
    "f/../d/b",
];

pub const READS: [&[&str]; 8] = [
    &["**"],
    &["a", "d/**"],
    &["d"],
    &["*/a"],
    &["!d/e"],
    &["a", "f/*"],
    &["**/a", "!f"],
    &["d/e/**", "b"],
];

/// Folders that actions write; two actions never write the same one.
pub const FOLDERS: [&str; 3] = ["out", "gen", "w/out"];

/// A variable of the host that actions may be given.
pub const VARIABLE: &str = "MODE";

/// The plugin in the project, for those that do not use the built-in one.
pub const LOCAL: &str = "tools/local.wasm";

#[derive(Clone, Debug)]
pub struct Model {
    pub actions: Vec<Act>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Plain,
    /// Of the folder `d`.
    Planner,
    /// Of `**/a`.
    ForEach,
    /// A plain program.
    Tool,
}

/// One action. Numbers are places in the lists above, modulo their lengths.
#[derive(Clone, Debug)]
pub struct Act {
    pub kind: Kind,
    pub steps: Vec<Step>,
    pub local: bool,
    pub silent: bool,
    pub reads: Option<usize>,
    /// Among the actions before it.
    pub needs: Vec<usize>,
    pub base: Option<usize>,
    pub writes: Option<usize>,
    pub variable: bool,
    pub salt: bool,
    pub grant: bool,
    pub keeps_failures: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub verb: usize,
    pub path: usize,
    pub other: usize,
    pub text: usize,
    /// Where `path` is: the project, the working tree, or a need.
    pub place: usize,
}

impl Step {
    /// In the scripted guest's words.
    fn words(self, act: &Act) -> String {
        let below = PATHS[self.path % PATHS.len()];
        let (other, text) = (
            PATHS[self.other % PATHS.len()],
            TEXTS[self.text % TEXTS.len()],
        );
        let seen = match self.place % 4 {
            0 | 1 => format!("/src/{below}"),
            2 => format!("/build/{below}"),
            _ => match act.needs.first() {
                Some(need) if self.other.is_multiple_of(3) => format!("/in/a{need}/transcript"),
                Some(need) => format!("/in/a{need}/{below}"),
                None => format!("/src/{below}/../b"),
            },
        };
        let folder = seen.rsplit_once('/').map_or("/src", |(folder, _)| folder);
        match self.verb % 32 {
            0..=4 => format!("read {seen}"),
            5 => format!("parity {seen}"),
            6 => format!("exists {seen}"),
            7 => format!("stat {seen}"),
            8 => format!("lstat {seen}"),
            9 => format!("open {seen}"),
            10 => format!("size {seen}"),
            11 => format!("link {seen}"),
            12 => format!("program {seen}"),
            13 | 14 => format!("list {folder}"),
            15 => format!("count {folder}"),
            16 => format!("walk {seen}"),
            17 => format!("choose {seen} /src/{other} /build/{other}"),
            18 => format!("must read {seen}"),
            19 => format!("write /out/{other} {text}"),
            20 => format!("copy {seen} /out/{other}"),
            21 => format!("copy-tree {folder} /out/{other}"),
            22 => format!("write /build/{other} {text}"),
            23 => format!("append /build/{other} more"),
            24 => format!("rename /build/{below} /build/{other}"),
            25 => format!("remove /build/{other}"),
            26 => format!("remove-all /build/{other}"),
            27 => format!("symlink {below} /build/{other}"),
            28 => format!("hardlink {seen} /build/{other}"),
            29 => format!("walk /build/{}", other.split('/').next().unwrap_or("d")),
            30 => format!("create /build/{other} {text}"),
            _ => "variable MODE".to_owned(),
        }
    }
}

impl Model {
    /// Only what a project file may say: needs and bases of actions before, one writer of a folder.
    pub fn toml(&self) -> String {
        let mut toml = format!(
            "[project]\nname = \"p\"\n[plugins]\nlocal = \"path:{LOCAL}\"\n[tools]\nprobe = \"path:{}\"\n",
            concat!(env!("GUESTS"), "/probe.wasm")
        );
        let mut written = Vec::new();
        for (number, act) in self.actions.iter().enumerate() {
            let act = self.sound(number, act);
            let _ = writeln!(toml, "[actions.a{number}]");
            let steps: Vec<String> = act.steps.iter().map(|step| step.words(&act)).collect();
            let plugin = if act.local { "local" } else { "scripted" };
            let _ = match act.kind {
                Kind::Plain => writeln!(
                    toml,
                    "plugin = \"{plugin}\"\nconfig = {{ silent = {}, steps = {steps:?} }}",
                    act.silent
                ),
                Kind::Planner => writeln!(
                    toml,
                    "plugin = \"planner\"\nconfig = {{ steps = {steps:?}, each = {{ folder = \"d\", steps = [\"parity /src/d/{{name}}\", \"walk /src/d\"], reads = [\"d/{{name}}\"], index = [\"walk /in\"] }} }}",
                ),
                Kind::ForEach => writeln!(
                    toml,
                    "plugin = \"{plugin}\"\nfor_each = \"**/a\"\nconfig = {{ silent = true, steps = [\"copy /src/{{file}} /out/{{file}}\", \"read /src/{{dir}}/b\"] }}"
                ),
                Kind::Tool => {
                    let path = act
                        .steps
                        .first()
                        .map_or("a", |step| PATHS[step.path % PATHS.len()]);
                    writeln!(
                        toml,
                        "run = [\"probe\", \"try\", \"/src/{path}\", \"write\", \"{{out}}/tool\", \"made\"]"
                    )
                }
            };
            if let Some(reads) = act.reads {
                let _ = writeln!(toml, "reads = {:?}", READS[reads % READS.len()]);
            }
            let needs: Vec<String> = act.needs.iter().map(|need| format!("a{need}")).collect();
            let _ = writeln!(toml, "needs = {needs:?}");
            if let Some(base) = act.base {
                let _ = writeln!(toml, "base = \"a{base}\"");
            }
            if let Some(folder) = act.writes.map(|folder| FOLDERS[folder % FOLDERS.len()])
                && !written.contains(&folder)
            {
                written.push(folder);
                let _ = writeln!(toml, "writes = {folder:?}");
            }
            if act.variable {
                let _ = writeln!(
                    toml,
                    "environment = {{ MODE = {{ host = \"{VARIABLE}\" }} }}"
                );
            }
            if act.keeps_failures {
                let _ = writeln!(toml, "cache_failures = true");
            }
            if act.salt {
                let _ = writeln!(toml, "salt = \"1\"");
            }
            if act.grant && act.kind == Kind::Tool {
                let _ = writeln!(toml, "grants = {{ http = [\"https://example.org\"] }}");
            }
        }
        toml
    }

    fn sound(&self, number: usize, act: &Act) -> Act {
        let mut act = act.clone();
        act.needs.retain(|need| *need < number);
        act.needs.sort_unstable();
        act.needs.dedup();
        let plain = |base: &usize| *base < number && self.actions[*base].kind == Kind::Plain;
        act.base = act
            .base
            .filter(|base| act.kind == Kind::Plain && plain(base));
        act
    }

    /// The folder that an action writes, by its number.
    pub fn folders(&self) -> Vec<Option<&'static str>> {
        let mut written = Vec::new();
        let folders = self.actions.iter().map(|act| {
            let folder = act.writes.map(|folder| FOLDERS[folder % FOLDERS.len()])?;
            if written.contains(&folder) {
                return None;
            }
            written.push(folder);
            Some(folder)
        });
        folders.collect()
    }
}

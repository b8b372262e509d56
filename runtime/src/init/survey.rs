//! What is in a folder, as far as the built-in plugins can do something with it.

use std::collections::BTreeSet;

use super::{Listing, links};

/// Folders that hold what others made: a listing need not go into them.
pub fn is_left_alone(folder: &str) -> bool {
    const LEFT_ALONE: [&str; 8] = [
        ".git",
        ".hg",
        ".jj",
        ".svn",
        ".venv",
        "__pycache__",
        "node_modules",
        "target",
    ];
    let name = folder.rsplit('/').next().unwrap_or(folder);
    LEFT_ALONE.contains(&name)
}

/// What to propose.
#[derive(Debug)]
pub(super) struct Survey {
    /// A valid name for the project.
    pub(super) name: String,
    /// The folder of each, `""` for the project's own.
    pub(super) pages: Option<String>,
    pub(super) styles: Option<String>,
    pub(super) scripts: Option<String>,
    /// Whether the links of the pages lead somewhere, as far as can be told from here.
    pub(super) links_hold: bool,
    /// Files from which a bill of materials can be made.
    pub(super) locks: Vec<String>,
    /// A folder that is free for the site.
    pub(super) written: String,
    /// A folder that is free for the deployment.
    pub(super) deployed: String,
    pub(super) notes: Vec<String>,
}

impl Survey {
    pub(super) fn of(listing: &Listing<'_>) -> Survey {
        let files = listing.files;
        let is_package = files.contains("Cargo.toml") || files.contains("package.json");
        let pages = pages(files, is_package);
        let styles = home(files.iter().filter(|file| is_style(file)));
        let scripts = home(files.iter().filter(|file| is_script(file)));
        let mut notes = native(listing);
        if let Some(folder) = &scripts
            && imports_packages(listing, folder)
        {
            notes.push(format!(
                "the scripts in `{}` import packages: `typescript` makes JavaScript of each module, and bundles nothing yet",
                shown(folder)
            ));
        }
        let broken = pages
            .as_ref()
            .and_then(|folder| links::broken(listing, folder));
        if let Some(links::Broken { page, target }) = &broken {
            notes.push(format!(
                "`{page}` links to `{target}`, which is not part of the site: mend it, then take the `#` from `[actions.links]`"
            ));
        }
        let locks = files.iter().filter(|file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            matches!(name, "Cargo.lock" | "package-lock.json")
        });
        Survey {
            name: name(listing),
            locks: locks.cloned().collect(),
            links_hold: broken.is_none(),
            written: free(files, &["dist", "site", "out", "dist-site"]),
            deployed: free(files, &["public", "www", "deployed", "public-site"]),
            pages,
            styles,
            scripts,
            notes,
        }
    }
}

/// The package's name, else the folder's, as far as names allow.
fn name(listing: &Listing<'_>) -> String {
    let cargo = (listing.read)("Cargo.toml").and_then(|text| {
        let manifest: toml::Table = text.parse().ok()?;
        Some(manifest.get("package")?.get("name")?.as_str()?.to_string())
    });
    let npm = || {
        let manifest: serde_json::Value =
            serde_json::from_str(&(listing.read)("package.json")?).ok()?;
        let name = manifest.get("name")?.as_str()?;
        Some(name.rsplit('/').next().unwrap_or(name).to_string())
    };
    let given = cargo
        .or_else(npm)
        .unwrap_or_else(|| listing.name.to_string());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = given
        .chars()
        .map(|character| if allowed(character) { character } else { '-' })
        .take(60)
        .collect();
    let name = name.trim_matches(['-', '.']);
    match name {
        "" | "all" | "none" | "self" => "project".to_string(),
        name => name.to_string(),
    }
}

fn is_page(file: &str) -> bool {
    file.ends_with(".md")
}

fn is_style(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    (name.ends_with(".scss") || name.ends_with(".sass")) && !name.starts_with('_')
}

fn is_script(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let module = [".ts", ".tsx", ".mts", ".cts"]
        .iter()
        .any(|end| name.ends_with(end));
    let apart = [
        ".d.ts",
        ".d.mts",
        ".d.cts",
        ".config.ts",
        ".test.ts",
        ".test.tsx",
        ".spec.ts",
    ];
    let in_tests = file
        .split('/')
        .any(|folder| matches!(folder, "test" | "tests" | "__tests__"));
    module && !in_tests && !apart.iter().any(|end| name.ends_with(end))
}

/// A folder that is meant for pages; without one those of the project's own folder, unless they are a package's.
fn pages(files: &BTreeSet<String>, is_package: bool) -> Option<String> {
    const MEANT: [&str; 6] = ["docs", "doc", "pages", "content", "site", "book/src"];
    let meant = MEANT.iter().find(|folder| {
        let prefix = format!("{folder}/");
        files
            .iter()
            .any(|file| file.starts_with(&prefix) && is_page(file))
    });
    let own = || {
        files
            .iter()
            .any(|file| !file.contains('/') && is_page(file))
    };
    match meant {
        Some(folder) => Some((*folder).to_string()),
        None => (!is_package && own()).then(String::new),
    }
}

/// The folder in which such files lie: the deepest that holds all, or else the first folder with the most of them.
fn home<'a>(files: impl Iterator<Item = &'a String> + Clone) -> Option<String> {
    let folder = |file: &'a String| file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut folders = files.clone().map(folder);
    let first = folders.next()?;
    let common = folders.fold(first, |common, folder| {
        let both = common.split('/').zip(folder.split('/'));
        let same: usize = both
            .take_while(|(one, other)| one == other)
            .map(|(name, _)| name.len() + 1)
            .sum();
        &common[..same.saturating_sub(1).min(common.len())]
    });
    if !common.is_empty() {
        return Some(common.to_string());
    }
    let top = |file: &'a String| file.split_once('/').map_or("", |(top, _)| top);
    let tops: BTreeSet<&str> = files.clone().map(top).collect();
    let count = |wanted: &str| files.clone().filter(|file| top(file) == wanted).count();
    let most = tops.iter().rev().max_by_key(|wanted| count(wanted))?;
    Some((*most).to_string())
}

fn imports_packages(listing: &Listing<'_>, folder: &str) -> bool {
    const LOOKED_AT: usize = 50;
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let scripts = listing
        .files
        .iter()
        .filter(|file| file.starts_with(&prefix) && is_script(file));
    let mut texts = scripts
        .take(LOOKED_AT)
        .filter_map(|file| (listing.read)(file));
    texts.any(|text| {
        let mut lines = text.lines().map(str::trim);
        lines.any(|line| {
            let from = line.rsplit_once(" from ").map(|(_, from)| from);
            let package = from.and_then(|from| from.strip_prefix(['"', '\'']));
            (line.starts_with("import ") || line.starts_with("export "))
                && package.is_some_and(|package| !package.starts_with(['.', '/']))
        })
    })
}

/// What builds the project today and cannot run in the sandbox yet.
fn native(listing: &Listing<'_>) -> Vec<String> {
    const PROGRAMS: [(&str, &str); 12] = [
        ("Cargo.toml", "`cargo` and `rustc`"),
        ("package.json", "Node.js and the scripts of `package.json`"),
        ("go.mod", "`go`"),
        ("pyproject.toml", "Python's build tools"),
        ("setup.py", "Python's build tools"),
        ("CMakeLists.txt", "CMake and the compilers"),
        ("Makefile", "`make` and what it calls"),
        ("meson.build", "Meson and the compilers"),
        ("pom.xml", "Maven"),
        ("build.gradle", "Gradle"),
        ("Gemfile", "Ruby"),
        ("Dockerfile", "the steps of the `Dockerfile`"),
    ];
    let present = PROGRAMS
        .iter()
        .filter(|(file, _)| listing.files.contains(*file));
    let mut notes: Vec<String> = present
        .map(|(file, programs)| {
            format!("`{file}`: {programs} are native programs, which actions cannot run yet; go on using them")
        })
        .collect();
    let locks = [
        ("yarn.lock", "Yarn"),
        ("pnpm-lock.yaml", "pnpm"),
        ("bun.lock", "Bun"),
        ("poetry.lock", "Poetry"),
    ];
    let locks = locks
        .iter()
        .filter(|(file, _)| listing.files.contains(*file));
    notes.extend(locks.map(|(file, tool)| {
        format!("`{file}`: `sbom` reads `Cargo.lock` and `package-lock.json`, and no locks of {tool} yet")
    }));
    notes
}

/// The first name under which nothing lies yet, so that no file of the project is hidden or overwritten.
fn free(files: &BTreeSet<String>, names: &[&str]) -> String {
    let is_free = |name: &str| {
        let below = format!("{name}/");
        !files.contains(name) && !files.iter().any(|file| file.starts_with(&below))
    };
    if let Some(name) = names.iter().find(|name| is_free(name)) {
        return (*name).to_string();
    }
    let numbered = (2..).map(|number| format!("{}-{number}", names[0]));
    numbered
        .into_iter()
        .find(|name| is_free(name))
        .unwrap_or_default()
}

fn shown(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

//! As much of a Cargo.toml as the rules need.

/// A crate's name and what it depends on.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Manifest {
    pub package: String,
    /// Name and line of what it is built with; what only its tests use is left out.
    pub dependencies: Vec<(String, usize)>,
}

impl Manifest {
    /// `None` for a manifest without a package.
    pub fn parse(text: &str) -> Option<Manifest> {
        let mut manifest = Manifest::default();
        let mut table = String::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(header) = line.strip_prefix('[') {
                table = header.trim_end_matches(']').to_owned();
                // `[dependencies.NAME]` names one itself.
                let name = table
                    .rsplit_once("dependencies.")
                    .filter(|(kind, _)| builds(&format!("{kind}dependencies")));
                manifest
                    .dependencies
                    .extend(name.map(|(_, name)| (name.to_owned(), at + 1)));
            } else if let Some((key, value)) =
                line.split_once('=').filter(|_| !line.starts_with('#'))
            {
                if table == "package" && key.trim() == "name" {
                    manifest.package = value.trim().trim_matches('"').to_owned();
                } else if builds(&table) {
                    let name = key
                        .trim()
                        .split('.')
                        .next()
                        .unwrap_or_default()
                        .trim_matches('"');
                    manifest.dependencies.push((name.to_owned(), at + 1));
                }
            }
        }
        (!manifest.package.is_empty()).then_some(manifest)
    }
}

/// Whether a table lists what the crate itself is built with.
fn builds(table: &str) -> bool {
    let kind = if table.starts_with("target.") {
        table.rsplit('.').next().unwrap_or_default()
    } else {
        table
    };
    kind == "dependencies" || kind == "build-dependencies"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_dependency_is_read() {
        let text = "[package]\nname = \"a\"\n[dependencies]\nb.workspace = true\nc = \"1\"\n# d = \"1\"\n\
                    [dev-dependencies]\ne = \"1\"\n[dependencies.f]\nversion = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\ng = \"1\"\n[build-dependencies]\nh = \"1\"\n";
        let manifest = Manifest::parse(text).unwrap();
        assert_eq!(manifest.package, "a");
        let names: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["b", "c", "f", "g", "h"]);
        assert_eq!(manifest.dependencies[1].1, 5);
    }

    #[test]
    fn a_manifest_of_a_workspace_is_none_of_a_crate() {
        assert_eq!(
            Manifest::parse("[workspace]\nmembers = []\n[workspace.dependencies]\na = \"1\"\n"),
            None
        );
    }
}

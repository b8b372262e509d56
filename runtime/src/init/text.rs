//! The proposed file's text.

use std::fmt::Write;

use crate::config::{escape, toml_string};

use super::survey::Survey;

/// Writing to a `String` cannot fail, so results are dropped.
pub(super) fn write(survey: &Survey) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "# What is to be done here. Every action runs in a sandbox, sees only what `reads` shows it,\n\
         # and runs again only when something it really looked at has changed.\n\
         #   cofferdam run        does everything; the second time, nothing\n\
         #   cofferdam explain    says why an action ran\n\
         \n[project]\nname = {}\n",
        toml_string(&survey.name)
    );
    let site = site(survey, &mut text);
    if site {
        after_site(survey, &mut text);
    }
    if !survey.locks.is_empty() {
        bill(survey, &mut text);
    }
    if !site {
        sources(survey, &mut text);
    }
    text
}

/// One part of a site: the action's name, its plugin, its folder, the ends of its files, and what it does.
type Part<'a> = (&'a str, &'a str, &'a String, &'a str, &'a str);

/// Whether there is a site.
fn site(survey: &Survey, text: &mut String) -> bool {
    let parts: [Option<Part<'_>>; 3] = [
        survey.pages.as_ref().map(|folder| {
            (
                "pages",
                "markdown",
                folder,
                "md",
                "Markdown to HTML, an action for each page.",
            )
        }),
        survey.styles.as_ref().map(|folder| {
            (
                "styles",
                "sass",
                folder,
                "{scss,sass}",
                "Style sheets to CSS.",
            )
        }),
        survey.scripts.as_ref().map(|folder| {
            (
                "scripts",
                "typescript",
                folder,
                "{ts,tsx,mts,cts}",
                "TypeScript to JavaScript, module by module.",
            )
        }),
    ];
    let parts: Vec<Part<'_>> = parts.into_iter().flatten().collect();
    let single = parts.len() == 1;
    for (name, plugin, folder, ends, about) in &parts {
        let name = if single { "site" } else { name };
        let reads = match folder.as_str() {
            "" => format!("*.{ends}"),
            folder => format!("{}/**", escape(folder)),
        };
        let _ = write!(
            text,
            "\n# {about}\n[actions.{name}]\nplugin = \"{plugin}\"\nreads  = [{}]\n",
            toml_string(&reads)
        );
        if !folder.is_empty() {
            let key = if *plugin == "markdown" {
                "source"
            } else {
                "folder"
            };
            let _ = writeln!(text, "config = {{ {key} = {} }}", toml_string(folder));
        }
        if single {
            writes(survey, text);
        }
    }
    if parts.len() > 1 {
        let needs: Vec<String> = parts.iter().map(|part| format!("\"{}\"", part.0)).collect();
        let _ = write!(
            text,
            "\n# The parts in one folder.\n[actions.site]\nplugin = \"merge\"\nneeds  = [{}]\n",
            needs.join(", ")
        );
        writes(survey, text);
    }
    !parts.is_empty()
}

fn writes(survey: &Survey, text: &mut String) {
    let folder = toml_string(&survey.written);
    let _ = writeln!(
        text,
        "writes = {folder}   # without this line the result stays in the cache"
    );
}

fn after_site(survey: &Survey, text: &mut String) {
    if survey.pages.is_some() {
        let comment = if survey.links_hold { "" } else { "# " };
        let _ = write!(
            text,
            "\n# Fails where a link of the site leads nowhere, with file, line and column.\n\
             {comment}[actions.links]\n{comment}plugin = \"link-check\"\n{comment}needs  = [\"site\"]\n"
        );
    }
    let name = toml_string(&format!("{}.tar.gz", survey.name));
    let deployed = toml_string(&survey.deployed);
    let _ = write!(
        text,
        "\n# The site as one file: the same bytes on every machine.\n\
         [actions.archive]\nplugin = \"archive\"\nneeds  = [\"site\"]\nconfig = {{ name = {name} }}\n\
         \n# The site as an OCI image layout, for container tools.\n\
         [actions.image]\nplugin = \"oci-image\"\nneeds  = [\"site\"]\n\
         \n# `cofferdam deploy local` places the site here, as a release that `cofferdam rollback local` takes back.\n\
         [deploy.local]\nplugin = \"directory\"\nfrom   = \"site\"\nconfig = {{ path = {deployed} }}\n\
         grants = {{ write = [{deployed}] }}\n"
    );
}

fn bill(survey: &Survey, text: &mut String) {
    let reads: Vec<String> = survey
        .locks
        .iter()
        .map(|lock| toml_string(&escape(lock)))
        .collect();
    let _ = write!(
        text,
        "\n# What the project is made of, as CycloneDX.\n[actions.sbom]\nplugin = \"sbom\"\nreads  = [{}]\n",
        reads.join(", ")
    );
    if survey.locks.iter().any(|lock| lock.contains('/')) {
        let locks: Vec<String> = survey.locks.iter().map(|lock| toml_string(lock)).collect();
        let _ = writeln!(text, "config = {{ locks = [{}] }}", locks.join(", "));
    }
}

fn sources(survey: &Survey, text: &mut String) {
    let name = toml_string(&format!("{}-source.tar.gz", survey.name));
    let _ = write!(
        text,
        "\n# The sources as one file: the same bytes on every machine.\n\
         [actions.source]\nplugin = \"archive\"\n\
         reads  = [\"!**/node_modules\", \"!**/target\", \"!**/.venv\"]   # everything else, but no `.env*`\n\
         config = {{ name = {name} }}\n"
    );
}

//! The project file as its user meets it.

mod drift;
mod errors;
mod fuzz;
mod spec;

use std::path::Path;

use super::{ProjectSpec, parse};
use crate::error::Error;

/// A whole file of which every test takes its part.
const SHOP: &str = r#"
[project]
name = "shop"

[tools]
esbuild = "path:tools/esbuild.wasm"

[plugins]
lint = "path:tools/lint.wasm"

[actions.app]
run = ["esbuild", "src/main.ts", "--bundle", "--outfile={out}/app.js"]
reads = ["src/**", "node_modules/**"]
timeout = "30s"
memory = "1GiB"
environment = { MODE = "production", CI = { host = "CI" } }

[actions.pages]
plugin = "markdown"
reads = ["docs/**"]
config = { theme = { colors = ["red", "blue"] } }

[actions.site]
plugin = "merge"
needs = ["app", { action = "pages", as = "html" }]
writes = "dist"

[deploy.local]
plugin = "directory"
from = "site"
config = { path = "public" }
grants = { write = ["public"] }
"#;

fn read(text: &str) -> Result<ProjectSpec, Vec<Error>> {
    parse(Path::new("cofferdam.toml"), text.as_bytes())
}

/// Errors as a person sees them, one to a paragraph.
fn told(errors: &[Error]) -> String {
    let mut text = String::new();
    for error in errors {
        let at = error.at.as_ref().unwrap();
        text.push_str(&format!("{at} {error}\n"));
        for hint in &error.hints {
            text.push_str(&format!("    {hint}\n"));
        }
    }
    text
}

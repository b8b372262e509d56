//! What is not made from a page.

use cofferdam_plugin::{Result, files, out, src};

/// Where the theme's style sheet is in the site.
pub(crate) const STYLESHEET: &str = "theme.css";

pub(crate) fn copy(source: &str, names: &[String]) -> Result {
    for name in names {
        files::copy(src().join(source).join(name), out().join(name))?;
    }
    Ok(())
}

pub(crate) fn theme() -> Result {
    files::write(out().join(STYLESHEET), include_str!("theme/plain.css"))
}

//! `explain`: why an action ran, and whether it would run again.

use cofferdam_runtime::inspect::{self, Explanation};

use crate::Outcome;
use crate::arguments::{Explain, Global};
use crate::exit::Exit;
use crate::report::stdout_paint;
use crate::text::{Paint, Tone};
use crate::{project, stdout};

/// Of the paths that have changed since.
const SHOWN: usize = 20;

pub fn run(global: &Global, arguments: &Explain) -> Outcome {
    let project = project::open(global)?;
    let explanation = inspect::explain(&project, &arguments.action).map_err(|error| vec![error])?;
    stdout::print(&text(stdout_paint(global), &explanation))?;
    Ok(Exit::Done)
}

fn text(paint: Paint, explanation: &Explanation) -> String {
    let Explanation {
        action,
        ran,
        observed,
        changed,
    } = explanation;
    let name = paint.tone(Tone::Strong, action);
    let mut text = match ran {
        Some(reason) => format!("{name} ran because {reason}\n"),
        None => format!("{name} came from the cache: nothing that it observes had changed\n"),
    };
    let paths = |count: usize| if count == 1 { "path" } else { "paths" };
    if changed.is_empty() {
        text.push_str(&format!(
            "it observed {observed} {}, none has changed since\n",
            paths(*observed)
        ));
        return text;
    }
    let count = changed.len();
    text.push_str(&format!(
        "it observed {observed} {}; {count} changed since, so it would be looked up again:\n",
        paths(*observed)
    ));
    for path in changed.iter().take(SHOWN) {
        text.push_str(&format!("  {path}\n"));
    }
    if count > SHOWN {
        text.push_str(&format!("  and {} more\n", count - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_the_past_and_the_present() {
        let mut explanation = Explanation {
            action: "pages:a.md".to_owned(),
            ran: Some(
                "`docs/a.md` was a file of content 1a2b3c4d, now a file of content 5e6f7081"
                    .to_owned(),
            ),
            observed: 3,
            changed: Vec::new(),
        };
        let first = text(Paint::OFF, &explanation);
        explanation.ran = None;
        explanation.changed = vec!["docs/a.md".to_owned(), "docs/b.md (gone)".to_owned()];
        insta::assert_snapshot!(first + &text(Paint::OFF, &explanation), @"
        pages:a.md ran because `docs/a.md` was a file of content 1a2b3c4d, now a file of content 5e6f7081
        it observed 3 paths, none has changed since
        pages:a.md came from the cache: nothing that it observes had changed
        it observed 3 paths; 2 changed since, so it would be looked up again:
          docs/a.md
          docs/b.md (gone)
        ");
    }
}

//! The graph as text: what is needed below what needs it.

use crate::graph::Drawing;
use crate::text::{Paint, Tone};

/// Each item that nobody needs is a root; what was shown before ends in `(*)`.
pub fn tree(paint: Paint, drawing: &Drawing) -> String {
    let needed_by = drawing.needed_by();
    let mut text = String::new();
    let mut shown = vec![false; drawing.items.len()];
    let roots = (0..drawing.items.len()).filter(|item| needed_by[*item].is_empty());
    // What is still to be printed, the next one last: item, what leads its line, what leads those below.
    let mut waiting: Vec<(usize, String, String)> = roots
        .rev()
        .map(|item| (item, String::new(), String::new()))
        .collect();
    while let Some((item, lead, below)) = waiting.pop() {
        let needs = &drawing.needs[item];
        let again = shown[item] && !needs.is_empty();
        text.push_str(&format!(
            "{}{}\n",
            paint.tone(Tone::Dim, &lead),
            label(paint, drawing, item, again)
        ));
        if again {
            continue;
        }
        shown[item] = true;
        for (index, need) in needs.iter().enumerate().rev() {
            let (branch, trunk) = match index + 1 == needs.len() {
                true => ("└── ", "    "),
                false => ("├── ", "│   "),
            };
            waiting.push((*need, format!("{below}{branch}"), format!("{below}{trunk}")));
        }
    }
    text
}

fn label(paint: Paint, drawing: &Drawing, item: usize, again: bool) -> String {
    let item = &drawing.items[item];
    let mut text = paint.tone(Tone::Strong, &item.name);
    if let Some(writes) = &item.writes {
        text.push_str(&format!(" → {writes}"));
    }
    text.push_str(&format!("  {}", paint.tone(Tone::Dim, &item.note())));
    if again {
        text.push_str(" (*)");
    }
    text
}

//! The graph in Graphviz's language.

use crate::graph::Drawing;

/// Edges go from what is needed to what needs it, as data does.
pub fn dot(drawing: &Drawing) -> String {
    let mut text = String::from(
        "digraph cofferdam {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
    );
    for item in &drawing.items {
        let writes = item
            .writes
            .as_ref()
            .map(|writes| format!("\n→ {writes}"))
            .unwrap_or_default();
        let label = quoted(&format!("{}\n{}{writes}", item.name, item.note()));
        let planner = if item.planned > 0 {
            ", peripheries=2"
        } else {
            ""
        };
        text.push_str(&format!(
            "  {} [label={label}{planner}];\n",
            quoted(&item.name)
        ));
    }
    for (item, needs) in drawing.needs.iter().enumerate() {
        for need in needs {
            let (from, to) = (
                quoted(&drawing.items[*need].name),
                quoted(&drawing.items[item].name),
            );
            text.push_str(&format!("  {from} -> {to};\n"));
        }
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

//! The graph as a picture that stands alone, light or dark as its viewer likes.

use crate::graph::layout::layout;
use crate::graph::{Drawing, Item};
use crate::text::width;

const MARGIN: f64 = 24.0;
const HEIGHT: f64 = 46.0;
/// Between layers, where edges bend.
const CHANNEL: f64 = 72.0;
const NARROWEST: f64 = 96.0;
/// Of an average character of the name and of the note below.
const NAME_WIDTH: f64 = 8.1;
const NOTE_WIDTH: f64 = 6.2;

/// Without variables: many programs that draw SVG do not know them.
const STYLE: &str = "\
    text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace; }
    .paper { fill: #ffffff; }
    .box { fill: #f6f8fa; stroke: #c5ccd3; }
    .writes .box { fill: #e7f5f8; stroke: #0b7285; }
    .name { fill: #1f2933; font-size: 13px; font-weight: 600; }
    .note { fill: #66737f; font-size: 10.5px; }
    .writes .note { fill: #0b7285; }
    .edge { fill: none; stroke: #9aa6b2; stroke-width: 1.4; }
    .head { fill: #9aa6b2; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #14181d; }
      .box { fill: #1e242b; stroke: #3a444f; }
      .writes .box { fill: #11282d; stroke: #3bc9db; }
      .name { fill: #e6ebf0; }
      .note { fill: #93a1af; }
      .writes .note { fill: #3bc9db; }
      .edge { stroke: #5c6975; }
      .head { fill: #5c6975; }
    }
";

pub fn svg(drawing: &Drawing) -> String {
    let places = layout(drawing, HEIGHT);
    let mut widths = vec![NARROWEST; places.layers];
    for (item, (layer, _)) in drawing.items.iter().zip(&places.items) {
        widths[*layer] = widths[*layer].max(item_width(item));
    }
    let mut lefts = Vec::with_capacity(widths.len());
    let mut left = MARGIN;
    for width in &widths {
        lefts.push(left);
        left += width + CHANNEL;
    }
    let (whole_width, whole_height) = (
        (left - CHANNEL).max(MARGIN) + MARGIN,
        places.height + 2.0 * MARGIN,
    );

    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole_width:.0}\" height=\"{whole_height:.0}\" \
         viewBox=\"0 0 {whole_width:.0} {whole_height:.0}\" role=\"img\">\n\
         \x20 <title>Actions and what they need</title>\n  <style>\n{STYLE}  </style>\n\
         \x20 <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"head\" d=\"M0 0.5 8 4 0 7.5z\"/></marker></defs>\n\
         \x20 <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
    );
    for (need, item, middles) in &places.edges {
        let first = places.items[*need].0;
        let end = lefts[places.items[*item].0];
        text.push_str(&edge(first, middles, &lefts, &widths, end));
    }
    for (item, (layer, middle)) in drawing.items.iter().zip(&places.items) {
        text.push_str(&node(item, lefts[*layer], middle + MARGIN, widths[*layer]));
    }
    text.push_str("</svg>\n");
    text
}

fn item_width(item: &Item) -> f64 {
    let name = width(&item.name) as f64 * NAME_WIDTH;
    let note = width(&note(item)) as f64 * NOTE_WIDTH;
    name.max(note) + 28.0
}

fn note(item: &Item) -> String {
    match &item.writes {
        Some(writes) => format!("→ {writes} · {}", item.note()),
        None => item.note(),
    }
}

/// Curves through the channels, straight through the layers in between.
fn edge(first: usize, middles: &[f64], lefts: &[f64], widths: &[f64], end: f64) -> String {
    let mut x = lefts[first] + widths[first];
    let mut y = middles[0] + MARGIN;
    let mut path = format!("M{x:.1} {y:.1}");
    for (step, middle) in middles.iter().enumerate().skip(1) {
        let layer = first + step;
        let (to_x, to_y) = (lefts[layer], middle + MARGIN);
        let half = f64::midpoint(x, to_x);
        path.push_str(&format!(
            " C{half:.1} {y:.1} {half:.1} {to_y:.1} {to_x:.1} {to_y:.1}"
        ));
        (x, y) = (to_x, to_y);
        if to_x < end {
            x = to_x + widths[layer];
            path.push_str(&format!(" H{x:.1}"));
        }
    }
    format!("  <path class=\"edge\" marker-end=\"url(#head)\" d=\"{path}\"/>\n")
}

fn node(item: &Item, left: f64, middle: f64, width: f64) -> String {
    let top = middle - HEIGHT / 2.0;
    let class = if item.writes.is_some() {
        " class=\"writes\""
    } else {
        ""
    };
    let mut text = format!("  <g{class}>\n");
    let mut boxes = vec![0.0];
    if item.planned > 0 {
        // A second box behind: it stands for many.
        boxes.insert(0, 4.0);
    }
    for shift in boxes {
        text.push_str(&format!(
            "    <rect class=\"box\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" rx=\"7\"/>\n",
            left + shift,
            top - shift
        ));
    }
    let (name, note) = (escaped(&item.name), escaped(&note(item)));
    let x = left + 14.0;
    text.push_str(&format!(
        "    <text class=\"name\" x=\"{x:.1}\" y=\"{:.1}\">{name}</text>\n",
        top + 20.0
    ));
    text.push_str(&format!(
        "    <text class=\"note\" x=\"{x:.1}\" y=\"{:.1}\">{note}</text>\n  </g>\n",
        top + 35.0
    ));
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

use cofferdam_runtime::inspect::{Graph, GraphNode};

use super::*;
use crate::text::Paint;

fn node(name: &str, needs: &[usize], planner: Option<usize>, writes: Option<&str>) -> GraphNode {
    GraphNode {
        name: name.to_owned(),
        needs: needs.to_vec(),
        planner,
        writes: writes.map(str::to_owned),
        microseconds: 2_000,
    }
}

fn shop() -> Graph {
    Graph {
        nodes: vec![
            node("styles", &[], None, None),
            node("front", &[], None, None),
            node("pages", &[1], None, None),
            node("pages:a.md", &[1], Some(2), None),
            node("pages:b.md", &[3], Some(2), None),
            node("site", &[0, 2], None, Some("dist")),
            node("links", &[5], None, None),
            node("archive", &[5], None, Some("out<1>")),
        ],
    }
}

#[test]
fn a_tree_has_what_is_needed_below() {
    insta::assert_snapshot!(tree(Paint::OFF, &Drawing::new(&shop(), false)), @"
    links  2.0 ms
    └── site → dist  2.0 ms
        ├── styles  2.0 ms
        └── pages  2 actions, 6.0 ms
            └── front  2.0 ms
    archive → out<1>  2.0 ms
    └── site → dist  2.0 ms (*)
    ");
    insta::assert_snapshot!(tree(Paint::OFF, &Drawing::new(&shop(), true)), @"
    links  2.0 ms
    └── site → dist  2.0 ms
        ├── styles  2.0 ms
        └── pages:b.md  2.0 ms
            └── pages:a.md  2.0 ms
                ├── front  2.0 ms
                └── pages  2.0 ms
                    └── front  2.0 ms
    archive → out<1>  2.0 ms
    └── site → dist  2.0 ms (*)
    ");
}

#[test]
fn dot_names_each_edge_once() {
    insta::assert_snapshot!(dot(&Drawing::new(&shop(), false)), @r#"
    digraph cofferdam {
      rankdir=LR;
      node [shape=box, style=rounded, fontname="sans-serif"];
      "styles" [label="styles\n2.0 ms"];
      "front" [label="front\n2.0 ms"];
      "pages" [label="pages\n2 actions, 6.0 ms", peripheries=2];
      "site" [label="site\n2.0 ms\n→ dist"];
      "links" [label="links\n2.0 ms"];
      "archive" [label="archive\n2.0 ms\n→ out<1>"];
      "front" -> "pages";
      "styles" -> "site";
      "pages" -> "site";
      "site" -> "links";
      "site" -> "archive";
    }
    "#);
}

#[test]
fn layers_follow_needs_and_nothing_overlaps() {
    let drawing = Drawing::new(&shop(), true);
    let places = layout::layout(&drawing, 46.0);
    for (item, needs) in drawing.needs.iter().enumerate() {
        assert!(
            needs
                .iter()
                .all(|need| places.items[*need].0 < places.items[item].0)
        );
    }
    for (first, a) in places.items.iter().enumerate() {
        for b in &places.items[first + 1..] {
            assert!(
                a.0 != b.0 || (a.1 - b.1).abs() >= 46.0,
                "{a:?} overlaps {b:?}"
            );
        }
        assert!(a.1 >= 23.0 && a.1 + 23.0 <= places.height);
    }
    let site = places.items[5].0;
    assert_eq!(
        places.items[0].0,
        site - 1,
        "`styles` stands next to `site`"
    );
}

#[test]
fn edges_that_need_not_cross_do_not() {
    // Two chains whose ends are named the other way round.
    let graph = Graph {
        nodes: vec![
            node("a", &[], None, None),
            node("b", &[], None, None),
            node("of-b", &[1], None, None),
            node("of-a", &[0], None, None),
        ],
    };
    let places = layout::layout(&Drawing::new(&graph, true), 46.0);
    let middle = |item: usize| places.items[item].1;
    assert_eq!(middle(0) < middle(1), middle(3) < middle(2));
    assert_eq!(middle(0), middle(3), "a chain of two is straight");
}

#[test]
fn a_picture_is_whole_and_escaped() {
    let picture = svg(&Drawing::new(&shop(), false));
    assert!(picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("→ out&lt;1&gt;"));
    assert_eq!(picture.matches("<path class=\"edge\"").count(), 5);
    assert_eq!(
        picture.matches("<rect class=\"box\"").count(),
        7,
        "a planner has a second box"
    );
    assert!(svg(&Drawing::new(&Graph { nodes: Vec::new() }, false)).ends_with("</svg>\n"));
}

#[test]
fn edges_of_a_handbook_bend_around_what_is_between() {
    let graph = Graph {
        nodes: vec![
            node("front", &[], None, None),
            node("pages", &[0], None, None),
            node("pages:a.md", &[0], Some(1), None),
            node("pages:b.md", &[0], Some(1), None),
            node("styles", &[], None, None),
            node("search", &[], None, None),
            node("bom", &[], None, None),
            node("site", &[1, 4, 5, 6], None, Some("dist")),
            node("links", &[7], None, None),
            node("archive", &[7, 8], None, Some("out")),
            node("image", &[7, 6], None, None),
            node("report", &[0, 8, 10], None, None),
        ],
    };
    let drawing = Drawing::new(&graph, false);
    let places = layout::layout(&drawing, 46.0);
    // An edge's way keeps clear of the items of the layers that it passes.
    for (need, item, middles) in &places.edges {
        let passed = middles.len().saturating_sub(1);
        for (step, middle) in middles.iter().enumerate().take(passed).skip(1) {
            let layer = places.items[*need].0 + step;
            let clear = |other: &(usize, f64)| other.0 != layer || (other.1 - middle).abs() > 23.0;
            assert!(
                places.items.iter().all(clear),
                "{need} → {item} runs through an item"
            );
        }
    }
}

//! Places for the items of a graph, in layers from left to right, after Sugiyama: layers by longest path,
//! an order in each layer that crosses few edges, then positions near what an item is joined to.
//! An edge that spans layers bends at points in between, which take part as if they were items.

use crate::graph::Drawing;

/// How often the order of the layers is improved.
const SWEEPS: usize = 12;
/// How often positions are drawn towards their neighbours.
const PULLS: usize = 24;
/// Between items of a layer, and around a bend of an edge.
const GAP: f64 = 18.0;
const BEND: f64 = 10.0;

/// A place for each item and a way for each edge.
pub struct Layout {
    /// By item: its layer and the middle of its side.
    pub items: Vec<(usize, f64)>,
    /// Need, item, and the middle of the edge in each layer from the need's to the item's.
    pub edges: Vec<(usize, usize, Vec<f64>)>,
    pub layers: usize,
    /// From 0 down to here.
    pub height: f64,
}

/// Items and bends.
struct Points {
    layer: Vec<usize>,
    height: Vec<f64>,
    /// Neighbours in the layer before and in the one after.
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// The points of each layer, from the top.
    layers: Vec<Vec<usize>>,
}

/// `height` is that of every item.
pub fn layout(drawing: &Drawing, height: f64) -> Layout {
    let layer = layers(drawing);
    let (mut points, chains) = points(drawing, &layer, height);
    order(&mut points);
    let middle = positions(&points);
    let bottom = (0..points.layer.len())
        .map(|point| middle[point] + points.height[point] / 2.0)
        .fold(0.0, f64::max);
    Layout {
        items: layer
            .iter()
            .enumerate()
            .map(|(item, layer)| (*layer, middle[item]))
            .collect(),
        edges: chains
            .into_iter()
            .map(|(need, item, chain)| {
                (
                    need,
                    item,
                    chain.into_iter().map(|point| middle[point]).collect(),
                )
            })
            .collect(),
        layers: points.layers.len(),
        height: bottom,
    }
}

/// Each item one layer after the last it needs; then as near to the first that needs it as can be.
fn layers(drawing: &Drawing) -> Vec<usize> {
    let needed_by = drawing.needed_by();
    let mut missing: Vec<usize> = drawing.needs.iter().map(Vec::len).collect();
    let mut layer = vec![0; drawing.items.len()];
    let mut sorted: Vec<usize> = (0..missing.len())
        .filter(|item| missing[*item] == 0)
        .collect();
    let mut next = 0;
    while let Some(item) = sorted.get(next).copied() {
        next += 1;
        for dependent in &needed_by[item] {
            layer[*dependent] = layer[*dependent].max(layer[item] + 1);
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                sorted.push(*dependent);
            }
        }
    }
    for item in sorted.into_iter().rev() {
        if let Some(first) = needed_by[item]
            .iter()
            .map(|dependent| layer[*dependent])
            .min()
        {
            layer[item] = first - 1;
        }
    }
    layer
}

type Chains = Vec<(usize, usize, Vec<usize>)>;

fn points(drawing: &Drawing, layer: &[usize], height: f64) -> (Points, Chains) {
    let mut points = Points {
        layer: layer.to_vec(),
        height: vec![height; layer.len()],
        before: vec![Vec::new(); layer.len()],
        after: vec![Vec::new(); layer.len()],
        layers: Vec::new(),
    };
    let mut chains = Vec::new();
    for (item, needs) in drawing.needs.iter().enumerate() {
        for need in needs {
            let mut chain = vec![*need];
            for between in layer[*need] + 1..layer[item] {
                chain.push(points.layer.len());
                points.layer.push(between);
                points.height.push(BEND);
                points.before.push(Vec::new());
                points.after.push(Vec::new());
            }
            chain.push(item);
            for pair in chain.windows(2) {
                points.after[pair[0]].push(pair[1]);
                points.before[pair[1]].push(pair[0]);
            }
            chains.push((*need, item, chain));
        }
    }
    let count = points.layer.iter().max().map_or(0, |last| last + 1);
    points.layers = vec![Vec::new(); count];
    for (point, layer) in points.layer.iter().enumerate() {
        points.layers[*layer].push(point);
    }
    (points, chains)
}

/// Sorts each layer by the mean place of its neighbours, from left to right and back, and keeps the best.
fn order(points: &mut Points) {
    let mut best = (crossings(points), points.layers.clone());
    for sweep in 0..SWEEPS {
        let forwards = sweep % 2 == 0;
        let count = points.layers.len();
        for step in 1..count {
            let layer = if forwards { step } else { count - 1 - step };
            let beside = if forwards { layer - 1 } else { layer + 1 };
            let place = places(points, beside);
            let neighbours = if forwards {
                &points.before
            } else {
                &points.after
            };
            let mut sorted: Vec<(f64, usize)> = points.layers[layer]
                .iter()
                .enumerate()
                .map(|(index, point)| {
                    let mean = mean(
                        neighbours[*point]
                            .iter()
                            .map(|neighbour| place[*neighbour] as f64),
                    );
                    (mean.unwrap_or(index as f64), *point)
                })
                .collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            points.layers[layer] = sorted.into_iter().map(|(_, point)| point).collect();
        }
        let crossings = crossings(points);
        if crossings < best.0 {
            best = (crossings, points.layers.clone());
        }
    }
    points.layers = best.1;
}

/// The place of each point of a layer in it.
fn places(points: &Points, layer: usize) -> Vec<usize> {
    let mut place = vec![0; points.layer.len()];
    for (index, point) in points.layers[layer].iter().enumerate() {
        place[*point] = index;
    }
    place
}

/// How many pairs of edges cross: pairs whose ends are in another order than their starts,
/// counted with a Fenwick tree over the places of the ends.
fn crossings(points: &Points) -> usize {
    let mut crossings = 0;
    for layer in 1..points.layers.len() {
        let place = places(points, layer);
        let mut counts = vec![0; points.layers[layer].len() + 1];
        let mut seen = 0;
        for point in &points.layers[layer - 1] {
            let mut ends: Vec<usize> = points.after[*point].iter().map(|end| place[*end]).collect();
            ends.sort_unstable();
            for end in &ends {
                let mut at = end + 1;
                let mut not_after = 0;
                while at > 0 {
                    not_after += counts[at];
                    at &= at - 1;
                }
                crossings += seen - not_after;
            }
            for end in ends {
                let mut at = end + 1;
                while at < counts.len() {
                    counts[at] += 1;
                    at += at & at.wrapping_neg();
                }
                seen += 1;
            }
        }
    }
    crossings
}

/// The middle of each point, from 0 down, none nearer to another than it may be.
fn positions(points: &Points) -> Vec<f64> {
    let mut middle = vec![0.0; points.layer.len()];
    for layer in &points.layers {
        place(points, layer, &vec![0.0; layer.len()], &mut middle);
    }
    for pull in 0..PULLS {
        let forwards = pull % 2 == 0;
        for step in 0..points.layers.len() {
            let number = if forwards {
                step
            } else {
                points.layers.len() - 1 - step
            };
            let layer = &points.layers[number];
            let wished: Vec<f64> = layer
                .iter()
                .map(|point| {
                    let both = points.before[*point].iter().chain(&points.after[*point]);
                    mean(both.map(|neighbour| middle[*neighbour])).unwrap_or(middle[*point])
                })
                .collect();
            place(points, layer, &wished, &mut middle);
        }
    }
    let top = (0..middle.len())
        .map(|point| middle[point] - points.height[point] / 2.0)
        .fold(f64::INFINITY, f64::min);
    middle.iter_mut().for_each(|middle| *middle -= top);
    middle
}

/// Puts a layer's points as near to where they wish to be as their order and distances allow: neighbours that
/// push each other form a block, which sits at the mean of their wishes (pool adjacent violators).
fn place(points: &Points, layer: &[usize], wished: &[f64], middle: &mut [f64]) {
    // Where each would be if all before it stood as close as they may.
    let mut offsets = Vec::with_capacity(layer.len());
    let mut offset = 0.0;
    for (index, point) in layer.iter().enumerate() {
        if index > 0 {
            offset += (points.height[layer[index - 1]] + points.height[*point]) / 2.0 + GAP;
        }
        offsets.push(offset);
    }
    // Blocks: sum of (wish − offset), count.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wish, offset) in wished.iter().zip(&offsets) {
        let mut block = (wish - offset, 1);
        while let Some(last) = blocks.last()
            && last.0 / last.1 as f64 >= block.0 / block.1 as f64
        {
            block = (block.0 + last.0, block.1 + last.1);
            blocks.pop();
        }
        blocks.push(block);
    }
    let starts = blocks
        .iter()
        .flat_map(|(sum, count)| std::iter::repeat_n(sum / *count as f64, *count));
    for ((point, offset), start) in layer.iter().zip(&offsets).zip(starts) {
        middle[*point] = start + offset;
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

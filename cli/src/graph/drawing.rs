//! What is drawn: the actions of a run, a planner and what it planned as one item or each for itself.

use std::collections::BTreeSet;
use std::time::Duration;

use cofferdam_runtime::inspect::{Graph, GraphNode};

use crate::text::duration;

#[derive(Debug)]
pub struct Drawing {
    pub items: Vec<Item>,
    /// For each item the items it needs, ascending, none twice.
    pub needs: Vec<Vec<usize>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    pub name: String,
    /// How many actions it stands for, but itself.
    pub planned: usize,
    pub writes: Option<String>,
    /// What its last execution took, or theirs together.
    pub took: Duration,
}

impl Item {
    /// `212 actions, 1.2 s`
    pub fn note(&self) -> String {
        let took = duration(self.took);
        match self.planned {
            0 => took,
            1 => format!("1 action, {took}"),
            planned => format!("{planned} actions, {took}"),
        }
    }
}

impl Drawing {
    /// `all`: each planned action for itself.
    pub fn new(graph: &Graph, all: bool) -> Drawing {
        let stands_for = |mut node: usize| {
            while let Some(planner) = graph.nodes[node].planner.filter(|_| !all) {
                node = planner;
            }
            node
        };
        let mut items = Vec::new();
        let mut item_of = vec![usize::MAX; graph.nodes.len()];
        for (number, node) in graph.nodes.iter().enumerate() {
            if stands_for(number) == number {
                item_of[number] = items.len();
                items.push(item(node));
            }
        }
        for (number, node) in graph.nodes.iter().enumerate() {
            let shown = stands_for(number);
            if shown != number {
                item_of[number] = item_of[shown];
                let item = &mut items[item_of[shown]];
                item.planned += 1;
                item.took += Duration::from_micros(node.microseconds);
            }
        }
        let shown = if all {
            unfolded(graph)
        } else {
            graph.nodes.iter().map(|node| node.needs.clone()).collect()
        };
        let mut needs = vec![BTreeSet::new(); items.len()];
        for (node, shown) in shown.iter().enumerate() {
            let item = item_of[node];
            needs[item].extend(
                shown
                    .iter()
                    .map(|need| item_of[*need])
                    .filter(|need| *need != item),
            );
        }
        Drawing {
            items,
            needs: needs
                .into_iter()
                .map(|needs| needs.into_iter().collect())
                .collect(),
        }
    }

    /// For each item those that need it, ascending.
    pub fn needed_by(&self) -> Vec<Vec<usize>> {
        let mut needed_by = vec![Vec::new(); self.items.len()];
        for (item, needs) in self.needs.iter().enumerate() {
            for need in needs {
                needed_by[*need].push(item);
            }
        }
        needed_by
    }
}

/// The needs of each node with planners between what they read and what they planned: the first of their actions
/// need them, and who needs them needs the last of their actions instead.
fn unfolded(graph: &Graph) -> Vec<Vec<usize>> {
    let nodes = &graph.nodes;
    let planner = |node: usize| nodes[node].planner;
    let mut lasts = vec![Vec::new(); nodes.len()];
    let needed_beside: BTreeSet<usize> = (0..nodes.len())
        .flat_map(|node| {
            nodes[node]
                .needs
                .iter()
                .copied()
                .filter(move |need| planner(*need) == planner(node))
        })
        .collect();
    for node in 0..nodes.len() {
        if let Some(planner) = planner(node)
            && !needed_beside.contains(&node)
        {
            lasts[planner].push(node);
        }
    }
    let needs = (0..nodes.len()).map(|node| {
        let beside = |need: &usize| planner(*need).is_some() && planner(*need) == planner(node);
        let first = planner(node).filter(|_| !nodes[node].needs.iter().any(beside));
        let others = nodes[node]
            .needs
            .iter()
            .flat_map(|need| match lasts[*need].is_empty() {
                true => vec![*need],
                false => lasts[*need].clone(),
            });
        first.into_iter().chain(others).collect()
    });
    needs.collect()
}

fn item(node: &GraphNode) -> Item {
    Item {
        name: node.name.clone(),
        planned: 0,
        writes: node.writes.clone(),
        took: Duration::from_micros(node.microseconds),
    }
}

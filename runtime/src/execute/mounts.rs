//! The trees below one execution, by the numbers its observations have.

use std::sync::Arc;

use cofferdam_cache::Digest;

use crate::execute::Environment;
use crate::observe::Lower;
use crate::plan::Action;
use crate::project::SourceTree;
use crate::sandbox::vfs::{Layout, LowerId, Mount, MountKind, Quotas};
use crate::trees::{LayeredTree, StoredTree};

/// | number | tree | seen at |
/// |---|---|---|
/// | 0 | the project's folder through `reads` | `/src`, and below `/build` without a base |
/// | 1 … n | the outputs of the needs, in the order the action lists them | `/in/NAME` |
/// | n + 1 | the working tree of the base | below `/build` |
pub struct Mounts {
    pub lowers: Vec<Arc<dyn Lower>>,
}

/// The outputs of an action's needs, in their order, and the layers of its bases, the direct one first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inputs {
    pub needs: Vec<Digest>,
    pub layers: Vec<Digest>,
}

impl Mounts {
    /// `ground` is the action whose sight of the project lies below all layers: the last base, else `action`.
    pub fn new(
        environment: &Environment,
        action: &Action,
        ground: &Action,
        inputs: &Inputs,
    ) -> Mounts {
        let source = |action: &Action| -> Arc<dyn Lower> {
            Arc::new(SourceTree::new(
                environment.table.clone(),
                action.sight.clone(),
            ))
        };
        let trees = &environment.trees;
        let mut lowers = Vec::with_capacity(inputs.needs.len() + 2);
        lowers.push(source(action));
        for output in &inputs.needs {
            lowers.push(Arc::new(StoredTree::new(trees.clone(), *output)));
        }
        if !inputs.layers.is_empty() {
            let mut below = source(ground);
            for layer in inputs.layers.iter().rev() {
                below = Arc::new(LayeredTree::new(trees.clone(), *layer, below));
            }
            lowers.push(below);
        }
        Mounts { lowers }
    }

    pub fn layout(&self, action: &Action) -> Layout {
        let lower = |number: usize, stored: bool| LowerId {
            number: u16::try_from(number).expect("an action has fewer than 65,000 needs"),
            tree: self.lowers[number].clone(),
            stored,
        };
        let mut mounts = Vec::with_capacity(action.needs.len() + 4);
        let mut mount = |at: &str, kind| {
            mounts.push(Mount {
                at: at.into(),
                kind,
            });
        };
        mount(
            "/src",
            MountKind::Tree {
                lower: lower(0, false),
            },
        );
        for (index, need) in action.needs.iter().enumerate() {
            let lower = lower(index + 1, true);
            mount(&format!("/in/{}", need.name), MountKind::Tree { lower });
        }
        let below = if action.base.is_some() {
            action.needs.len() + 1
        } else {
            0
        };
        let overlay = |lowers, keep| MountKind::Overlay { lowers, keep };
        mount("/build", overlay(vec![lower(below, false)], action.layered));
        mount("/out", overlay(Vec::new(), true));
        mount("/tmp", overlay(Vec::new(), false));
        Layout {
            mounts,
            start: "/build".into(),
            quotas: Quotas::default(),
        }
    }

    /// Where a guest sees a mount, for people.
    pub fn shown(action: &Action, mount: u16, path: &str) -> String {
        let number = usize::from(mount);
        match number.checked_sub(1) {
            None => path.to_owned(),
            Some(index) => match action.needs.get(index) {
                Some(need) => format!("{}:{path}", need.name),
                None => format!("base:{path}"),
            },
        }
    }
}

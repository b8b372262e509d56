//! What is left when the guest has ended.

use cofferdam_cache::Name;

use super::Vfs;
use super::layout::{Built, BuiltFile, BuiltNode, Delta};
use super::node::{Body, Content, File, NONE, NodeId, Nodes, Slot, Text};
use super::sight::Sight;
use crate::observe::Kind;

impl Vfs {
    /// What was written to each kept overlay, and what was seen of the trees below.
    pub fn finish(self) -> Built {
        let (mut nodes, mut sight) = (self.nodes, self.sight);
        let kept = self.mounts.into_iter().filter(|mount| mount.keep);
        let mut deltas = Vec::new();
        deltas.extend(kept.map(|mount| (mount.at, delta(&mut nodes, &mut sight, mount.root))));
        Built {
            deltas,
            observations: sight.finish(),
        }
    }
}

fn delta(nodes: &mut Nodes, sight: &mut Sight, dir: NodeId) -> Delta {
    let Some(directory) = nodes.directory_mut(dir) else {
        return Delta::default();
    };
    let names = std::mem::take(&mut directory.names);
    let mut slots = Vec::new();
    slots.extend(names.into_iter().filter(|(_, slot)| matters(nodes, slot)));
    slots.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let entries = slots.into_iter().filter_map(|(name, slot)| {
        let built = match slot.node {
            NONE => Some(BuiltNode::Whiteout),
            _ => built(nodes, sight, slot),
        };
        let name = Name::new(&name).expect("a name that was checked when it was made");
        Some((name, built?))
    });
    Delta {
        entries: entries.collect(),
    }
}

/// Most of what was looked up is as the layers have it.
fn matters(nodes: &Nodes, slot: &Slot) -> bool {
    match slot.node {
        NONE => slot.below != Kind::Absent,
        node => slot.made || !matches!(&nodes[node].body, Body::File(file) if file.is_below()),
    }
}

/// Nothing for what is as the layers have it.
fn built(nodes: &mut Nodes, sight: &mut Sight, slot: Slot) -> Option<BuiltNode> {
    match &mut nodes[slot.node].body {
        Body::Directory(_) => {
            let entries = delta(nodes, sight, slot.node);
            if !slot.made && entries.entries.is_empty() {
                return None;
            }
            Some(BuiltNode::Directory {
                entries,
                opaque: slot.made && slot.below != Kind::Absent,
            })
        }
        Body::File(file) => built_file(file, sight, slot.made),
        Body::Symlink(text) if slot.made => Some(BuiltNode::Symlink {
            target: match text {
                Text::Own(text) => text.as_ref().into(),
                Text::Below(seen) => sight.known_link(*seen)?.as_ref().into(),
            },
        }),
        _ => None,
    }
}

fn built_file(file: &mut File, sight: &Sight, made: bool) -> Option<BuiltNode> {
    match &mut file.content {
        Content::Below { .. } if !made => None,
        Content::Below { seen, kept } => {
            let (digest, executable) = sight.known_digest(*seen)?;
            let file = match kept {
                Some(bytes) => BuiltFile::Bytes(bytes.clone()),
                None => BuiltFile::Stored(digest),
            };
            Some(BuiltNode::File { file, executable })
        }
        Content::Own { bytes, executable } => Some(BuiltNode::File {
            file: BuiltFile::Bytes(bytes.whole()),
            executable: *executable,
        }),
    }
}

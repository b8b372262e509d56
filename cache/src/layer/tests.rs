//! Flattening and uniting against a model of plain maps.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tempfile::tempdir;

use super::{Conflict, flatten, union};
use crate::{Batch, Digest, Name, Node, Store, Tree};

#[derive(Clone, PartialEq, Eq, Debug)]
enum Item {
    File(u8),
    Link(u8),
    Whiteout,
    Folder { opaque: bool, entries: Folder },
}

type Folder = BTreeMap<String, Item>;

fn folder(layer: bool) -> impl Strategy<Value = Folder> {
    let kinds = if layer { 4 } else { 3 };
    let leaf = (0..kinds, 0..3_u8).prop_map(|(kind, content)| match kind {
        3 => Item::Whiteout,
        1 => Item::Link(content),
        _ => Item::File(content),
    });
    let item = leaf.prop_recursive(3, 24, 4, move |inner| {
        let entries = prop::collection::btree_map("[abc]", inner, 0..4);
        (any::<bool>(), entries).prop_map(move |(opaque, entries)| Item::Folder {
            opaque: opaque && layer,
            entries,
        })
    });
    prop::collection::btree_map("[abc]", item, 0..4)
}

fn put(batch: &mut Batch<'_>, folder: &Folder) -> Digest {
    let entries = folder.iter().map(|(name, item)| {
        let node = match item {
            Item::File(content) => Node::File {
                digest: Digest::of(&[*content]),
                executable: false,
            },
            Item::Link(content) => Node::Symlink {
                target: content.to_string().into(),
            },
            Item::Whiteout => Node::Whiteout,
            Item::Folder { opaque, entries } => Node::Directory {
                digest: put(batch, entries),
                opaque: *opaque,
            },
        };
        (Name::new(name).unwrap(), node)
    });
    let tree = Tree::new(entries.collect()).unwrap();
    batch.put_tree(tree).unwrap()
}

/// `upper` over `lower`, which has no whiteouts.
fn lay(lower: &Folder, upper: &Folder) -> Folder {
    let mut result = lower.clone();
    for (name, item) in upper {
        let below = result.remove(name);
        let item = match item {
            Item::Whiteout => continue,
            Item::Folder { opaque, entries } => {
                let nothing = Folder::new();
                let lower = match &below {
                    Some(Item::Folder { entries, .. }) if !opaque => entries,
                    _ => &nothing,
                };
                Item::Folder {
                    opaque: false,
                    entries: lay(lower, entries),
                }
            }
            other => other.clone(),
        };
        result.insert(name.clone(), item);
    }
    result
}

fn unite(
    path: &str,
    first: &mut Folder,
    second: &Folder,
    number: usize,
    owners: &mut BTreeMap<String, usize>,
    conflicts: &mut Vec<Conflict>,
) {
    for (name, item) in second {
        let path = format!("{path}/{name}");
        let key = path[1..].to_owned();
        match (first.get_mut(name), item) {
            (None, item) => {
                own(&key, item, number, owners);
                first.insert(name.clone(), item.clone());
            }
            (Some(Item::Folder { entries, .. }), Item::Folder { entries: more, .. }) => {
                unite(&path, entries, more, number, owners, conflicts);
            }
            (Some(known), item) if known == item => {}
            (Some(_), _) => conflicts.push(Conflict {
                first: owners[&key],
                path: key,
                second: number,
            }),
        }
    }
}

fn own(path: &str, item: &Item, number: usize, owners: &mut BTreeMap<String, usize>) {
    owners.insert(path.to_owned(), number);
    if let Item::Folder { entries, .. } = item {
        for (name, item) in entries {
            own(&format!("{path}/{name}"), item, number, owners);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn layers_lie_over_a_base(base in folder(false), layers in prop::collection::vec(folder(true), 0..4)) {
        let directory = tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let mut batch = store.batch().unwrap();
        let bottom = put(&mut batch, &base);
        let digests: Vec<_> = layers.iter().map(|layer| put(&mut batch, layer)).collect();
        // The last is the topmost here.
        let topmost_first: Vec<_> = digests.iter().rev().copied().collect();
        let expected = layers.iter().fold(base, |lower, upper| lay(&lower, upper));
        let flat = flatten(&mut batch, &topmost_first, Some(&bottom)).unwrap();
        prop_assert_eq!(flat, put(&mut batch, &expected));
        // Over nothing.
        let expected = layers.iter().fold(Folder::new(), |lower, upper| lay(&lower, upper));
        let flat = flatten(&mut batch, &topmost_first, None).unwrap();
        prop_assert_eq!(flat, put(&mut batch, &expected));
    }

    #[test]
    fn trees_lie_beside_one_another(trees in prop::collection::vec(folder(false), 1..4)) {
        let directory = tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let mut batch = store.batch().unwrap();
        let digests: Vec<_> = trees.iter().map(|tree| put(&mut batch, tree)).collect();
        let (mut expected, mut owners, mut conflicts) = (Folder::new(), BTreeMap::new(), Vec::new());
        for (number, tree) in trees.iter().enumerate() {
            unite("", &mut expected, tree, number, &mut owners, &mut conflicts);
        }
        let mut found = union(&mut batch, &digests).unwrap();
        prop_assert_eq!(found.tree, put(&mut batch, &expected));
        let order = |conflict: &Conflict| (conflict.path.clone(), conflict.second);
        found.conflicts.sort_by_key(order);
        conflicts.sort_by_key(order);
        prop_assert_eq!(found.conflicts, conflicts);
    }
}

#[test]
fn fault_a_tree_that_is_missing_is_named() {
    let directory = tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut batch = store.batch().unwrap();
    let missing = Digest::of(b"never stored");
    let error = flatten(&mut batch, &[missing], None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("tree `{missing:?}` is not in the store")
    );
}

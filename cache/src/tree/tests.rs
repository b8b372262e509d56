use proptest::prelude::*;

use super::{Name, Node, Tree, TreeError};
use crate::Digest;

fn name() -> impl Strategy<Value = Name> {
    any::<String>().prop_filter_map("a name", |text| Name::new(&text).ok())
}

fn node() -> impl Strategy<Value = Node> {
    let digest = (any::<[u8; 32]>(), any::<u64>()).prop_map(|(hash, size)| Digest { hash, size });
    prop_oneof![
        (digest.clone(), any::<bool>())
            .prop_map(|(digest, executable)| Node::File { digest, executable }),
        (digest, any::<bool>()).prop_map(|(digest, opaque)| Node::Directory { digest, opaque }),
        any::<String>().prop_map(|target| Node::Symlink {
            target: target.into()
        }),
        Just(Node::Whiteout),
    ]
}

fn entries() -> impl Strategy<Value = Vec<(Name, Node)>> {
    prop::collection::btree_map(name(), node(), 0..12)
        .prop_map(|entries| entries.into_iter().collect())
}

#[test]
fn bytes_that_are_written_down() {
    let file = |digest| Node::File {
        digest,
        executable: true,
    };
    let digest = Digest {
        hash: [7; 32],
        size: 0x0102,
    };
    let entries = vec![
        (Name::new("b").unwrap(), Node::Whiteout),
        (Name::new("a").unwrap(), file(digest)),
    ];
    let tree = Tree::new(entries).unwrap();
    let mut bytes = vec![1, 1, 1, 0, 0, 0, b'a'];
    bytes.extend_from_slice(&[7; 32]);
    bytes.extend_from_slice(&[2, 1, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[5, 1, 0, 0, 0, b'b']);
    assert_eq!(tree.encode(), bytes);
}

#[test]
fn fault_another_format_is_refused() {
    assert_eq!(Tree::decode(&[2]), Err(TreeError::Version(2)));
    assert_eq!(Tree::decode(&[]), Err(TreeError::Truncated));
    assert_eq!(
        Tree::decode(&[1, 6, 1, 0, 0, 0, b'a']),
        Err(TreeError::Kind(6))
    );
}

proptest! {
    #[test]
    fn decoding_gives_what_was_encoded(entries in entries(), seed: u64) {
        let mut shuffled = entries.clone();
        let length = shuffled.len().max(1);
        shuffled.rotate_left(usize::try_from(seed % length as u64).unwrap());
        let tree = Tree::new(shuffled).unwrap();
        prop_assert_eq!(tree.entries(), &entries[..]);
        prop_assert_eq!(Tree::decode(&tree.encode()), Ok(tree.clone()));
        for (name, node) in &entries {
            prop_assert_eq!(tree.get(name.as_str()), Some(node));
        }
    }

    #[test]
    fn bytes_that_decode_are_the_canonical_ones(entries in entries(), at: prop::sample::Index, by: u8) {
        let mut bytes = Tree::new(entries).unwrap().encode();
        let at = at.index(bytes.len());
        bytes[at] = bytes[at].wrapping_add(by);
        if let Ok(tree) = Tree::decode(&bytes) {
            prop_assert_eq!(tree.encode(), bytes);
        }
    }

    #[test]
    fn a_name_twice_is_an_error(entries in entries(), node in node()) {
        prop_assume!(!entries.is_empty());
        let mut twice = entries.clone();
        twice.push((entries[0].0.clone(), node));
        prop_assert!(matches!(Tree::new(twice), Err(TreeError::Order(_))));
    }

    #[test]
    fn fault_any_bytes_are_decoded_or_refused(bytes: Vec<u8>) {
        if let Ok(tree) = Tree::decode(&bytes) {
            prop_assert_eq!(tree.encode(), bytes);
        }
    }

    #[test]
    fn escape_names_stay_within_a_directory(text in "[a./\\x00]{0,4}") {
        let bad = ["", ".", ".."].contains(&text.as_str()) || text.contains(['/', '\0']);
        prop_assert_eq!(Name::new(&text).is_err(), bad);
    }
}

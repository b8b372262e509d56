//! Contents against a plain vector.

use proptest::prelude::*;

use super::super::bytes::Bytes;
use super::cases;

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Resize(u64),
    Whole,
}

/// Around the edges of chunks.
fn place() -> impl Strategy<Value = u64> {
    (0..4u64, 0..64u64).prop_map(|(chunk, near)| (chunk * (64 << 10) + near).saturating_sub(32))
}

fn change() -> impl Strategy<Value = Change> {
    let bytes = prop_oneof![
        proptest::collection::vec(1..=255u8, 1..80),
        (1..=255u8, 1..200_000usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    prop_oneof![
        5 => (place(), bytes).prop_map(|(at, bytes)| Change::Write(at, bytes)),
        3 => place().prop_map(Change::Resize),
        1 => Just(Change::Whole),
    ]
}

proptest! {
    #![proptest_config(cases(200))]
    #[test]
    fn contents_are_as_a_vector_would_have_them(
        base in place(),
        changes in proptest::collection::vec(change(), 1..12),
        at in place(),
    ) {
        let mut model: Vec<u8> = (0..base).map(|byte| (byte % 251) as u8 + 1).collect();
        let mut bytes = Bytes::over(model.as_slice().into());
        for change in changes {
            match change {
                Change::Write(at, new) => {
                    let before = bytes.held();
                    let growth = bytes.growth(at, new.len() as u64);
                    bytes.write(at, &new);
                    prop_assert_eq!(bytes.held(), before + growth);
                    let end = at as usize + new.len();
                    model.resize(model.len().max(end), 0);
                    model[at as usize..end].copy_from_slice(&new);
                }
                Change::Resize(size) => {
                    bytes.resize(size);
                    model.resize(size as usize, 0);
                }
                Change::Whole => {
                    let whole = bytes.whole();
                    prop_assert!(*whole == *model);
                }
            }
            prop_assert_eq!(bytes.size(), model.len() as u64);
        }
        let mut read = vec![7; 100_000];
        let count = bytes.read(at, &mut read);
        let expected = model.get(at as usize..).unwrap_or(&[]);
        prop_assert_eq!(count, expected.len().min(read.len()));
        prop_assert!(read[..count] == expected[..count]);
        prop_assert!(*bytes.whole() == *model);
    }
}

//! Observations are complete: where all recorded facts still hold, the same program is told the same and
//! leaves the same, whatever else changed.

use proptest::prelude::*;

use super::script::{Outcome, Player, Step, name, plain_path, step, things};
use super::*;

/// Everything an execution tells the outside.
#[derive(PartialEq, Debug)]
struct Told {
    outcomes: Vec<Option<Outcome>>,
    deltas: Vec<Vec<String>>,
    facts: BTreeMap<(u16, Box<str>), Fact>,
}

fn execute(trees: &[Arc<Memory>; 2], stored: bool, steps: &[Step]) -> Told {
    let id = |number: u16| LowerId {
        stored,
        ..lower(number, &trees[usize::from(number)])
    };
    let mounts = vec![
        tree("/s", id(0)),
        tree("/i/n", id(1)),
        overlay("/b", vec![id(1), id(0)]),
        overlay("/o", vec![]),
    ];
    let mut player = Player::new(mounts, "/");
    if !stored {
        player.vfs.sight.most_retained = 0;
    }
    let outcomes = steps.iter().map(|step| player.play(step)).collect();
    let built = player.vfs.finish();
    let deltas = built.deltas.iter().map(|(_, delta)| {
        let mut lines = Vec::new();
        write_delta(delta, "", &mut lines);
        lines
    });
    Told {
        outcomes,
        deltas: deltas.collect(),
        facts: built.observations.facts,
    }
}

fn still_hold(told: &Told, trees: &[Arc<Memory>; 2]) -> bool {
    told.facts.iter().all(|((number, path), fact)| {
        let now = Fact::observe(&*trees[usize::from(*number)], path, fact.facets);
        now.unwrap() == *fact
    })
}

/// What someone does to a tree meanwhile; numbers choose one of the things that are there.
#[derive(Clone, Debug)]
enum Edit {
    Put(String, Thing),
    Replace(usize, Thing),
    Remove(usize),
    /// Other bytes of the same size.
    Swap(usize),
    Grow(usize),
    /// Only the executable bit.
    Flip(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let thing = prop_oneof![
        2 => proptest::collection::vec(b'0'..=b'9', 0..6).prop_map(|bytes| Thing::File {
            bytes,
            executable: false
        }),
        1 => Just(Thing::Directory),
        1 => text().prop_map(Thing::Link),
    ]
    .boxed();
    prop_oneof![
        2 => (plain_path(), thing.clone()).prop_map(|(path, thing)| Edit::Put(path, thing)),
        2 => (any::<usize>(), thing).prop_map(|(number, thing)| Edit::Replace(number, thing)),
        1 => any::<usize>().prop_map(Edit::Remove),
        1 => any::<usize>().prop_map(Edit::Swap),
        1 => any::<usize>().prop_map(Edit::Grow),
        1 => any::<usize>().prop_map(Edit::Flip),
    ]
}

fn apply(edit: &Edit, memory: &Memory) {
    let nth = |number: &usize| {
        let things = Vec::from_iter(memory.snapshot());
        let index = number % things.len().max(1);
        things.into_iter().nth(index)
    };
    let number = match edit {
        Edit::Put(path, thing) => return memory.put(path, thing.clone()),
        Edit::Replace(number, _)
        | Edit::Remove(number)
        | Edit::Swap(number)
        | Edit::Grow(number)
        | Edit::Flip(number) => number,
    };
    let Some((path, mut thing)) = nth(number) else {
        return;
    };
    match (edit, &mut thing) {
        (Edit::Replace(_, new), _) => thing = new.clone(),
        (Edit::Remove(_), _) => return memory.remove(&path),
        (Edit::Swap(_), Thing::File { bytes, .. }) => {
            bytes
                .iter_mut()
                .for_each(|byte| *byte = byte.wrapping_add(1));
        }
        (Edit::Grow(_), Thing::File { bytes, .. }) => bytes.push(b'+'),
        (Edit::Flip(_), Thing::File { executable, .. }) => *executable = !*executable,
        _ => return,
    }
    memory.put(&path, thing);
}

fn text() -> BoxedStrategy<String> {
    let climbing = (0..3usize, plain_path()).prop_map(|(ups, path)| "../".repeat(ups) + &path);
    let absolute = (mount(), plain_path()).prop_map(|(mount, path)| format!("/{mount}/{path}"));
    prop_oneof![2 => climbing, 1 => absolute].boxed()
}

fn mount() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["s", "i/n", "b", "b", "b", "o"])
}

fn path() -> BoxedStrategy<String> {
    let full = (mount(), plain_path()).prop_map(|(mount, path)| format!("{mount}/{path}"));
    let odd = (mount(), name(), 0..4).prop_map(|(mount, name, how)| match how {
        0 => mount.to_owned(),
        1 => format!("{mount}/{name}/"),
        2 => format!("{mount}/{name}/../{name}"),
        _ => name.to_owned(),
    });
    prop_oneof![4 => full, 1 => odd].boxed()
}

/// How often an edit left all facts true and was then not seen, of so many edits.
fn rounds(config: ProptestConfig) -> (u32, u32) {
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let program = proptest::collection::vec(step(path(), plain_path().boxed()), 1..30);
    let given = (
        things(text()),
        things(text()),
        any::<bool>(),
        program,
        proptest::collection::vec((0..2usize, edit()), 1..4),
    );
    let (unseen, seen) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let outcome = runner.run(&given, |(base, upper, stored, steps, edits)| {
        let trees = [base, upper].map(Memory::from_snapshot);
        let before = execute(&trees, stored, &steps);
        let of: Vec<&Memory> = trees.iter().map(AsRef::as_ref).collect();
        assert_true(
            &Observations {
                facts: before.facts.clone(),
            },
            &of,
        );
        for (number, edit) in &edits {
            // Singly, so that most are not seen.
            let undo = trees[*number].snapshot();
            apply(edit, &trees[*number]);
            if still_hold(&before, &trees) {
                let after = execute(&trees, stored, &steps);
                prop_assert_eq!(&before, &after, "{:?}", edit);
                unseen.set(unseen.get() + 1);
            } else {
                seen.set(seen.get() + 1);
                trees[*number].remove_all_and_put(undo);
            }
        }
        Ok(())
    });
    outcome.unwrap();
    (unseen.get(), seen.get())
}

#[test]
fn what_was_not_observed_makes_no_difference() {
    let (unseen, seen) = rounds(cases(4_000));
    // Both happen often, so the test can fail either way.
    assert!(
        unseen > 1_000 && seen > 200,
        "{unseen} edits unseen, {seen} seen"
    );
}

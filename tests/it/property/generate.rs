//! Random projects and random edits.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::edit::{Edit, Lost, Output, Source, Tweak};
use super::model::{Act, Kind, Model, Step};

/// What most edits, or most actions, of a scenario are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mix {
    Files,
    Outputs,
    Layers,
    Planners,
    Config,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub model: Model,
    /// Made before the first run.
    pub files: Vec<Source>,
    pub rounds: Vec<Round>,
}

#[derive(Clone, Debug)]
pub struct Round {
    pub edits: Vec<Edit>,
    /// Made when this many events of the run have happened.
    pub during: Option<(usize, Source, Hand)>,
    /// Only this action is run, before all.
    pub only: Option<usize>,
    pub jobs: usize,
}

/// Who makes an edit while the project is built.
#[derive(Clone, Copy, Debug)]
pub enum Hand {
    /// The thread that told the event: the action that it is about waits.
    Teller,
    /// Another one; nobody waits.
    Another,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "files {:?}\n{}", self.files, self.model.toml())?;
        self.rounds
            .iter()
            .try_for_each(|round| writeln!(f, "{round:?}"))
    }
}

pub fn scenario(mix: Mix, rounds: usize) -> impl Strategy<Value = Scenario> {
    let files = vec(source(), 4..12);
    let model = vec(act(mix), 1..5).prop_map(|actions| Model { actions });
    (model, files, vec(round(mix), rounds..=rounds)).prop_map(|(model, files, rounds)| Scenario {
        model,
        files,
        rounds,
    })
}

fn round(mix: Mix) -> impl Strategy<Value = Round> {
    let hand = prop_oneof![Just(Hand::Teller), Just(Hand::Another)];
    (
        prop_oneof![8 => vec(edit(mix), 1..2), 1 => vec(edit(mix), 2..5)],
        option::weighted(0.1, (0..8_usize, source(), hand)),
        option::weighted(0.05, 0..4_usize),
        1..3_usize,
    )
        .prop_map(|(edits, during, only, jobs)| Round {
            edits,
            during,
            only,
            jobs,
        })
}

fn edit(mix: Mix) -> impl Strategy<Value = Edit> {
    let weight = |of: Mix, often: u32| if mix == of { often } else { 1 };
    prop_oneof![
        12 => source().prop_map(Edit::Source),
        weight(Mix::Outputs, 12) => output().prop_map(Edit::Output),
        weight(Mix::Config, 4) => (0..4_usize, act(mix)).prop_map(|(at, act)| Edit::Replace(at, act)),
        weight(Mix::Config, 10) => (0..4_usize, tweak()).prop_map(|(at, tweak)| Edit::Tweak(at, tweak)),
        weight(Mix::Config, 2) => act(mix).prop_map(Edit::Add),
        weight(Mix::Config, 1) => Just(Edit::RemoveLast),
        1 => Just(Edit::Plugin),
        1 => Just(Edit::Variable),
        1 => prop_oneof![3 => Just(Lost::Record), 1 => Just(Lost::All)].prop_map(Edit::Cache),
    ]
}

fn source() -> impl Strategy<Value = Source> {
    let at = || 0..10_usize;
    let text = || 0..6_usize;
    prop_oneof![
        8 => (at(), text()).prop_map(|(at, text)| Source::Write(at, text)),
        4 => (at(), text()).prop_map(|(at, text)| Source::Quietly(at, text)),
        1 => at().prop_map(Source::Touch),
        3 => at().prop_map(Source::Delete),
        3 => (at(), at()).prop_map(|(from, to)| Source::Rename(from, to)),
        3 => at().prop_map(Source::Swap),
        1 => at().prop_map(Source::Folder),
        2 => at().prop_map(Source::LinkToCopy),
        3 => (at(), at()).prop_map(|(at, target)| Source::Link(at, target)),
        1 => at().prop_map(Source::Program),
    ]
}

fn output() -> impl Strategy<Value = Output> {
    let folder = || 0..3_usize;
    let file = || 0..8_usize;
    prop_oneof![
        3 => (folder(), file(), 0..6_usize).prop_map(|(at, file, text)| Output::Write(at, file, text)),
        3 => (folder(), file()).prop_map(|(at, file)| Output::Quietly(at, file)),
        3 => (folder(), file()).prop_map(|(at, file)| Output::Delete(at, file)),
        1 => folder().prop_map(Output::DeleteFolder),
        1 => folder().prop_map(Output::Foreign),
    ]
}

fn tweak() -> impl Strategy<Value = Tweak> {
    prop_oneof![
        Just(Tweak::Silent),
        option::of(0..8_usize).prop_map(Tweak::Reads),
        (0..3_usize).prop_map(Tweak::Need),
        option::of(0..3_usize).prop_map(Tweak::Base),
        option::of(0..3_usize).prop_map(Tweak::Writes),
        Just(Tweak::Variable),
        Just(Tweak::Salt),
        Just(Tweak::Grant),
        Just(Tweak::Local),
    ]
}

fn act(mix: Mix) -> impl Strategy<Value = Act> {
    let weight = |of: Mix, often: u32| if mix == of { often } else { 1 };
    let kind = prop_oneof![
        12 => Just(Kind::Plain),
        weight(Mix::Planners, 8) => Just(Kind::Planner),
        weight(Mix::Planners, 4) => Just(Kind::ForEach),
        1 => Just(Kind::Tool),
    ];
    let base = if mix == Mix::Layers { 0.7 } else { 0.1 };
    let writes = if mix == Mix::Outputs { 0.9 } else { 0.5 };
    let place = if mix == Mix::Layers { 2..4_usize } else { 0..4 };
    let step = (0..32_usize, 0..10_usize, 0..10_usize, 0..6_usize, place);
    let step = step.prop_map(|(verb, path, other, text, place)| Step {
        verb,
        path,
        other,
        text,
        place,
    });
    (
        (
            kind,
            vec(step, 1..7),
            proptest::bool::weighted(0.1),
            proptest::bool::weighted(0.2),
        ),
        option::weighted(0.4, 0..8_usize),
        vec(0..4_usize, 0..3),
        option::weighted(base, 0..4_usize),
        option::weighted(writes, 0..3_usize),
        (proptest::bool::weighted(0.1), any::<bool>(), any::<bool>()),
    )
        .prop_map(
            |(
                (kind, steps, local, silent),
                reads,
                needs,
                base,
                writes,
                (variable, grant, keeps_failures),
            )| Act {
                kind,
                steps,
                local,
                silent,
                reads,
                needs,
                base,
                writes,
                variable,
                salt: false,
                grant,
                keeps_failures,
            },
        )
}

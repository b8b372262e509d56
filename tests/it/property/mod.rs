//! No dependency was declared, and none is missed: after any edits, a run leaves what a clean build on a fresh cache
//! leaves, and executes nothing whose observations are as they were.
//!
//! `CASES=n` makes n projects of each kind; `PROPTEST_RNG_SEED=n` makes the same ones again.

mod check;
mod edit;
mod generate;
mod model;

use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::fixture::tree;
use check::check;
use generate::{Mix, scenario};

/// Projects of each kind, and edits of each project.
const CASES: u32 = 1;
const ROUNDS: usize = 50;

fn prove(mix: Mix) {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let config = Config {
        cases: number("CASES").unwrap_or(CASES),
        max_shrink_iters: number("SHRINKS").unwrap_or(2000),
        failure_persistence: None,
        ..Config::default()
    };
    // The same projects each time; `CASES=40` makes it 10,000 edits.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&scenario(mix, ROUNDS), |scenario| check(&scenario));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, scenario)) => panic!("{reason}\n{scenario}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

#[test]
fn property_of_outputs() {
    prove(Mix::Outputs);
}

#[test]
fn property_of_layers() {
    prove(Mix::Layers);
}

#[test]
fn property_of_planners() {
    prove(Mix::Planners);
}

#[test]
fn property_of_project_files() {
    prove(Mix::Config);
}

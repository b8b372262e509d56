//! No dependency was declared, and none is missed: after any edits, a run leaves what a clean build on a fresh cache
//! leaves, and executes nothing whose observations are as they were.
//!
//! `CASES=n` makes n projects of each kind; `PROPTEST_RNG_SEED=n` makes the same ones again.

mod check;
mod edit;
mod generate;
mod model;

use proptest::test_runner::{Config, TestRunner};

use crate::fixture::tree;
use check::check;
use generate::{Mix, scenario};

/// Projects of each kind, and edits of each project.
const CASES: u32 = 40;
const ROUNDS: usize = 50;

fn prove(mix: Mix) {
    let cases = std::env::var("CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(CASES),
        max_shrink_iters: 3000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&scenario(mix, ROUNDS), |scenario| check(&scenario));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn property_of_files() {
    prove(Mix::Files);
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

//! No dependency was declared, and none is missed: after any edits, a run leaves what a clean build on a fresh cache
//! leaves, and executes nothing whose observations are as they were.
//!
//! `CASES=n` makes n projects of each kind, the same ones each time; `SEED=n` makes others.

mod check;
mod edit;
mod generate;
mod model;
mod shrink;

use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::fixture::tree;
use check::check;
use generate::{Mix, scenario};
use shrink::shortest;

/// Projects of each kind, and edits of each project: 10,000 in all.
const CASES: u32 = 40;
const ROUNDS: usize = 50;

fn prove(mix: Mix) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    let config = Config {
        cases: number("CASES").unwrap_or(CASES),
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    };
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("SEED").unwrap_or_default().to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&scenario(mix, ROUNDS), |scenario| check(&scenario));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, scenario)) => {
            let (scenario, reason) = shortest(scenario, reason.to_string());
            panic!("{reason}\n{scenario}");
        }
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

#[test]
fn property_of_files() {
    prove(Mix::Files);
}

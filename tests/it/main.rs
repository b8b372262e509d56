//! Everything a user sees, one file per story.

mod bad_components;
mod bad_projects;
mod bindings;
mod check;
mod commands;
mod damage;
mod determinism;
mod escapes;
mod failures;
mod faults;
mod fixture;
mod guide;
mod incremental;
mod init;
mod layers;
mod outputs;
mod planners;
mod programs;
mod property;
mod sight;
mod swaps;
mod tools;

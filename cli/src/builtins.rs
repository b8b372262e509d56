//! The built-in plugins, embedded by `build.rs`.

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

//! Whatever is handed in: an answer, and errors with file, line and column.

use proptest::prelude::*;

use super::*;
use crate::config::{Builtins, Lock, check};

fn is_sound(bytes: &[u8]) {
    match parse(Path::new("cofferdam.toml"), bytes) {
        Ok(project) => {
            let builtins = Builtins {
                plugins: &["merge"],
                tools: &[],
            };
            are_positioned(&check(&project, &builtins).err().unwrap_or_default());
            let hidden = std::sync::Arc::new(project.hidden());
            for action in &project.actions {
                assert!(action.sight(hidden.clone()).shows_directory(""));
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            are_positioned(&errors);
        }
    }
}

fn are_positioned(errors: &[Error]) {
    let mut last = (0, 0);
    for error in errors {
        let at = error.at.as_ref().expect("a position");
        assert_eq!(at.file, Path::new("cofferdam.toml"));
        let place = (at.line.expect("a line"), at.column.expect("a column"));
        assert!(place >= last && place.1 > 0, "in the order of the file");
        last = place;
        assert!(!error.hints.is_empty(), "no hint: {error}");
        assert!(!error.message.contains(char::is_control), "{error:?}");
    }
}

/// Pieces from which valid and nearly valid files are made.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(SHOP.lines().collect::<Vec<_>>()).prop_map(str::to_string),
        4 => prop::sample::select(vec![
            "[actions.a]", "[actions.b]", "[[actions]]", "[deploy.x]", "plugin = 'merge'", "run = ['t', '{in.a}']",
            "needs = ['a', 'b']", "needs = [{action = 'b'}]", "base = 'a'", "writes = 'dist/b'", "reads = ['{a,b/**}']",
            "for_each = '*.md'", "config.x.y = {z = [1, inf]}", "grants.http = ['x']", "[actions.a.environment]",
            "A = {host = ''}", "timeout = '1s'", "outputs = ['a/..']", "\"\\u0000\" = 1", "actions = 3",
        ]).prop_map(str::to_string),
        1 => "\\PC{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bad_input_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        is_sound(&bytes);
    }

    #[test]
    fn bad_input_any_lines(lines in prop::collection::vec(piece(), 0..20)) {
        is_sound(format!("[project]\nname = 'p'\n{}", lines.join("\n")).as_bytes());
    }

    #[test]
    fn bad_input_a_changed_file(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4)) {
        let mut bytes = SHOP.as_bytes().to_vec();
        for (index, byte, how) in changes {
            let at = index.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        is_sound(&bytes);
    }

    #[test]
    fn bad_input_any_lock(text in "(version = 1\n)?(\\[(plugins|tools)\\.[a\"]\\]\n|source = \"(path|builtin|npm):x?\"\n|capabilities = .{0,6}\n|\\PC{0,9}\n){0,6}") {
        if let Err(errors) = Lock::parse(Path::new("cofferdam.toml"), text.as_bytes()) {
            are_positioned(&errors);
        }
    }
}

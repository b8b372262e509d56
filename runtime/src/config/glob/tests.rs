//! Patterns against matchers that are slow and plain.

use std::sync::Arc;

use proptest::prelude::*;

use super::name::NamePattern;
use super::{Hidden, Patterns, Sight, braces};

fn patterns(texts: &[&str]) -> Patterns {
    Patterns::new(texts).unwrap()
}

#[test]
fn the_table_is_true() {
    let shown = |texts: &[&str], path: &str| patterns(texts).shows_file(path);
    assert!(shown(&["docs"], "docs") && shown(&["docs"], "docs/a/b") && !shown(&["docs"], "docs2"));
    for all in ["docs/", "docs/**"] {
        assert!(shown(&[all], "docs/a/b") && !shown(&[all], "docs"), "{all}");
    }
    assert!(shown(&["docs/*.md"], "docs/.a.md") && !shown(&["docs/*.md"], "docs/a/b.md"));
    assert!(shown(&["**/*.md"], "a.md") && shown(&["**/*.md"], "a/b/c.md"));
    assert!(shown(&["a?.md"], "aé.md") && !shown(&["a?.md"], "a.md"));
    assert!(shown(&["[a-f]*.md"], "b1.md") && !shown(&["[a-f]*.md"], "g.md"));
    assert!(shown(&["[!_]*"], "a") && !shown(&["[!_]*"], "_a"));
    assert!(shown(&["{src,lib/x}/**"], "lib/x/a") && !shown(&["{src,lib/x}/**"], "lib/a"));
    assert!(shown(&["docs/**", "!docs/draft*"], "docs/a/draft"));
    assert!(!shown(&["docs/**", "!docs/draft*"], "docs/drafts/a/b"));
    assert!(shown(&["\\*\\{[[]"], "*{[") && !shown(&["\\*"], "a"));
    assert!(shown(&["!a"], "b") && !shown(&["!a"], "a/b") && !shown(&[], "a"));
    assert!(shown(&["a/**/b"], "a/b") && shown(&["a/**/b/**"], "a/x/b/y/b"));
}

#[test]
fn folders_on_the_way_are_shown() {
    let reads = patterns(&["src/*/main.rs", "docs/**", "!docs/old", "a.txt"]);
    for shown in ["", "src", "src/x", "docs", "docs/a/b", "a.txt"] {
        assert!(reads.shows_directory(shown), "{shown}");
    }
    for hidden in ["lib", "src/x/y", "docs/old", "docs/old/a", "a"] {
        assert!(!reads.shows_directory(hidden), "{hidden}");
    }
}

#[test]
fn roots_hold_everything() {
    assert_eq!(
        patterns(&["src/*.ts", "src/x/**", "src-2/a", "!q"]).roots(),
        ["src-2/a", "src"]
    );
    assert_eq!(patterns(&["**/*.md", "a"]).roots(), [""]);
    assert_eq!(patterns(&["!a"]).roots(), [""]);
    assert!(patterns(&[]).roots().is_empty());
    let prefix = |text| patterns(&[text]).patterns()[0].literal_prefix();
    assert_eq!(prefix("a/b/{c,d}/e"), "a/b");
    assert_eq!(prefix("{a/x,ab/x}"), "");
}

#[test]
fn escape_a_planned_action_sees_no_more_than_its_planner() {
    let hidden = Arc::new(Hidden::new(["dist"]));
    let planner = Sight::new(Some(Arc::new(patterns(&["docs/**"]))), hidden);
    let planned = planner.narrowed(Arc::new(patterns(&["**/a.md", "dist/**"])));
    assert!(planned.shows_file("docs/x/a.md") && planned.shows_directory("docs"));
    assert!(
        !planned.shows_file("a.md")
            && !planned.shows_file("docs/b.md")
            && !planned.shows_file("dist/a.md")
    );
    let written: Vec<Vec<&str>> = planned.written().map(Iterator::collect).collect();
    assert_eq!(written, [vec!["docs/**"], vec!["**/a.md", "dist/**"]]);
}

/// Patterns and names of few letters, so that they often match.
fn name_pattern() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "a", "b", "é", "*", "?", "[ab]", "[!a]", "[a-b]", "\\*", "[]b]", "[^x-]",
        ]),
        1..5,
    )
    .prop_map(|pieces| pieces.concat())
}

fn path_pattern() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "ab", "*", "a*", "*b", "?", "a*b"]).prop_map(str::to_string),
        2 => Just("**".to_string()),
        1 => Just("{a,b/a}".to_string()),
    ];
    (
        prop::collection::vec(name, 1..5),
        any::<bool>(),
        prop::sample::select(vec!["", "", "", "!"]),
    )
        .prop_map(|(names, folder, out)| {
            format!("{out}{}{}", names.join("/"), if folder { "/" } else { "" })
        })
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "ab", "ba", "axb"]);
    prop::collection::vec(name, 1..6).prop_map(|names| names.join("/"))
}

/// By the meaning of the table in the module's documentation, one alternative and one name at a time.
fn naive(texts: &[String], path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let (out, shown): (Vec<&String>, Vec<&String>) =
        texts.iter().partition(|text| text.starts_with('!'));
    let any = |texts: &[&String], below: bool| {
        texts.iter().any(|text| {
            let alternatives = braces::expand(text.trim_start_matches('!')).unwrap();
            alternatives.iter().any(|alternative| {
                let folder = alternative.ends_with('/') && !alternative.ends_with("**/");
                let mut pattern: Vec<&str> = alternative.trim_end_matches('/').split('/').collect();
                pattern.extend(folder.then_some("**"));
                let below = below
                    || pattern
                        .last()
                        .is_some_and(|last| !last.contains(['*', '?', '[']));
                (1..=names.len()).any(|length| {
                    (below || length == names.len()) && naive_match(&pattern, &names[..length])
                })
            })
        })
    };
    let from_everything = shown.is_empty() && !out.is_empty();
    (from_everything || any(&shown, false)) && !any(&out, true)
}

fn naive_match(pattern: &[&str], names: &[&str]) -> bool {
    match (pattern.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((&"**", [])), _) => !names.is_empty(),
        (Some((&"**", rest)), None) => rest.is_empty() && naive_match(rest, names),
        (Some((&"**", rest)), Some((_, below))) => {
            naive_match(rest, names) || naive_match(pattern, below)
        }
        (Some((first, rest)), Some((name, below))) => {
            NamePattern::parse(first).unwrap().matches(name) && naive_match(rest, below)
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn names_match_as_globset_matches_them(pattern in name_pattern(), name in "[abx*\\-]{1,5}") {
        let other = globset::GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build();
        let ours = NamePattern::parse(&pattern);
        prop_assume!(!pattern.contains("**"));
        prop_assert_eq!(ours.unwrap().matches(&name), other.unwrap().compile_matcher().is_match(&name));
    }

    #[test]
    fn paths_match_as_they_do_slowly(texts in prop::collection::vec(path_pattern(), 0..4), path in path()) {
        let patterns = Patterns::new(&texts).unwrap();
        prop_assert_eq!(patterns.shows_file(&path), naive(&texts, &path));
    }

    /// And what is shown lies below a root.
    #[test]
    fn what_is_shown_lies_in_shown_folders(texts in prop::collection::vec(path_pattern(), 0..4), path in path()) {
        let patterns = Patterns::new(&texts).unwrap();
        if patterns.shows_file(&path) {
            for folder in super::ancestors(&path) {
                prop_assert!(patterns.shows_directory(folder), "{}", folder);
            }
            let roots = patterns.roots();
            prop_assert!(roots.iter().any(|root| super::is_within(&path, root)));
        }
    }

    /// A folder is shown only if something could be shown there, but for what is taken out.
    #[test]
    fn shown_folders_could_hold_something(texts in prop::collection::vec(path_pattern(), 1..3), path in path()) {
        let shown: Vec<&String> = texts.iter().filter(|text| !text.starts_with('!')).collect();
        prop_assume!(!shown.is_empty());
        let patterns = Patterns::new(&shown).unwrap();
        if patterns.shows_directory(&path) {
            let names = ["a", "b", "ab", "axb"];
            let mut below = vec![path.clone()];
            for depth in 0..5 {
                let last: Vec<String> = below.iter().rev().take(4_usize.pow(depth)).cloned().collect();
                below.extend(last.iter().flat_map(|path| names.map(|name| format!("{path}/{name}"))));
            }
            prop_assert!(below.iter().any(|path| patterns.shows_file(path)));
        }
    }

    #[test]
    fn bad_input_any_pattern_is_read_or_refused(text in "[ab/*?\\[\\]{},!^\\\\-]{0,12}", path in path()) {
        if let Ok(patterns) = Patterns::new(&[&text]) {
            patterns.shows_file(&path);
            patterns.shows_directory(&path);
        }
    }
}

proptest! {
    #[test]
    fn an_escaped_path_shows_itself(names in prop::collection::vec("[!a*?\\[\\]{},\\\\.-]{1,4}", 1..4)) {
        prop_assume!(names.iter().all(|name| name != "." && name != ".."));
        let path = names.join("/");
        let patterns = patterns(&[&super::escape(&path)]);
        let longer = format!("{path}a");
        prop_assert!(patterns.shows_file(&path) && !patterns.shows_file(&longer));
    }
}

/// A pattern made to be slow is not.
#[test]
fn bad_input_hostile_patterns_end() {
    let name = format!("{}b", "a".repeat(200));
    let pattern = format!("{}c", "a*".repeat(100));
    assert!(!patterns(&[&pattern]).shows_file(&name));
    let path = vec!["a"; 200].join("/");
    let pattern = format!("{}c", "**/a/".repeat(100));
    assert!(!patterns(&[&pattern]).shows_file(&path));
}

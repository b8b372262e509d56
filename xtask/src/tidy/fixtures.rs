//! Every guest made for tests is run by one.

use super::{Finding, Sources};

const FOLDER: &str = "tests/guests/";

pub fn check(sources: &Sources) -> Vec<Finding> {
    let guests = sources.0.iter().filter_map(|source| {
        let name = source
            .path
            .strip_prefix(FOLDER)?
            .strip_suffix("/Cargo.toml")?;
        (!name.contains('/')).then_some((source, name))
    });
    let unused = guests.filter(|(_, name)| {
        let snake = name.replace('-', "_");
        let written = [
            format!("\"{name}\""),
            format!("\"{snake}\""),
            snake.to_uppercase(),
        ];
        let uses = |text: &str| written.iter().any(|name| text.contains(name));
        !sources
            .rust()
            .any(|source| !source.path.starts_with(FOLDER) && uses(&source.text))
    });
    unused
        .map(|(source, name)| {
            Finding::new(&source.path, 0, format!("no test runs the guest `{name}`"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_without_a_test_is_found() {
        let sources = Sources::of(&[
            ("tests/guests/a-loop/Cargo.toml", ""),
            ("tests/guests/panics/Cargo.toml", ""),
            ("tests/guests/lost/Cargo.toml", ""),
            (
                "tests/guests/lost/src/lib.rs",
                "const NAME: &str = \"lost\";",
            ),
            (
                "tests/it/limits.rs",
                "run(guests::A_LOOP);\nrun(\"panics\");\n",
            ),
        ]);
        let found: Vec<_> = check(&sources)
            .into_iter()
            .map(|finding| finding.path)
            .collect();
        assert_eq!(found, ["tests/guests/lost/Cargo.toml"]);
    }
}

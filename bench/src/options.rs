//! The command line of the harness.

use std::path::PathBuf;

use crate::Outcome;
use crate::scenario::Scenario;

pub const HELP: &str = "\
Usage: cargo xtask bench [OPTION…]

  --sizes N,N…       how many actions [100,1000,10000]
  --pairs N          how often each scenario runs with each tool [5]
  --only NAME,NAME…  which scenarios: cold, noop, touch-one, touch-all, leaf, cutoff-root, cutoff-consumer,
                     restore, jobs [all]
  --peers NAME,…     which tools besides Cofferdam: ninja, make, tup, turbo, bazel [those installed]
  --in DIR           where to build [the system's temporary folder]
  --json FILE        also writes every measurement
  --callgrind        also counts instructions, by valgrind
  --cofferdam FILE   the binary that is measured
  --plugin FILE      the component of `bench/graph-plugin`
";

pub struct Options {
    pub sizes: Vec<usize>,
    pub pairs: usize,
    pub scenarios: Vec<Scenario>,
    /// Empty means all that are found.
    pub peers: Vec<String>,
    pub folder: PathBuf,
    pub json: Option<PathBuf>,
    pub callgrind: bool,
    pub cofferdam: PathBuf,
    pub plugin: PathBuf,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Outcome<Options> {
        let mut options = Options {
            sizes: vec![100, 1_000, 10_000],
            pairs: 5,
            scenarios: Scenario::ALL.to_vec(),
            peers: Vec::new(),
            folder: std::env::temp_dir(),
            json: None,
            callgrind: false,
            cofferdam: PathBuf::new(),
            plugin: PathBuf::new(),
        };
        let mut rest = arguments.iter();
        while let Some(option) = rest.next() {
            if option == "--callgrind" {
                options.callgrind = true;
                continue;
            }
            let value = rest
                .next()
                .ok_or_else(|| format!("`{option}` needs a value, or is unknown: see `--help`"))?;
            let number = |text: &str| {
                text.parse()
                    .map_err(|_| format!("`{option}` needs a number, not `{text}`"))
            };
            match option.as_str() {
                "--sizes" => {
                    options.sizes = value.split(',').map(number).collect::<Outcome<_>>()?;
                }
                "--pairs" => options.pairs = number(value)?,
                "--only" => {
                    options.scenarios = value.split(',').map(scenario).collect::<Outcome<_>>()?;
                }
                "--peers" => options.peers = value.split(',').map(str::to_owned).collect(),
                "--in" => options.folder = value.into(),
                "--json" => options.json = Some(value.into()),
                "--cofferdam" => options.cofferdam = value.into(),
                "--plugin" => options.plugin = value.into(),
                _ => return Err(format!("unknown option `{option}`: see `--help`")),
            }
        }
        if options.pairs == 0 || options.sizes.contains(&0) {
            return Err("sizes and pairs count from 1".to_owned());
        }
        if !options.cofferdam.is_file() || !options.plugin.is_file() {
            return Err(
                "`--cofferdam` and `--plugin` must name files: `cargo xtask bench` gives both"
                    .to_owned(),
            );
        }
        Ok(options)
    }
}

fn scenario(name: &str) -> Outcome<Scenario> {
    let found = Scenario::ALL
        .into_iter()
        .find(|scenario| scenario.name() == name);
    found.ok_or_else(|| format!("unknown scenario `{name}`: see `--help`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        let file = std::env::current_exe().unwrap().display().to_string();
        let line = format!("{line} --cofferdam {file} --plugin {file}");
        Options::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn options_are_read() {
        let options = parse("--sizes 7,90 --pairs 3 --only noop,leaf --callgrind").unwrap();
        assert_eq!(
            (options.sizes, options.pairs, options.callgrind),
            (vec![7, 90], 3, true)
        );
        assert_eq!(options.scenarios, [Scenario::Noop, Scenario::Leaf]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--sizes ten",
            "--sizes 0",
            "--pairs 0",
            "--only sleep",
            "--what 3",
            "--json",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

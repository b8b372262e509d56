//! What can be typed: the one place that knows the command line's grammar and its help.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::exit;

#[derive(Parser, Debug)]
#[command(
    name = "cofferdam",
    bin_name = "cofferdam",
    version,
    about = "Builds and deploys with sandboxed WebAssembly actions; runs again only what really changed",
    after_help = exit::help(),
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands, before or after its name.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The project's folder [default: the nearest one upwards with a `cofferdam.toml`]
    #[arg(short = 'C', value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
    /// The cache's folder [default: `COFFERDAM_CACHE_DIR`, else the platform's cache folder]
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub cache_dir: Option<PathBuf>,
    /// Executions at a time [default: the number of cores]
    #[arg(short, long, value_name = "N", global = true, value_parser = jobs)]
    pub jobs: Option<usize>,
    /// When to use colours; `auto` honours `NO_COLOR` and `TERM=dumb`
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: When,
    /// Show every cached action and what actions log; twice: their debug lines too
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Show errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, ValueEnum, Debug)]
pub enum When {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    Run(Run),
    Init(Init),
    Show(Show),
    Explain(Explain),
    Graph(Graph),
    Deploy(Deploy),
    Rollback(Rollback),
    Deployments(Deployments),
    #[command(subcommand)]
    Plugin(Plugin),
    Update(Update),
    #[command(subcommand)]
    Cache(Cache),
    /// Delete the written outputs of the project; the cache keeps the results
    Clean,
    Schema(Schema),
    Completions(Completions),
    /// Print docs/cli.md
    #[command(hide = true)]
    Reference,
}

/// Bring actions up to date: all, or those named and what they need
#[derive(Args, Clone, Default, Debug)]
#[command(after_help = "\
Examples:
  cofferdam run                     everything
  cofferdam run site lint           two actions and what they need
  cofferdam run --watch             again after every change
  cofferdam run --check site        twice, and compare: is it reproducible?
  cofferdam run --json | jq .event  for programs
  cofferdam run --trace out.json    a timeline for ui.perfetto.dev or chrome://tracing")]
pub struct Run {
    /// Names of actions
    #[arg(value_name = "ACTION")]
    pub actions: Vec<String>,
    /// Execute everything a second time under other conditions and compare the results
    #[arg(long, conflicts_with = "watch")]
    pub check: bool,
    /// Run again after every change, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Execute even what the cache has
    #[arg(long)]
    pub force: bool,
    /// One JSON object a line on stdout, the summary last
    #[arg(long)]
    pub json: bool,
    /// Write a timeline in Chrome's trace format
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "watch")]
    pub trace: Option<PathBuf>,
    #[command(flatten)]
    pub how: How,
}

/// How actions are brought up to date, by `run` and by `deploy`.
#[derive(Args, Clone, Default, Debug)]
pub struct How {
    /// Go on with what does not need what failed
    #[arg(long)]
    pub keep_going: bool,
    /// Fetch nothing over the network
    #[arg(long)]
    pub offline: bool,
    /// Fail if `cofferdam.lock` would change
    #[arg(long)]
    pub locked: bool,
}

/// Look at the folder and write a `cofferdam.toml` that works
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cofferdam init
  cofferdam init --print            only show what it would write
  cofferdam -C shop init")]
pub struct Init {
    /// Write nothing; print the file
    #[arg(long)]
    pub print: bool,
}

/// Show what an action of the last run read, left and said
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cofferdam show site               all of it
  cofferdam show pages:page.index --reads
  cofferdam show site --outputs | sort -k2n")]
pub struct Show {
    /// An action's name
    #[arg(value_name = "ACTION")]
    pub action: String,
    /// Only what it logged and printed
    #[arg(long)]
    pub log: bool,
    /// Only what it observed
    #[arg(long)]
    pub reads: bool,
    /// Only the files it left: digest, size, path
    #[arg(long)]
    pub outputs: bool,
}

/// Say why an action ran, and whether it would run again now
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  cofferdam explain pages:page.index")]
pub struct Explain {
    /// An action's name
    #[arg(value_name = "ACTION")]
    pub action: String,
}

/// Draw how the actions of the last run hang together
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cofferdam graph
  cofferdam graph --svg > graph.svg
  cofferdam graph --dot | dot -Tpdf > graph.pdf")]
pub struct Graph {
    /// Print Graphviz's language
    #[arg(long, conflicts_with = "svg")]
    pub dot: bool,
    /// Print a picture
    #[arg(long)]
    pub svg: bool,
    /// Show each action that a planner made, not only how many
    #[arg(long)]
    pub all: bool,
}

/// Bring what a deployment places up to date, and place it
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cofferdam deploy local --dry-run  what would change
  cofferdam deploy local")]
pub struct Deploy {
    /// A name below `[deploy]`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Print the changes, make none
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub how: How,
}

/// Return to an earlier revision
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cofferdam rollback local
  cofferdam rollback local --to 4f0c1a2e")]
pub struct Rollback {
    /// A name below `[deploy]`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A revision, or its first digits [default: the one before the current]
    #[arg(long, value_name = "DIGEST")]
    pub to: Option<String>,
    /// Print the changes, make none
    #[arg(long)]
    pub dry_run: bool,
}

/// List what was deployed, the newest first
#[derive(Args, Debug)]
pub struct Deployments {
    /// A name below `[deploy]`
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// List, look at and add plugins
#[derive(Subcommand, Debug)]
pub enum Plugin {
    /// List the plugins and tools of the project, and the built-in ones
    List,
    /// Show what a plugin is, what it asks for and its config's schema
    #[command(after_help = "\
Examples:
  cofferdam plugin inspect markdown
  cofferdam plugin inspect tools/lint.wasm")]
    Inspect {
        /// A plugin's name, or a component's file
        #[arg(value_name = "PLUGIN", value_hint = ValueHint::FilePath)]
        plugin: String,
    },
    /// Enter a plugin in `cofferdam.toml`
    #[command(after_help = "\
Example:
  cofferdam plugin add lint path:tools/lint.wasm")]
    Add {
        /// What the project will call it
        #[arg(value_name = "NAME")]
        name: String,
        /// Where it is, such as `path:tools/lint.wasm`
        #[arg(value_name = "SOURCE", value_hint = ValueHint::FilePath)]
        source: String,
    },
}

/// Bring `cofferdam.lock` up to date, after showing what changes
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cofferdam update                  shows each change and asks
  cofferdam update --accept lint    without a terminal")]
pub struct Update {
    /// Agree to what changes for this plugin or tool (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub accept: Vec<String>,
}

/// Look after the cache
#[derive(Subcommand, Debug)]
pub enum Cache {
    /// Print how much the cache holds
    Stats,
    /// Read everything, compare it with its digests and drop what is damaged
    Verify,
    /// Delete what was used least recently, until the cache is small enough
    #[command(after_help = "\
Example:
  cofferdam cache gc --max-size 2GiB")]
    Gc {
        /// What may stay, such as `500MiB`
        #[arg(long, value_name = "SIZE", default_value = "10GiB", value_parser = crate::text::parse_size)]
        max_size: u64,
    },
    /// Print the cache's folder
    Path,
}

/// Print the JSON Schema of `cofferdam.toml`, the plugins' configs included
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  cofferdam schema > .cofferdam.schema.json
  and as the first line of cofferdam.toml, for editors:
  #:schema .cofferdam.schema.json")]
pub struct Schema {}

/// Print a shell's completion script
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cofferdam completions bash > ~/.local/share/bash-completion/completions/cofferdam
  cofferdam completions fish > ~/.config/fish/completions/cofferdam.fish
  cofferdam completions zsh > \"${fpath[1]}/_cofferdam\"")]
pub struct Completions {
    pub shell: Shell,
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(jobs) => Ok(jobs),
        Err(_) => Err("not a number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("cofferdam").chain(line.split_whitespace()))
    }

    #[test]
    fn what_scripts_lean_on_is_understood_before_and_after_the_command() {
        let before = parse("-C shop --cache-dir cache -j 2 run site").unwrap();
        let after = parse("run site -C shop --cache-dir cache -j2").unwrap();
        for arguments in [before, after] {
            assert_eq!(arguments.global.folder, Some("shop".into()));
            assert_eq!(arguments.global.cache_dir, Some("cache".into()));
            assert_eq!(arguments.global.jobs, Some(2));
            assert!(matches!(arguments.command, Command::Run(run) if run.actions == ["site"]));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "run --watch --check",
            "run -j 0",
            "run -q -v",
            "graph --dot --svg",
            "cache gc --max-size many",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_first_help_fits_on_a_page() {
        let help = Arguments::command()
            .term_width(90)
            .render_help()
            .to_string();
        insta::assert_snapshot!(help);
    }
}

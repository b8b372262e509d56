//! The interfaces of WASI 0.2 and of `wit/plugin.wit` that a guest may import, each in a file of its own.
//!
//! Nothing here blocks and nothing depends on the machine: files come from the [`Vfs`](super::vfs::Vfs),
//! clocks and random numbers from the job's seed. There is no network.

mod bindings;
mod cli;
mod clocks;
mod filesystem;
pub(super) mod io;
mod modes;
mod preopens;
pub(super) mod preview1;
mod random;
mod report;
mod slots;

pub(super) use cli::Console;
pub(super) use clocks::Clocks;
pub(super) use filesystem::Files;
pub(super) use io::Streams;
pub(super) use random::Random;
pub(super) use report::Reports;

use wasmtime::component::{HasSelf, Linker};

use super::guest::Guest;

/// Every interface that a component may import. Any patch version of WASI 0.2 will do, newer ones included,
/// as long as the component imports no function that ours lack.
pub(super) const PROVIDED: &[&str] = &[
    "cofferdam:plugin/log@0.1",
    "cofferdam:plugin/modes@0.1",
    "cofferdam:plugin/progress@0.1",
    "cofferdam:plugin/types@0.1",
    "wasi:cli/environment@0.2",
    "wasi:cli/exit@0.2",
    "wasi:cli/stderr@0.2",
    "wasi:cli/stdin@0.2",
    "wasi:cli/stdout@0.2",
    "wasi:cli/terminal-input@0.2",
    "wasi:cli/terminal-output@0.2",
    "wasi:cli/terminal-stderr@0.2",
    "wasi:cli/terminal-stdin@0.2",
    "wasi:cli/terminal-stdout@0.2",
    "wasi:clocks/monotonic-clock@0.2",
    "wasi:clocks/wall-clock@0.2",
    "wasi:filesystem/preopens@0.2",
    "wasi:filesystem/types@0.2",
    "wasi:io/error@0.2",
    "wasi:io/poll@0.2",
    "wasi:io/streams@0.2",
    "wasi:random/insecure-seed@0.2",
    "wasi:random/insecure@0.2",
    "wasi:random/random@0.2",
];

/// Defines all of [`PROVIDED`].
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use bindings::cofferdam::plugin;
    use bindings::wasi::{cli, clocks, filesystem, io, random};

    type Has = HasSelf<Guest>;
    fn whole(guest: &mut Guest) -> &mut Guest {
        guest
    }

    io::error::add_to_linker::<_, Has>(linker, whole)?;
    io::poll::add_to_linker::<_, Has>(linker, whole)?;
    io::streams::add_to_linker::<_, Has>(linker, whole)?;
    clocks::monotonic_clock::add_to_linker::<_, Has>(linker, whole)?;
    clocks::wall_clock::add_to_linker::<_, Has>(linker, whole)?;
    random::random::add_to_linker::<_, Has>(linker, whole)?;
    random::insecure::add_to_linker::<_, Has>(linker, whole)?;
    random::insecure_seed::add_to_linker::<_, Has>(linker, whole)?;
    cli::environment::add_to_linker::<_, Has>(linker, whole)?;
    cli::exit::add_to_linker::<_, Has>(linker, whole)?;
    cli::stdin::add_to_linker::<_, Has>(linker, whole)?;
    cli::stdout::add_to_linker::<_, Has>(linker, whole)?;
    cli::stderr::add_to_linker::<_, Has>(linker, whole)?;
    cli::terminal_input::add_to_linker::<_, Has>(linker, whole)?;
    cli::terminal_output::add_to_linker::<_, Has>(linker, whole)?;
    cli::terminal_stdin::add_to_linker::<_, Has>(linker, whole)?;
    cli::terminal_stdout::add_to_linker::<_, Has>(linker, whole)?;
    cli::terminal_stderr::add_to_linker::<_, Has>(linker, whole)?;
    filesystem::types::add_to_linker::<_, Has>(linker, whole)?;
    filesystem::preopens::add_to_linker::<_, Has>(linker, whole)?;
    plugin::log::add_to_linker::<_, Has>(linker, whole)?;
    plugin::progress::add_to_linker::<_, Has>(linker, whole)?;
    plugin::modes::add_to_linker::<_, Has>(linker, whole)?;
    Ok(())
}

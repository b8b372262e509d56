//! `wasi:cli`: arguments, environment, exit, captured output and no terminal.

use wasmtime::component::Resource;

use super::bindings::wasi::cli::terminal_input::{self, TerminalInput};
use super::bindings::wasi::cli::terminal_output::{self, TerminalOutput};
use super::bindings::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout,
};
use super::bindings::wasi::io::streams::{InputStream, OutputStream};
use super::io::{Input, Output, Sink};
use crate::sandbox::guest::{Ending, Guest};

/// What a command is given and what it prints.
pub(in crate::sandbox) struct Console {
    pub(in crate::sandbox) arguments: Vec<String>,
    pub(in crate::sandbox) environment: Vec<(String, String)>,
    /// The folder in which a command starts, as the layout names it.
    pub(in crate::sandbox) start: Box<str>,
    pub(in crate::sandbox) stdin: Vec<u8>,
    /// How much of `stdin` was read: all handles on it share one position.
    consumed: usize,
    pub(in crate::sandbox) stdout: Vec<u8>,
    pub(in crate::sandbox) stderr: Vec<u8>,
    /// Bytes that each of stdout and stderr may have.
    limit: u64,
}

impl Console {
    /// A plugin's; a command has more. `limit` as in [`Limits::output`](crate::sandbox::Limits::output).
    pub(in crate::sandbox) fn new(environment: Vec<(String, String)>, limit: u64) -> Console {
        Console {
            arguments: Vec::new(),
            environment,
            start: "/".into(),
            stdin: Vec::new(),
            consumed: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            limit,
        }
    }

    /// The next bytes of stdin, at most `length`; none at its end.
    pub(super) fn read(&mut self, length: usize) -> &[u8] {
        let start = self.consumed;
        self.consumed += length.min(self.unread());
        &self.stdin[start..self.consumed]
    }

    /// How many bytes of stdin are left.
    pub(super) fn unread(&self) -> usize {
        self.stdin.len() - self.consumed
    }

    pub(super) fn print(&mut self, to: Output, bytes: &[u8]) -> wasmtime::Result<()> {
        let kept = match to {
            Output::Stdout => &mut self.stdout,
            Output::Stderr => &mut self.stderr,
        };
        let room = self.limit.saturating_sub(kept.len() as u64);
        if (bytes.len() as u64) > room {
            kept.extend_from_slice(&bytes[..usize::try_from(room)?]);
            return Err(Ending::quota(format!(
                "printed more than {} bytes",
                self.limit
            )));
        }
        kept.extend_from_slice(bytes);
        Ok(())
    }
}

impl environment::Host for Guest {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.console.environment.clone())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.console.arguments.clone())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        // See `preopens::Host`.
        Ok(Some("/".to_owned()))
    }
}

impl exit::Host for Guest {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        Err(Ending::Exited(u8::from(status.is_err())).into())
    }

    fn exit_with_code(&mut self, status_code: u8) -> wasmtime::Result<()> {
        Err(Ending::Exited(status_code).into())
    }
}

impl stdin::Host for Guest {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<InputStream>> {
        Ok(self.streams.inputs.put(Input::Stdin))
    }
}

impl stdout::Host for Guest {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        Ok(self.streams.outputs.put(Sink::Console(Output::Stdout)))
    }
}

impl stderr::Host for Guest {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        Ok(self.streams.outputs.put(Sink::Console(Output::Stderr)))
    }
}

impl terminal_stdin::Host for Guest {
    fn get_terminal_stdin(&mut self) -> wasmtime::Result<Option<Resource<TerminalInput>>> {
        Ok(None)
    }
}

impl terminal_stdout::Host for Guest {
    fn get_terminal_stdout(&mut self) -> wasmtime::Result<Option<Resource<TerminalOutput>>> {
        Ok(None)
    }
}

impl terminal_stderr::Host for Guest {
    fn get_terminal_stderr(&mut self) -> wasmtime::Result<Option<Resource<TerminalOutput>>> {
        Ok(None)
    }
}

// Nobody is ever given a terminal, so nobody can drop one.
impl terminal_input::Host for Guest {}
impl terminal_input::HostTerminalInput for Guest {
    fn drop(&mut self, _: Resource<TerminalInput>) -> wasmtime::Result<()> {
        Ok(())
    }
}
impl terminal_output::Host for Guest {}
impl terminal_output::HostTerminalOutput for Guest {
    fn drop(&mut self, _: Resource<TerminalOutput>) -> wasmtime::Result<()> {
        Ok(())
    }
}

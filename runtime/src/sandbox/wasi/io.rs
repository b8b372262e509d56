//! `wasi:io`: streams over files, stdin and captured output. Every stream is always ready.

use wasmtime::component::Resource;

use super::bindings::wasi::io::error::{self, Error};
use super::bindings::wasi::io::poll::{self, Pollable};
use super::bindings::wasi::io::streams::{self, InputStream, OutputStream, StreamError};
use super::slots::Slots;
use crate::sandbox::guest::{Ending, Guest};
use crate::sandbox::vfs::{Code, FsError, Handle};

/// The most bytes one write may have, and so what the host allocates for a guest at a time.
const WRITE_AT_ONCE: u64 = 64 << 10;
/// The most bytes one read answers.
pub(super) const READ_AT_ONCE: u64 = 4 << 20;

#[derive(Default)]
pub(in crate::sandbox) struct Streams {
    pub(super) inputs: Slots<Input>,
    pub(super) outputs: Slots<Sink>,
    pub(super) pollables: Slots<Readiness>,
    /// Why streams failed.
    pub(super) errors: Slots<Code>,
}

pub(super) enum Input {
    Stdin,
    File { file: Handle, offset: u64 },
    Closed,
}

pub(super) enum Sink {
    Console(Output),
    /// `None` appends.
    File {
        file: Handle,
        offset: Option<u64>,
    },
    Closed,
}

#[derive(Clone, Copy)]
pub(super) enum Output {
    Stdout,
    Stderr,
}

pub(super) enum Readiness {
    Now,
    /// When the monotonic clock shows this.
    At(u64),
}

/// Why an operation on a stream has no result.
#[derive(Debug)]
pub(crate) enum StreamStop {
    Closed,
    Failed(FsError),
    Ended(wasmtime::Error),
}

impl From<FsError> for StreamStop {
    fn from(error: FsError) -> StreamStop {
        StreamStop::Failed(error)
    }
}

impl From<wasmtime::Error> for StreamStop {
    fn from(error: wasmtime::Error) -> StreamStop {
        StreamStop::Ended(error)
    }
}

impl Guest {
    /// An empty answer never means the end: that closes the stream.
    fn read(&mut self, stream: &Resource<InputStream>, length: u64) -> Result<Vec<u8>, StreamStop> {
        let length = usize::try_from(length.min(READ_AT_ONCE)).unwrap_or(usize::MAX);
        let input = self.streams.inputs.get_mut(stream);
        let bytes = match input {
            Input::Stdin => self.console.read(length).to_vec(),
            Input::File { file, offset } => match self.vfs.read(file, *offset, length) {
                Ok(chunk) => {
                    *offset += chunk.len() as u64;
                    chunk.to_vec()
                }
                Err(error) => {
                    if let Input::File { file, .. } = std::mem::replace(input, Input::Closed) {
                        self.vfs.close(file);
                    }
                    return Err(error.into());
                }
            },
            Input::Closed => return Err(StreamStop::Closed),
        };
        if bytes.is_empty() && length > 0 {
            return Err(StreamStop::Closed);
        }
        Ok(bytes)
    }

    fn write(&mut self, stream: &Resource<OutputStream>, bytes: &[u8]) -> Result<(), StreamStop> {
        if bytes.len() as u64 > WRITE_AT_ONCE {
            let message =
                format!("wrote more than the {WRITE_AT_ONCE} bytes that a stream takes at once");
            return Err(wasmtime::Error::msg(message).into());
        }
        let sink = self.streams.outputs.get_mut(stream);
        let written = match sink {
            Sink::Console(to) => {
                let to = *to;
                return Ok(self.console.print(to, bytes)?);
            }
            Sink::File { file, offset: None } => self.vfs.append(file, bytes).map(|_| ()),
            Sink::File {
                file,
                offset: Some(offset),
            } => {
                let at = *offset;
                *offset = at.saturating_add(bytes.len() as u64);
                self.vfs.write(file, at, bytes).map(|_| ())
            }
            Sink::Closed => return Err(StreamStop::Closed),
        };
        written.map_err(|error| {
            if let Sink::File { file, .. } = std::mem::replace(sink, Sink::Closed) {
                self.vfs.close(file);
            }
            error.into()
        })
    }

    fn check_write(&mut self, stream: &Resource<OutputStream>) -> Result<u64, StreamStop> {
        match self.streams.outputs.get(stream) {
            Sink::Closed => Err(StreamStop::Closed),
            _ => Ok(WRITE_AT_ONCE),
        }
    }

    fn write_zeroes(
        &mut self,
        stream: &Resource<OutputStream>,
        length: u64,
    ) -> Result<(), StreamStop> {
        let length = usize::try_from(length.min(WRITE_AT_ONCE + 1)).unwrap_or(usize::MAX);
        self.write(stream, &vec![0; length])
    }

    fn splice(
        &mut self,
        to: &Resource<OutputStream>,
        from: &Resource<InputStream>,
        length: u64,
    ) -> Result<u64, StreamStop> {
        let permitted = self.check_write(to)?;
        let bytes = self.read(from, length.min(permitted))?;
        self.write(to, &bytes)?;
        Ok(bytes.len() as u64)
    }

    fn is_ready(&mut self, pollable: &Resource<Pollable>) -> bool {
        match self.streams.pollables.get(pollable) {
            Readiness::Now => true,
            // Who asks in a loop waits too.
            Readiness::At(instant) => *instant <= self.clocks.tick(),
        }
    }
}

impl streams::Host for Guest {
    fn convert_stream_error(&mut self, stop: StreamStop) -> wasmtime::Result<StreamError> {
        match stop {
            StreamStop::Closed => Ok(StreamError::Closed),
            StreamStop::Failed(FsError::Code(code)) => Ok(StreamError::LastOperationFailed(
                self.streams.errors.put(code),
            )),
            StreamStop::Failed(error) => Err(Ending::file_system(error)),
            StreamStop::Ended(error) => Err(error),
        }
    }
}

impl streams::HostInputStream for Guest {
    fn read(&mut self, stream: Resource<InputStream>, len: u64) -> Result<Vec<u8>, StreamStop> {
        Guest::read(self, &stream, len)
    }

    fn blocking_read(
        &mut self,
        stream: Resource<InputStream>,
        len: u64,
    ) -> Result<Vec<u8>, StreamStop> {
        Guest::read(self, &stream, len)
    }

    fn skip(&mut self, stream: Resource<InputStream>, len: u64) -> Result<u64, StreamStop> {
        Ok(Guest::read(self, &stream, len)?.len() as u64)
    }

    fn blocking_skip(
        &mut self,
        stream: Resource<InputStream>,
        len: u64,
    ) -> Result<u64, StreamStop> {
        Ok(Guest::read(self, &stream, len)?.len() as u64)
    }

    fn subscribe(&mut self, _: Resource<InputStream>) -> wasmtime::Result<Resource<Pollable>> {
        Ok(self.streams.pollables.put(Readiness::Now))
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> wasmtime::Result<()> {
        if let Input::File { file, .. } = self.streams.inputs.take(&stream) {
            self.vfs.close(file);
        }
        Ok(())
    }
}

impl streams::HostOutputStream for Guest {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> Result<u64, StreamStop> {
        Guest::check_write(self, &stream)
    }

    fn write(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> Result<(), StreamStop> {
        Guest::write(self, &stream, &bytes)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        bytes: Vec<u8>,
    ) -> Result<(), StreamStop> {
        Guest::write(self, &stream, &bytes)
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamStop> {
        Guest::check_write(self, &stream).map(|_| ())
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamStop> {
        Guest::check_write(self, &stream).map(|_| ())
    }

    fn subscribe(&mut self, _: Resource<OutputStream>) -> wasmtime::Result<Resource<Pollable>> {
        Ok(self.streams.pollables.put(Readiness::Now))
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, len: u64) -> Result<(), StreamStop> {
        Guest::write_zeroes(self, &stream, len)
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        len: u64,
    ) -> Result<(), StreamStop> {
        Guest::write_zeroes(self, &stream, len)
    }

    fn splice(
        &mut self,
        stream: Resource<OutputStream>,
        from: Resource<InputStream>,
        len: u64,
    ) -> Result<u64, StreamStop> {
        Guest::splice(self, &stream, &from, len)
    }

    fn blocking_splice(
        &mut self,
        stream: Resource<OutputStream>,
        from: Resource<InputStream>,
        len: u64,
    ) -> Result<u64, StreamStop> {
        Guest::splice(self, &stream, &from, len)
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<()> {
        if let Sink::File { file, .. } = self.streams.outputs.take(&stream) {
            self.vfs.close(file);
        }
        Ok(())
    }
}

impl poll::Host for Guest {
    /// Sleeps, on the virtual clock, until the first is ready.
    fn poll(&mut self, list: Vec<Resource<Pollable>>) -> wasmtime::Result<Vec<u32>> {
        if list.is_empty() {
            return Err(wasmtime::Error::msg("polled an empty list"));
        }
        let due = list
            .iter()
            .map(|pollable| match self.streams.pollables.get(pollable) {
                Readiness::Now => 0,
                Readiness::At(instant) => *instant,
            });
        self.clocks.advance_to(due.min().unwrap_or(0));
        let now = self.clocks.tick();
        let ready = |pollable: &Resource<Pollable>| match self.streams.pollables.get(pollable) {
            Readiness::Now => true,
            Readiness::At(instant) => *instant <= now,
        };
        Ok((0_u32..)
            .zip(&list)
            .filter(|(_, pollable)| ready(pollable))
            .map(|(index, _)| index)
            .collect())
    }
}

impl poll::HostPollable for Guest {
    fn ready(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<bool> {
        Ok(self.is_ready(&pollable))
    }

    fn block(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<()> {
        if let Readiness::At(instant) = self.streams.pollables.get(&pollable) {
            self.clocks.advance_to(*instant);
        }
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<()> {
        self.streams.pollables.take(&pollable);
        Ok(())
    }
}

impl error::Host for Guest {}

impl error::HostError for Guest {
    fn to_debug_string(&mut self, error: Resource<Error>) -> wasmtime::Result<String> {
        Ok(format!("{:?}", self.streams.errors.get(&error)))
    }

    fn drop(&mut self, error: Resource<Error>) -> wasmtime::Result<()> {
        self.streams.errors.take(&error);
        Ok(())
    }
}

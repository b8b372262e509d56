//! zstd in frames of 8 MiB: memory has a bound, however large the whole is. Any zstd reads frames in a row as one.

use std::io::{self, Write};

use structured_zstd::encoding::{CompressionLevel, compress_slice_to_vec};

const FRAME: usize = 8 << 20;

pub(crate) struct Frames<W> {
    to: W,
    /// What the next frame begins with.
    plain: Vec<u8>,
    frames: u64,
}

impl<W: Write> Frames<W> {
    pub(crate) fn new(to: W) -> Frames<W> {
        Frames {
            to,
            plain: Vec::new(),
            frames: 0,
        }
    }

    /// Writes the last frame; of nothing, an empty one.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.frames == 0 || !self.plain.is_empty() {
            self.frame()?;
        }
        Ok(self.to)
    }

    fn frame(&mut self) -> io::Result<()> {
        let packed = compress_slice_to_vec(&self.plain, CompressionLevel::Default);
        self.plain.clear();
        self.frames += 1;
        self.to.write_all(&packed)
    }
}

impl<W: Write> Write for Frames<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(FRAME - self.plain.len());
        self.plain.extend_from_slice(&bytes[..taken]);
        if self.plain.len() == FRAME {
            self.frame()?;
        }
        Ok(taken)
    }

    /// A frame is written when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

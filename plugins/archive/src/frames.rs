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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_in_a_row_are_one_text() {
        let text: Vec<u8> = (0..3_000_000u32)
            .flat_map(|number| (number % 1_003).to_le_bytes())
            .collect();
        for length in [0, 1, FRAME - 1, FRAME, FRAME + 1, text.len()] {
            let mut frames = Frames::new(Vec::new());
            frames.write_all(&text[..length]).unwrap();
            let packed = frames.finish().unwrap();
            assert!(
                zstd::decode_all(packed.as_slice()).unwrap() == text[..length],
                "{length}"
            );
            assert!(packed.len() <= length / 2 + 64, "{length}");
        }
    }
}

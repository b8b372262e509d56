//! `wasi:random`: three streams of numbers, each the extended output of blake3 keyed with the job's seed.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use blake3::OutputReader;

use super::bindings::wasi::random::{insecure, insecure_seed, random};
use crate::sandbox::guest::{Ending, Guest};

/// The most bytes that a guest may ask for at once.
const AT_ONCE: u64 = 64 << 20;

pub(in crate::sandbox) struct Random {
    seed: [u8; 32],
    // Made when first asked for: most guests never do.
    secure: Option<OutputReader>,
    insecure: Option<OutputReader>,
}

impl Random {
    /// `entropy` replaces the seed by a real one: only for tests of `run --check`.
    pub(in crate::sandbox) fn new(mut seed: [u8; 32], entropy: bool) -> Random {
        if entropy {
            for bytes in seed.chunks_exact_mut(8) {
                // The standard library keys each of these from the system's entropy.
                bytes.copy_from_slice(&RandomState::new().hash_one(0_u8).to_le_bytes());
            }
        }
        Random {
            seed,
            secure: None,
            insecure: None,
        }
    }

    fn stream(seed: &[u8; 32], name: &str) -> OutputReader {
        blake3::Hasher::new_keyed(seed)
            .update(name.as_bytes())
            .finalize_xof()
    }

    fn secure(&mut self) -> &mut OutputReader {
        let seed = &self.seed;
        self.secure
            .get_or_insert_with(|| Random::stream(seed, "random"))
    }

    fn insecure(&mut self) -> &mut OutputReader {
        let seed = &self.seed;
        self.insecure
            .get_or_insert_with(|| Random::stream(seed, "insecure"))
    }

    /// As [`random::Host::get_random_bytes`].
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> wasmtime::Result<()> {
        check(buffer.len() as u64)?;
        self.secure().fill(buffer);
        Ok(())
    }
}

fn word(stream: &mut OutputReader) -> u64 {
    let mut bytes = [0; 8];
    stream.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

fn bytes(stream: &mut OutputReader, length: u64) -> wasmtime::Result<Vec<u8>> {
    check(length)?;
    let mut bytes = vec![0; usize::try_from(length)?];
    stream.fill(&mut bytes);
    Ok(bytes)
}

fn check(length: u64) -> wasmtime::Result<()> {
    if length > AT_ONCE {
        let limit = AT_ONCE >> 20;
        return Err(Ending::quota(format!(
            "asked for more than {limit} MiB of random bytes at once"
        )));
    }
    Ok(())
}

impl random::Host for Guest {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        bytes(self.random.secure(), len)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(word(self.random.secure()))
    }
}

impl insecure::Host for Guest {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        bytes(self.random.insecure(), len)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(word(self.random.insecure()))
    }
}

impl insecure_seed::Host for Guest {
    /// The same at every call: it seeds hash maps, whose order of iteration then never varies.
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        let mut stream = Random::stream(&self.random.seed, "insecure-seed");
        Ok((word(&mut stream), word(&mut stream)))
    }
}

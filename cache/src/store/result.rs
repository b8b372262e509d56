//! What an action left behind, as the action cache keeps it.

use crate::Digest;
use crate::codec::{
    CodecError, put_bytes, put_digest, put_u32, take_array, take_bytes, take_digest, take_text,
    take_u32,
};

/// The result of an execution. It is a hit only if all that it names is in the store ([`super::Store::complete`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionResult {
    /// The tree of its outputs.
    pub output: Option<Digest>,
    /// By name: the trees of the layers it wrote.
    pub layers: Vec<(String, Digest)>,
    pub stdout: Digest,
    pub stderr: Digest,
    /// The log to replay.
    pub log: Digest,
    pub exit_code: u8,
    /// Opaque to the cache.
    pub extra: Vec<u8>,
    /// Further blobs it needs.
    pub blobs: Vec<Digest>,
}

/// Bytes that are no result that this version can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an action result of format {FORMAT}")]
pub struct ResultError;

impl From<CodecError> for ResultError {
    fn from(_: CodecError) -> ResultError {
        ResultError
    }
}

const FORMAT: u8 = 1;

impl ActionResult {
    /// The bytes that stand in docs/cache-format.md, "Action results".
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(192 + self.extra.len() + 40 * self.blobs.len());
        bytes.push(FORMAT);
        bytes.push(self.exit_code);
        bytes.push(u8::from(self.output.is_some()));
        if let Some(output) = &self.output {
            put_digest(&mut bytes, output);
        }
        for digest in [&self.stdout, &self.stderr, &self.log] {
            put_digest(&mut bytes, digest);
        }
        put_u32(&mut bytes, self.layers.len());
        for (name, digest) in &self.layers {
            put_bytes(&mut bytes, name.as_bytes());
            put_digest(&mut bytes, digest);
        }
        put_u32(&mut bytes, self.blobs.len());
        for digest in &self.blobs {
            put_digest(&mut bytes, digest);
        }
        put_bytes(&mut bytes, &self.extra);
        bytes
    }

    pub fn decode(mut bytes: &[u8]) -> Result<ActionResult, ResultError> {
        let rest = &mut bytes;
        let [format, exit_code, has_output] = take_array(rest)?;
        if format != FORMAT || has_output > 1 {
            return Err(ResultError);
        }
        let output = match has_output {
            0 => None,
            _ => Some(take_digest(rest)?),
        };
        let (stdout, stderr, log) = (take_digest(rest)?, take_digest(rest)?, take_digest(rest)?);
        let mut layers = Vec::new();
        for _ in 0..take_u32(rest)? {
            layers.push((take_text(rest)?.to_owned(), take_digest(rest)?));
        }
        let mut blobs = Vec::new();
        for _ in 0..take_u32(rest)? {
            blobs.push(take_digest(rest)?);
        }
        let extra = take_bytes(rest)?.to_owned();
        if !rest.is_empty() {
            return Err(ResultError);
        }
        Ok(ActionResult {
            output,
            layers,
            stdout,
            stderr,
            log,
            exit_code,
            extra,
            blobs,
        })
    }

    /// Trees: all below them is needed too.
    pub(super) fn trees(&self) -> impl Iterator<Item = &Digest> {
        let layers = self.layers.iter().map(|(_, digest)| digest);
        self.output.iter().chain(layers)
    }

    pub(super) fn plain_blobs(&self) -> impl Iterator<Item = &Digest> {
        [&self.stdout, &self.stderr, &self.log]
            .into_iter()
            .chain(&self.blobs)
    }
}

//! Little-endian fields of the formats that are written to disk.

use crate::Digest;

/// Bytes that cannot be read as what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodecError {
    Truncated,
    Utf8,
}

pub(crate) fn put_u32(bytes: &mut Vec<u8>, value: usize) {
    let value = u32::try_from(value).expect("a field is shorter than 4 GiB");
    bytes.extend_from_slice(&value.to_le_bytes());
}

/// A `u32` length and that many bytes.
pub(crate) fn put_bytes(bytes: &mut Vec<u8>, field: &[u8]) {
    put_u32(bytes, field.len());
    bytes.extend_from_slice(field);
}

/// The hash, then the size as a `u64`: 40 bytes.
pub(crate) fn put_digest(bytes: &mut Vec<u8>, digest: &Digest) {
    bytes.extend_from_slice(&digest.hash);
    bytes.extend_from_slice(&digest.size.to_le_bytes());
}

pub(crate) fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], CodecError> {
    let (head, tail) = rest.split_at_checked(length).ok_or(CodecError::Truncated)?;
    *rest = tail;
    Ok(head)
}

pub(crate) fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], CodecError> {
    let (head, tail) = rest.split_first_chunk().ok_or(CodecError::Truncated)?;
    *rest = tail;
    Ok(*head)
}

pub(crate) fn take_u32(rest: &mut &[u8]) -> Result<usize, CodecError> {
    Ok(u32::from_le_bytes(take_array(rest)?) as usize)
}

pub(crate) fn take_bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], CodecError> {
    let length = take_u32(rest)?;
    take(rest, length)
}

pub(crate) fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, CodecError> {
    std::str::from_utf8(take_bytes(rest)?).map_err(|_| CodecError::Utf8)
}

pub(crate) fn take_digest(rest: &mut &[u8]) -> Result<Digest, CodecError> {
    Ok(Digest {
        hash: take_array(rest)?,
        size: u64::from_le_bytes(take_array(rest)?),
    })
}

//! A guest's memory, every access checked.

use super::abi::Errno;

/// Paths beyond this are too long for any file system, whatever is in them.
const LONGEST_TEXT: u32 = 64 << 10;

/// Vectors of one call that are looked at; the call then ends early, as it may.
const MOST_VECTORS: u32 = 1024;

pub(super) struct Memory<'a>(&'a mut [u8]);

impl<'a> Memory<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Memory<'a> {
        Memory(bytes)
    }

    pub(super) fn bytes(&self, at: u32, length: u32) -> Result<&[u8], Errno> {
        let at = at as usize;
        self.0.get(at..at + length as usize).ok_or(Errno::Fault)
    }

    pub(super) fn bytes_mut(&mut self, at: u32, length: u32) -> Result<&mut [u8], Errno> {
        let at = at as usize;
        self.0.get_mut(at..at + length as usize).ok_or(Errno::Fault)
    }

    /// A path or the text of a link.
    pub(super) fn text(&self, at: u32, length: u32) -> Result<&str, Errno> {
        if length > LONGEST_TEXT {
            return Err(Errno::NameTooLong);
        }
        std::str::from_utf8(self.bytes(at, length)?).map_err(|_| Errno::IllegalSequence)
    }

    fn array<const N: usize>(&self, at: u32) -> Result<[u8; N], Errno> {
        let bytes = self.0.get(at as usize..).and_then(<[u8]>::first_chunk);
        bytes.copied().ok_or(Errno::Fault)
    }

    pub(super) fn u8(&self, at: u32) -> Result<u8, Errno> {
        Ok(u8::from_le_bytes(self.array(at)?))
    }

    pub(super) fn u16(&self, at: u32) -> Result<u16, Errno> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    pub(super) fn u32(&self, at: u32) -> Result<u32, Errno> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    pub(super) fn u64(&self, at: u32) -> Result<u64, Errno> {
        Ok(u64::from_le_bytes(self.array(at)?))
    }

    pub(super) fn put(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let room = self.0.get_mut(at as usize..).ok_or(Errno::Fault)?;
        let room = room.get_mut(..bytes.len()).ok_or(Errno::Fault)?;
        room.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn put_u32(&mut self, at: u32, value: u32) -> Result<(), Errno> {
        self.put(at, &value.to_le_bytes())
    }

    pub(super) fn put_u64(&mut self, at: u32, value: u64) -> Result<(), Errno> {
        self.put(at, &value.to_le_bytes())
    }

    /// Address and length of the vector `index` of those at `vectors`.
    pub(super) fn vector(&self, vectors: u32, index: u32) -> Result<(u32, u32), Errno> {
        let at = element(vectors, index, 8)?;
        Ok((self.u32(at)?, self.u32(element(at, 1, 4)?)?))
    }
}

/// The indices of the vectors that a call with `count` of them looks at.
pub(super) fn vectors(count: u32) -> std::ops::Range<u32> {
    0..count.min(MOST_VECTORS)
}

/// Where the element `index` of an array is, or a field of a record.
pub(super) fn element(start: u32, index: u32, size: u32) -> Result<u32, Errno> {
    let offset = index.checked_mul(size).ok_or(Errno::Fault)?;
    start.checked_add(offset).ok_or(Errno::Fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_no_access_leaves_the_memory() {
        let mut bytes = [1; 16];
        let mut memory = Memory::new(&mut bytes);
        assert_eq!(memory.u32(12), Ok(0x0101_0101));
        assert_eq!(memory.bytes(16, 0), Ok(&[][..]));
        for at in [9, 16, 17, u32::MAX] {
            assert_eq!(memory.u64(at), Err(Errno::Fault), "{at}");
            assert_eq!(memory.put_u64(at, 0), Err(Errno::Fault), "{at}");
            assert_eq!(memory.bytes(at, u32::MAX), Err(Errno::Fault), "{at}");
        }
        assert_eq!(memory.vector(u32::MAX - 3, 0), Err(Errno::Fault));
        assert_eq!(memory.vector(8, u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.text(0, u32::MAX), Err(Errno::NameTooLong));
        memory.put(3, &[0xff]).expect("it is within");
        assert_eq!(memory.text(0, 4), Err(Errno::IllegalSequence));
    }
}

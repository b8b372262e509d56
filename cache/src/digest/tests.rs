use proptest::prelude::*;

use super::{Digest, Key};

#[test]
fn known_hashes() {
    // From the published test vectors of BLAKE3: no bytes, and the bytes 0, 1, 2.
    let empty = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262-0";
    let three = "e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f-3";
    assert_eq!(Digest::of(b"").to_string(), empty);
    assert_eq!(Digest::of(&[0, 1, 2]).to_string(), three);
    assert_eq!(Digest::of(&[0, 1, 2]).short(), "e1be4d7a");
    assert_eq!(Key(Digest::of(b"").hash).short(), "af1349b9");
}

proptest! {
    #[test]
    fn text_is_read_as_it_was_written(hash: [u8; 32], size: u64) {
        let digest = Digest { hash, size };
        prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        prop_assert_eq!(digest.hex().len(), 64);
    }

    #[test]
    fn text_that_is_read_is_what_would_be_written(
        text in prop_oneof!["[0-9a-fA-F]{63,65}-[0-9+-]{0,21}", any::<String>()]
    ) {
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert_eq!(digest.to_string(), text);
        }
    }
}

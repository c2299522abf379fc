//! SHA-256 of files.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::sources::Sha256Sum;

/// The SHA-256 of what is left to read.
pub(super) fn sha256(content: &mut impl Read) -> io::Result<Sha256Sum> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(Sha256Sum(hash.finalize().into())),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's examples.
    #[test]
    fn sums_are_those_of_the_standard() {
        for (text, expected) in [
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
        ] {
            let found = sha256(&mut text.as_bytes()).unwrap();
            assert_eq!(found.to_string(), expected, "{text:?}");
        }
    }
}

//! The secret that requests may have to show.

use std::fmt;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::ServeError;

/// Fewer characters can be guessed.
const SHORTEST: usize = 16;
/// No header would hold more.
const LONGEST: usize = 1024;

/// A secret that requests have to show as `Authorization: Bearer SECRET`. Only its digest is kept.
#[derive(Clone)]
pub struct Token {
    digest: [u8; 32],
}

impl Token {
    /// Takes a secret; `origin` says where it is from when it is refused. Blanks around it do not count.
    ///
    /// # Errors
    /// It has fewer than 16 characters, more than 1,024, or such that cannot be sent in a header.
    pub fn new(secret: &str, origin: &str) -> Result<Self, ServeError> {
        let secret = secret.trim();
        let refused = |reason| ServeError::Token {
            origin: origin.to_owned(),
            reason,
        };
        if secret.len() < SHORTEST {
            return Err(refused("a token has 16 characters at least"));
        }
        if secret.len() > LONGEST {
            return Err(refused("a token has 1024 characters at most"));
        }
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused(
                "a token has letters, digits and signs of ASCII alone",
            ));
        }
        Ok(Self {
            digest: Sha256::digest(secret).into(),
        })
    }

    /// Reads a secret from a file.
    ///
    /// # Errors
    /// The file cannot be read, or as [`new`](Self::new).
    pub fn read(path: &Path) -> Result<Self, ServeError> {
        let secret = fs::read_to_string(path).map_err(|source| ServeError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::new(&secret, &path.display().to_string())
    }

    /// Whether a request's secret is this one. The time that takes says nothing of where they differ: digests are compared,
    /// and all of them.
    pub(crate) fn is(&self, candidate: &[u8]) -> bool {
        let candidate = Sha256::digest(candidate);
        let pairs = self.digest.iter().zip(&candidate);
        let difference = pairs.fold(0, |difference, (own, other)| {
            black_box(difference | (own ^ other))
        });
        difference == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_is_the_token() {
        let token = Token::new(" 0123456789abcdef\n", "test").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for other in [
            "",
            "0123456789abcdeF",
            "0123456789abcdef0",
            "0123456789abcde",
        ] {
            assert!(!token.is(other.as_bytes()), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for (secret, expected) in [
            ("short", "AE_TOKEN: a token has 16 characters at least"),
            (&"x".repeat(1025), "1024 characters at most"),
            ("with a blank in it", "ASCII alone"),
        ] {
            let message = Token::new(secret, "AE_TOKEN").unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        let error = Token::read(Path::new("no-such-file")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read no-such-file");
    }
}

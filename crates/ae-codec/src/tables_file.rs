//! The format of files of tables, and the symbols of their self-tests.

use crate::checked_file::{FileFormat, Reasons};
use crate::error::CodecError;

/// The version of tables for images of one shape.
pub(crate) const OF_IMAGES: u16 = 1;
/// That of tables for pictures of any sizes.
pub(crate) const OF_PICTURES: u16 = 2;
/// That of tables for indices of codewords, of images of one shape.
pub(crate) const OF_INDICES: u16 = 3;

/// Their versions are [`OF_IMAGES`], [`OF_PICTURES`] and [`OF_INDICES`].
pub(crate) static TABLES: FileFormat = FileFormat {
    magic: *b"\x89AETRANS",
    most_bytes: 256 << 20,
    not_one: || CodecError::NotTables,
    unknown_version: |found| CodecError::TablesVersion { found },
    damaged,
    reasons: Reasons {
        too_long: "they are too long",
        too_short: "they end too early",
        checksum: "their checksum is wrong",
        followed: "something follows them",
        self_test: "their self-test gives another result",
    },
};

/// Symbols that the program makes up for self-tests: usual ones mostly, of all sizes.
pub(crate) fn made_up(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let symbol = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, _, size, value] = state.to_le_bytes();
        // Of eight sizes, from none to all of eight bits, a small one as likely as a large one.
        (value.cast_signed() >> (size % 8)).cast_unsigned()
    };
    std::iter::repeat_with(symbol).take(count).collect()
}

/// The error of a file of tables.
pub(crate) const fn damaged(reason: &'static str) -> CodecError {
    CodecError::Tables { reason }
}

//! The format of files of the codecs' models without loss.

use crate::checked_file::{FileFormat, Reasons};
use crate::error::CodecError;

/// Version 1 is of models for images of one shape, 2 of models for pictures of any sizes.
pub(crate) static MODELS: FileFormat = FileFormat {
    magic: *b"\x89AEPIXEL",
    most_bytes: 64 << 20,
    not_one: || CodecError::NotAModel,
    unknown_version: |found| CodecError::ModelVersion { found },
    damaged,
    reasons: Reasons {
        too_long: "it is too long",
        too_short: "it ends too early",
        checksum: "its checksum is wrong",
        followed: "something follows it",
        self_test: "its self-test gives another result",
    },
};

/// The error of a model's file.
pub(crate) const fn damaged(reason: &'static str) -> CodecError {
    CodecError::Model { reason }
}

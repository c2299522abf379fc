//! The synthetic pictures that the integration tests have, too.

/// The synthetic pictures of `tests/integration/own_folders`, and the files that hold them.
#[path = "../../../tests/integration/own_folders/inputs"]
#[allow(dead_code, reason = "the integration tests use what is not used here")]
pub(super) mod inputs {
    pub(in crate::faults) mod draw;
    pub(in crate::faults) mod gif;
    pub(in crate::faults) mod jpeg;
    pub(in crate::faults) mod npy;
    pub(in crate::faults) mod picture;
    pub(in crate::faults) mod plain;
    pub(in crate::faults) mod png;
    pub(in crate::faults) mod tiff;
    pub(in crate::faults) mod zip;
}

//! Where and how a model computes.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// What computes a model's layers. The model file is the same for all, and so are results within rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ComputePath {
    /// The kernels of `ae-kernels` where they are for the backend, Burn's own operations elsewhere.
    #[default]
    Kernels,
    /// Burn's own operations on every backend, to compare the kernels with.
    #[serde(rename = "burn")]
    Reference,
}

impl ComputePath {
    /// This path on a device.
    #[must_use]
    pub fn on(self, device: &Device) -> Placement<'_> {
        Placement { device, path: self }
    }

    /// Whether it is the default.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a model is put, and what computes its layers there. A `&Device` is one, on the default path.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    /// The device.
    pub device: &'a Device,
    /// What computes.
    pub path: ComputePath,
}

impl<'a> From<&'a Device> for Placement<'a> {
    fn from(device: &'a Device) -> Self {
        ComputePath::default().on(device)
    }
}

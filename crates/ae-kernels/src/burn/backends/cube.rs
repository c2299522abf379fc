//! The operations on the CubeCL backends, wgpu among them: Burn's own, fused or not.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::{Autodiff, Cube};

use crate::burn::ops::StackOperations;

impl StackOperations for Cube {}

impl<C: CheckpointStrategy> StackOperations for Autodiff<Cube, C> {}

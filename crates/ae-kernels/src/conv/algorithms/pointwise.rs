//! Convolution of 1x1, which is one matrix product: the single tap of [`crate::conv::algorithms::direct`].

use crate::conv::algorithm::{Algorithm, Kernel, Place, product_operations};
use crate::conv::algorithms::direct::DirectKernel;
use crate::conv::geometry::Geometry;
use crate::conv::stage::{Precision, Stage};
use crate::error::KernelError;
use crate::layout::prepared::{Prepared, grow};
use crate::layout::weight_blocks::single_tap_row;
use crate::simd::{BLOCK, Isa, Row};

/// For every stage of 1x1.
pub(crate) const ALGORITHM: &dyn Algorithm = &Pointwise;

/// One matrix product.
#[derive(Debug)]
struct Pointwise;

impl Algorithm for Pointwise {
    fn name(&self) -> &'static str {
        "pointwise"
    }

    fn suits(&self, stage: &Stage, _: Place, _: Precision) -> bool {
        stage.pointwise
    }

    fn executed_operations(&self, geometry: &Geometry) -> u64 {
        let (depth, columns) = (geometry.input_blocks(), geometry.output_blocks());
        product_operations(geometry.sums.pixels(), depth * BLOCK, columns * BLOCK)
    }

    fn gradient_rows(&self, stage: &Stage) -> Option<usize> {
        let blocks = stage.output_channels.div_ceil(BLOCK);
        let blocks = blocks.checked_mul(stage.input_channels.div_ceil(BLOCK))?;
        blocks.checked_mul(BLOCK)
    }

    fn lay_out(
        &self,
        _: Isa,
        geometry: &Geometry,
        weight: &[f32],
        backward: bool,
        prepared: &mut Prepared,
    ) -> Result<(), KernelError> {
        let (depth, columns) = (geometry.input_blocks(), geometry.output_blocks());
        let count = depth * columns * BLOCK;
        let rows = grow(&mut prepared.forward, count)?;
        rows.fill(Row::ZERO);
        for ((output, input), value) in channels(geometry).zip(weight) {
            rows[single_tap_row(depth, output, input)].0[output % BLOCK] = *value;
        }
        if backward {
            let rows = grow(&mut prepared.backward, count)?;
            rows.fill(Row::ZERO);
            for ((output, input), value) in channels(geometry).zip(weight) {
                rows[single_tap_row(columns, input, output)].0[input % BLOCK] = *value;
            }
        }
        Ok(())
    }

    fn read_gradient(
        &self,
        geometry: &Geometry,
        rows: &[Row],
        weight: &mut [f32],
    ) -> Result<(), KernelError> {
        let depth = geometry.input_blocks();
        for ((output, input), value) in channels(geometry).zip(weight) {
            *value = rows[single_tap_row(depth, output, input)].0[output % BLOCK];
        }
        Ok(())
    }

    fn kernel(&self, _: &Geometry, _: usize, _: bool) -> Result<Box<dyn Kernel>, KernelError> {
        Ok(Box::new(DirectKernel::<1>))
    }
}

/// Output and input channel of every value of a weight, in their order.
fn channels(geometry: &Geometry) -> impl Iterator<Item = (usize, usize)> {
    let (inputs, outputs) = geometry.channels();
    (0..outputs).flat_map(move |output| (0..inputs).map(move |input| (output, input)))
}

//! An algorithm by transformed tiles: its weights, and the kernel that takes a stage through its transforms.

use std::marker::PhantomData;

use crate::conv::algorithm::{
    Algorithm, Input, Job, Kernel, ParameterGradients, Place, Sums, SumsGradient, Target,
    product_operations,
};
use crate::conv::epilogue;
use crate::conv::geometry::Geometry;
use crate::conv::stage::{Precision, Stage};
use crate::conv::winograd::overlap_add::add_windows;
use crate::conv::winograd::tie_break::TieBreak;
use crate::conv::winograd::tile_transforms::{
    ToSums, transform_gradient, transform_input, transform_output,
};
use crate::conv::winograd::tiles::{Grid, Run};
use crate::conv::winograd::transforms::{Transforms, transform_weight_gradient, transform_weights};
use crate::conv::winograd::zero_windows::ZeroWindows;
use crate::conv::winograd::{on_the_fly, products};
use crate::error::KernelError;
use crate::layout::bands::{Band, share_out};
use crate::layout::buffer::zero_rows;
use crate::layout::prepared::{Prepared, grow};
use crate::layout::weight_blocks::{self, Arrangement};
use crate::simd::matmul::plane;
use crate::simd::{BLOCK, Isa, Row, with_lanes};

/// Tiles that a stage transforms at a time, at most.
const TILES: usize = 128;
/// Going back as many are, of several images if need be: each run passes over the weights' gradient, and the transforms of more
/// would not stay in a core's second cache.
const BACKWARD_TILES: usize = 64;
/// The fewest going forward, and going back where an image has more than [`TILES`], if there are so many, and the bytes of
/// their transforms, which then stay in a core's second cache, or are half as much again as the weights, which every run
/// passes over.
const FEWEST_TILES: usize = 32;
const RUN_BYTES: usize = 400 << 10;
/// Lines of tiles that go forward together: two of the six lines of pixels that a line of tiles reads are its neighbor's, too.
const LINES: usize = 4;

/// The algorithm whose transforms are `T`.
#[derive(Debug)]
pub(crate) struct ByTiles<T, const POINTS: usize, const INPUTS: usize>(PhantomData<T>);

/// The kernel of a stage.
#[derive(Debug)]
struct TileKernel<T, const POINTS: usize, const INPUTS: usize> {
    /// The gradient of the transformed weights, summed over groups, and whether it is still to be begun.
    transformed_gradient: Vec<Row>,
    is_fresh: bool,
    zero_windows: ZeroWindows,
    tie_break: TieBreak,
    transforms: PhantomData<T>,
}

impl<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize>
    ByTiles<T, POINTS, INPUTS>
{
    pub(crate) const NEW: Self = Self(PhantomData);

    fn grid(geometry: &Geometry) -> Grid {
        Grid::of(geometry.input, T::PIXELS)
    }

    /// About how many tiles the transforms of a forward pass take at a time.
    fn forward_tiles(geometry: &Geometry) -> usize {
        let (depth, columns) = (geometry.input_blocks(), geometry.output_blocks());
        let tile_bytes = (INPUTS * INPUTS * depth + POINTS * POINTS * columns) * size_of::<Row>();
        let weight_bytes = Self::weight_rows(geometry) * size_of::<Row>();
        let tiles = RUN_BYTES.max(weight_bytes + weight_bytes / 2) / tile_bytes;
        tiles.clamp(FEWEST_TILES, TILES)
    }

    /// The runs of tiles of `images` images, each of whole lines.
    fn runs(geometry: &Geometry, images: usize, backward: bool) -> impl Iterator<Item = Run> {
        let grid = Self::grid(geometry);
        let tiles = if backward && grid.tiles() <= TILES {
            BACKWARD_TILES
        } else {
            Self::forward_tiles(geometry)
        };
        let fewest = if backward { 1 } else { LINES };
        grid.runs(images, tiles, fewest)
    }

    /// Rows of the transformed input of a run.
    fn transformed_rows(geometry: &Geometry, run: &Run) -> usize {
        INPUTS * INPUTS * plane(run.tiles() * geometry.input_blocks())
    }

    /// Rows of the transformed weights.
    fn weight_rows(geometry: &Geometry) -> usize {
        T::products() * plane(geometry.input_blocks() * geometry.output_blocks() * BLOCK)
    }
}

impl<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize> Algorithm
    for ByTiles<T, POINTS, INPUTS>
{
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn suits(&self, stage: &Stage, _: Place, precision: Precision) -> bool {
        T::suits(stage, precision)
    }

    fn gathers_gradient(&self) -> bool {
        true
    }

    /// Those of a run going back.
    fn images_at_once(&self, geometry: &Geometry) -> Option<usize> {
        Some((BACKWARD_TILES / Self::grid(geometry).tiles()).max(1))
    }

    fn executed_operations(&self, geometry: &Geometry) -> u64 {
        product_operations(
            Self::grid(geometry).products(POINTS, T::SHORT),
            geometry.input_blocks() * BLOCK,
            geometry.output_blocks() * BLOCK,
        )
    }

    fn gradient_rows(&self, stage: &Stage) -> Option<usize> {
        weight_blocks::rows(stage.input_channels, stage.output_channels)
    }

    /// Where all tiles are transformed together, each weight is multiplied once a pass.
    fn transforms_on_the_fly(&self, geometry: &Geometry, images: usize) -> bool {
        Self::runs(geometry, images, true).nth(1).is_none()
    }

    fn lay_out(
        &self,
        isa: Isa,
        geometry: &Geometry,
        weight: &[f32],
        backward: bool,
        prepared: &mut Prepared,
    ) -> Result<(), KernelError> {
        let channels = geometry.channels();
        let count = weight_blocks::rows(channels.0, channels.1).ok_or(KernelError::Overflow)?;
        let on_the_fly = prepared.on_the_fly;
        let one = |laid_out: &mut Vec<Row>, target: &mut Vec<Row>, arrangement| {
            // Places of missing channels stay zero.
            if on_the_fly {
                weight_blocks::lay_out(grow(target, count)?, channels, weight, arrangement);
                return Ok(());
            }
            let rows = grow(laid_out, count)?;
            weight_blocks::lay_out(rows, channels, weight, arrangement);
            let target = grow(target, Self::weight_rows(geometry))?;
            transform_weights::<T, POINTS, INPUTS>(isa, rows, target);
            Ok(())
        };
        let [first, second] = &mut prepared.laid_out;
        let mut forward = || one(first, &mut prepared.forward, Arrangement::Forward);
        if !backward {
            return forward();
        }
        // The transposed algorithms turn the window by themselves.
        let backward = || one(second, &mut prepared.backward, Arrangement::Exchanged);
        let (forward, backward) = rayon::join(forward, backward);
        forward.and(backward)
    }

    fn read_gradient(
        &self,
        geometry: &Geometry,
        rows: &[Row],
        weight: &mut [f32],
    ) -> Result<(), KernelError> {
        weight_blocks::read(rows, geometry.channels(), weight);
        Ok(())
    }

    fn scratch_rows(&self, geometry: &Geometry, images: usize, training: bool) -> [usize; 3] {
        let (columns, most) = (geometry.output_blocks(), Self::forward_tiles(geometry));
        let mut scratch = [0; 3];
        let mut grow = |run: &Run, is_only: bool| {
            let transformed = Self::transformed_rows(geometry, run);
            scratch[0] = scratch[0].max(transformed);
            scratch[1] = scratch[1].max(T::products() * plane(run.tiles() * columns));
            if is_only {
                scratch[2] = scratch[2].max(transformed);
            }
        };
        // Fewer images may be cut into larger runs: nine into five and four, eight into one.
        for images in 1..=images {
            for run in Self::runs(geometry, images, false) {
                run.parts(most).for_each(|part| grow(&part, false));
            }
            if training {
                let is_only = self.transforms_on_the_fly(geometry, images);
                Self::runs(geometry, images, true).for_each(|run| grow(&run, is_only));
            }
        }
        scratch
    }

    fn kernel(
        &self,
        geometry: &Geometry,
        _: usize,
        training: bool,
    ) -> Result<Box<dyn Kernel>, KernelError> {
        let gradient_rows = if training {
            Self::weight_rows(geometry)
        } else {
            0
        };
        Ok(Box::new(TileKernel::<T, POINTS, INPUTS> {
            transformed_gradient: zero_rows(gradient_rows)?,
            is_fresh: true,
            zero_windows: ZeroWindows::default(),
            tie_break: TieBreak::default(),
            transforms: PhantomData,
        }))
    }
}

impl<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize> Kernel
    for TileKernel<T, POINTS, INPUTS>
{
    fn forward(&mut self, job: Job<'_>, input: Input<'_>, sums: Sums<'_>) {
        let Job {
            isa,
            images,
            first,
            geometry,
            weights,
            bias,
            scratch,
        } = job;
        let (output, adds) = sums.blocked_or_added();
        let input = input.blocked();
        let (depth, columns) = (input.blocks, output.blocks);
        let to_sums = ToSums {
            bias,
            slope: geometry.slope(),
            adds,
        };
        let of_input = first..first + images;
        self.zero_windows.find(isa, of_input, input, output.frame);
        let zero = &self.zero_windows;
        let runs: Vec<Run> = ByTiles::<T, POINTS, INPUTS>::runs(geometry, images, false).collect();
        let height = output.frame.height;
        let place = |run: &Run| (run.images.clone(), run.pixel_lines(T::SCALE, height));
        let places: Vec<_> = runs.iter().map(place).collect();
        let most = ByTiles::<T, POINTS, INPUTS>::forward_tiles(geometry);
        // Where runs are shared out among threads, the products of each are not.
        let scratch = if runs.len() < scratch.len() {
            &mut scratch[..1]
        } else {
            scratch
        };
        let multiply = if weights.on_the_fly {
            on_the_fly::multiply_tiles::<T, POINTS, INPUTS>
        } else if scratch.len() > 1 {
            products::multiply_tiles::<T, POINTS, INPUTS, false>
        } else {
            products::multiply_tiles::<T, POINTS, INPUTS, true>
        };
        let items = runs.into_iter().zip(output.bands(&places)).collect();
        share_out(
            items,
            scratch,
            |(run, mut band): (Run, Band<'_>), scratch| {
                let [transformed, products, _] = scratch;
                for run in run.parts(most) {
                    with_lanes!(isa, lanes => transform_input::<_, T, POINTS, INPUTS>(lanes, &run, (input, first), transformed));
                    let operand = (&transformed[..], depth);
                    multiply(
                        isa,
                        &run,
                        operand,
                        &weights.forward,
                        (&mut products[..], columns),
                    );
                    with_lanes!(isa, lanes => transform_output::<_, T, POINTS, INPUTS>(lanes, &run, products, zero, to_sums, &mut band));
                }
            },
        );
        if geometry.pools() {
            self.tie_break.settle(images, (input, first), output);
        }
    }

    fn backward(
        &mut self,
        job: Job<'_>,
        input: Input<'_>,
        sums_gradient: SumsGradient<'_>,
        parameters: ParameterGradients<'_>,
        target: Option<Target<'_>>,
    ) {
        let Job {
            isa,
            images,
            first,
            geometry,
            weights,
            scratch,
            ..
        } = job;
        let [transformed, products, other] = &mut scratch[0];
        let (input, sums) = (input.blocked(), sums_gradient.blocked());
        epilogue::add_bias_gradient(isa, images, sums, parameters.bias);
        let (depth, columns) = (input.blocks, sums.blocks);
        let mut target = target.map(Target::blocked);
        for run in ByTiles::<T, POINTS, INPUTS>::runs(geometry, images, true) {
            // Transformed anew: to keep it from the forward pass would cost memory more than twice the input's, and more time
            // to fetch than this takes.
            with_lanes!(isa, lanes => transform_input::<_, T, POINTS, INPUTS>(lanes, &run, (input, first), transformed));
            with_lanes!(isa, lanes => transform_gradient::<_, T, POINTS, INPUTS>(lanes, &run, sums, products));
            let of_products = (&products[..], columns);
            let to_input = target.is_some().then_some(&weights.backward[..]);
            let windows = if weights.on_the_fly {
                let gradient = &mut *parameters.weight;
                let to_input = to_input.map(|weights| (weights, &mut other[..]));
                let input = (&transformed[..], depth);
                on_the_fly::back::<T, POINTS, INPUTS>(
                    isa,
                    &run,
                    input,
                    of_products,
                    gradient,
                    to_input,
                );
                &other[..]
            } else {
                let is_fresh = std::mem::replace(&mut self.is_fresh, false);
                let planes = (&mut self.transformed_gradient[..], is_fresh);
                products::back::<T, POINTS, INPUTS>(
                    isa,
                    &run,
                    (transformed, depth),
                    of_products,
                    planes,
                    to_input,
                );
                &transformed[..]
            };
            if let Some((gradient, mask)) = &mut target {
                let gradient = (&mut **gradient, first);
                with_lanes!(isa, lanes => add_windows::<_, T, POINTS, INPUTS>(lanes, &run, windows, products, gradient, *mask));
            }
        }
    }

    fn begin_part(&mut self) {
        self.is_fresh = true;
    }

    fn finish_part(&self, isa: Isa, weight_gradient: &mut [Row]) {
        if !self.is_fresh {
            let gradient = &self.transformed_gradient;
            transform_weight_gradient::<T, POINTS, INPUTS>(isa, gradient, weight_gradient);
        }
    }
}

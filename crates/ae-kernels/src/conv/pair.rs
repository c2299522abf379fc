//! A stage of two sources as two convolutions whose sums are added: of what the stage before gives, upsampled, and of what an
//! earlier stage gives.
//!
//! A convolution of concatenated channels is the sum of the convolutions of either part. Each part is read where it lies, and
//! has the algorithm that suits it: the upsampled one takes 25 products for 16 sums where Winograd's of the joined input
//! takes 36, and transforms a quarter of the pixels.

use crate::activation::Activation;
use crate::conv::algorithm::{
    Algorithm, Input, Job, Kernel, ParameterGradients, Place, Sums, SumsGradient, Target,
};
use crate::conv::geometry::Geometry;
use crate::conv::stage::{Precision, Resize, Stage};
use crate::error::KernelError;
use crate::layout::buffer::{zero_floats, zero_rows};
use crate::layout::prepared::Prepared;
use crate::layout::weight_blocks::TAPS;
use crate::simd::{Isa, Row};

/// The algorithms of a stage's two sources.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// That of the upsampled source and that of the earlier stage's map.
    pub(crate) algorithms: [&'static dyn Algorithm; 2],
    /// Channels of the upsampled source.
    pub(crate) before: usize,
}

/// The kernels of the two sources.
#[derive(Debug)]
struct PairKernel {
    pair: Pair,
    kernels: [Box<dyn Kernel>; 2],
    /// The bias of the first source's sums: the second adds the stage's.
    no_bias: Vec<Row>,
    /// Rows of the first source's part of the weight's gradient.
    gradient_rows: usize,
}

impl Pair {
    /// The convolution of the stage before and that of the earlier one, of a stage of both.
    pub(crate) fn stages(stage: &Stage, before: usize) -> [Stage; 2] {
        let upsampled = Stage {
            input_channels: before,
            activation: Activation::None,
            ..*stage
        };
        let earlier = Stage {
            input_channels: stage.input_channels - before,
            resize: Resize::None,
            ..*stage
        };
        [upsampled, earlier]
    }

    fn geometries(&self, geometry: &Geometry) -> [Geometry; 2] {
        let [upsampled, earlier] = Self::stages(&geometry.stage, self.before);
        [
            Geometry {
                stage: upsampled,
                ..*geometry
            },
            Geometry {
                stage: earlier,
                input: geometry.sums,
                ..*geometry
            },
        ]
    }

    fn with_geometries(
        &self,
        geometry: &Geometry,
    ) -> impl Iterator<Item = (&'static dyn Algorithm, Geometry)> {
        self.algorithms.into_iter().zip(self.geometries(geometry))
    }

    /// Rows of the first source's part of the weight's gradient.
    fn first_gradient_rows(&self, stage: &Stage) -> Option<usize> {
        self.algorithms[0].gradient_rows(&Self::stages(stage, self.before)[0])
    }

    fn counted_gradient_rows(&self, geometry: &Geometry) -> Result<usize, KernelError> {
        let rows = self.first_gradient_rows(&geometry.stage);
        rows.ok_or(KernelError::Overflow)
    }

    /// Calls `visit` with the places of each output channel's weights from a source, in the stage's weight and in the source's.
    fn for_each_run(
        &self,
        stage: &Stage,
        source: usize,
        mut visit: impl FnMut(usize, usize, usize),
    ) {
        let skipped = if source == 0 { 0 } else { self.before };
        let count = Self::stages(stage, self.before)[source].input_channels * TAPS;
        for output in 0..stage.output_channels {
            let from = (output * stage.input_channels + skipped) * TAPS;
            visit(from, output * count, count);
        }
    }
}

impl Algorithm for Pair {
    fn name(&self) -> &'static str {
        "each source alone"
    }

    fn suits(&self, _: &Stage, _: Place, _: Precision) -> bool {
        true
    }

    fn executed_operations(&self, geometry: &Geometry) -> u64 {
        self.with_geometries(geometry)
            .map(|(algorithm, geometry)| algorithm.executed_operations(&geometry))
            .sum()
    }

    fn gradient_rows(&self, stage: &Stage) -> Option<usize> {
        let second = self.algorithms[1].gradient_rows(&Self::stages(stage, self.before)[1])?;
        self.first_gradient_rows(stage)?.checked_add(second)
    }

    fn transforms_on_the_fly(&self, geometry: &Geometry, images: usize) -> bool {
        self.with_geometries(geometry)
            .all(|(algorithm, geometry)| algorithm.transforms_on_the_fly(&geometry, images))
    }

    fn lay_out(
        &self,
        isa: Isa,
        geometry: &Geometry,
        weight: &[f32],
        backward: bool,
        prepared: &mut Prepared,
    ) -> Result<(), KernelError> {
        let on_the_fly = prepared.on_the_fly;
        prepared.sources.resize_with(2, Prepared::default);
        let sources = self.with_geometries(geometry).zip(&mut prepared.sources);
        for (source, ((algorithm, of_source), prepared)) in sources.enumerate() {
            prepared.on_the_fly = on_the_fly;
            let mut weight_of_source = zero_floats(of_source.stage.weight_values()?)?;
            self.for_each_run(&geometry.stage, source, |from, to, count| {
                weight_of_source[to..to + count].copy_from_slice(&weight[from..from + count]);
            });
            algorithm.lay_out(isa, &of_source, &weight_of_source, backward, prepared)?;
        }
        Ok(())
    }

    fn read_gradient(
        &self,
        geometry: &Geometry,
        rows: &[Row],
        weight: &mut [f32],
    ) -> Result<(), KernelError> {
        let first = self.counted_gradient_rows(geometry)?;
        let rows: [&[Row]; 2] = rows.split_at(first).into();
        for (source, (algorithm, of_source)) in self.with_geometries(geometry).enumerate() {
            let mut of_weight = zero_floats(of_source.stage.weight_values()?)?;
            algorithm.read_gradient(&of_source, rows[source], &mut of_weight)?;
            self.for_each_run(&geometry.stage, source, |to, from, count| {
                weight[to..to + count].copy_from_slice(&of_weight[from..from + count]);
            });
        }
        Ok(())
    }

    fn scratch_rows(&self, geometry: &Geometry, images: usize, training: bool) -> [usize; 3] {
        let [first, second] = self.geometries(geometry);
        let [of_first, of_second] = self.algorithms;
        let first = of_first.scratch_rows(&first, images, training);
        let second = of_second.scratch_rows(&second, images, training);
        std::array::from_fn(|which| first[which].max(second[which]))
    }

    fn kernel(
        &self,
        geometry: &Geometry,
        images: usize,
        training: bool,
    ) -> Result<Box<dyn Kernel>, KernelError> {
        let [first, second] = self.geometries(geometry);
        let [of_first, of_second] = self.algorithms;
        Ok(Box::new(PairKernel {
            pair: self.clone(),
            kernels: [
                of_first.kernel(&first, images, training)?,
                of_second.kernel(&second, images, training)?,
            ],
            no_bias: zero_rows(geometry.output_blocks())?,
            gradient_rows: self.counted_gradient_rows(geometry)?,
        }))
    }
}

impl Kernel for PairKernel {
    fn forward(&mut self, job: Job<'_>, input: Input<'_>, sums: Sums<'_>) {
        let [of_first, of_second] = self.pair.geometries(job.geometry);
        let [first, second] = &mut self.kernels;
        let (before, earlier) = input.pair();
        let sums = sums.blocked();
        first.forward(
            Job {
                geometry: &of_first,
                weights: &job.weights.sources[0],
                bias: &self.no_bias,
                scratch: &mut *job.scratch,
                ..job
            },
            Input::Blocked(before),
            Sums::Blocked(&mut *sums),
        );
        second.forward(
            Job {
                geometry: &of_second,
                weights: &job.weights.sources[1],
                ..job
            },
            Input::Blocked(earlier),
            Sums::Added(sums),
        );
    }

    fn backward(
        &mut self,
        job: Job<'_>,
        input: Input<'_>,
        sums_gradient: SumsGradient<'_>,
        parameters: ParameterGradients<'_>,
        target: Option<Target<'_>>,
    ) {
        let [of_first, of_second] = self.pair.geometries(job.geometry);
        let [first, second] = &mut self.kernels;
        let (before, earlier) = input.pair();
        let (of_before, of_earlier) = match target.map(Target::pair) {
            Some([before, earlier]) => (Some(before), Some(earlier)),
            None => (None, None),
        };
        let ParameterGradients { weight, bias } = parameters;
        let (first_weight, second_weight) = weight.split_at_mut(self.gradient_rows);
        first.backward(
            Job {
                geometry: &of_first,
                weights: &job.weights.sources[0],
                scratch: &mut *job.scratch,
                ..job
            },
            Input::Blocked(before),
            sums_gradient,
            ParameterGradients {
                weight: first_weight,
                bias: &mut [],
            },
            of_before,
        );
        second.backward(
            Job {
                geometry: &of_second,
                weights: &job.weights.sources[1],
                ..job
            },
            Input::Blocked(earlier),
            sums_gradient,
            ParameterGradients {
                weight: second_weight,
                bias,
            },
            of_earlier,
        );
    }

    fn begin_part(&mut self) {
        self.kernels
            .iter_mut()
            .for_each(|kernel| kernel.begin_part());
    }

    fn finish_part(&self, isa: Isa, weight_gradient: &mut [Row]) {
        let (of_first, of_second) = weight_gradient.split_at_mut(self.gradient_rows);
        self.kernels[0].finish_part(isa, of_first);
        self.kernels[1].finish_part(isa, of_second);
    }
}

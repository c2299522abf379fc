//! The convolutions of a U-Net, as layers with names and as stages of a stack, and what they see.

use ae_kernels::{Activation, Resize, Skip, Stage};

use crate::kinds::unet::skip_connections::SkipConnections;
use crate::networks::layer::{LayerKind, LayerSpec};

/// What the layers are made from: settings that were checked.
pub(crate) struct Plan<'a> {
    /// Channels of each level, the picture's own first.
    pub(crate) widths: &'a [usize],
    /// Convolutions of each level, going down and going up.
    pub(crate) convolutions: usize,
    /// Whether convolutions have biases.
    pub(crate) bias: bool,
    /// What the decoder takes of the encoder's maps.
    pub(crate) skip: SkipConnections,
    /// Channels that the network sees.
    pub(crate) channels: usize,
    /// Channels that it predicts.
    pub(crate) predicted: usize,
    /// What the bound of the last convolution's initial weights is multiplied by.
    pub(crate) last_scale: f64,
}

/// The layers of the encoder, the middle among them, and those of the decoder, with their stages in the same order.
pub(crate) struct Layers {
    pub(crate) encoder: Vec<LayerSpec>,
    pub(crate) decoder: Vec<LayerSpec>,
    pub(crate) stages: Vec<Stage>,
}

impl Layers {
    /// The encoder has `convolutions` layers a level, the lowest included. The decoder begins there with one that brings the
    /// map to the channels of the level above; each level above has `convolutions` again, of which the first takes the
    /// upsampled map with the encoder's and the last gives the channels of the level above it, or the picture.
    pub(crate) fn new(plan: &Plan<'_>) -> Self {
        let mut layers = Self {
            encoder: Vec::new(),
            decoder: Vec::new(),
            stages: Vec::new(),
        };
        let lowest = plan.widths.len() - 1;
        let mut channels = plan.channels;
        // Of each level but the lowest: its last stage, which the decoder takes, too.
        let mut sources = Vec::new();
        for (level, &width) in plan.widths.iter().enumerate() {
            for _ in 0..plan.convolutions {
                layers.down(plan, channels, width);
                channels = width;
            }
            if level < lowest {
                let source = layers.stages.len() - 1;
                layers.stages[source] = layers.stages[source].with_max_pool();
                sources.push(source);
            }
        }
        // What a level gives to the one above it, at last what is predicted.
        let above = |level: usize| match level {
            0 => plan.predicted,
            level => plan.widths[level - 1],
        };
        layers.up(plan, channels, above(lowest), lowest == 0);
        channels = above(lowest);
        for (level, source) in sources.into_iter().enumerate().rev() {
            for index in 0..plan.convolutions {
                let is_last = index + 1 == plan.convolutions;
                let outputs = if is_last {
                    above(level)
                } else {
                    plan.widths[level]
                };
                let skip = match plan.skip {
                    _ if index > 0 => None,
                    SkipConnections::Concatenate => Some(Skip::Concatenate(source)),
                    SkipConnections::Add => Some(Skip::Add(source)),
                    SkipConnections::None => None,
                };
                if let Some(Skip::Concatenate(_)) = skip {
                    channels += plan.widths[level];
                }
                layers.up(plan, channels, outputs, is_last && level == 0);
                channels = outputs;
                if let (0, Some(stage)) = (index, layers.stages.last_mut()) {
                    *stage = stage.with_upsample();
                    stage.skip = skip;
                }
            }
        }
        layers
    }

    fn down(&mut self, plan: &Plan<'_>, inputs: usize, outputs: usize) {
        let name = format!("encoder.{}", self.encoder.len());
        let layer = LayerSpec::new(name, LayerKind::Convolution, inputs, outputs);
        self.encoder.push(layer.with_bias(plan.bias));
        self.push_stage(plan, inputs, outputs, Activation::Relu);
    }

    fn up(&mut self, plan: &Plan<'_>, inputs: usize, outputs: usize, is_last: bool) {
        let name = format!("decoder.{}", self.decoder.len());
        let layer = LayerSpec::new(name, LayerKind::Convolution, inputs, outputs);
        let (scale, activation) = match is_last {
            true => (plan.last_scale, Activation::None),
            false => (1.0, Activation::Relu),
        };
        self.decoder.push(layer.with_bias(plan.bias).scaled(scale));
        self.push_stage(plan, inputs, outputs, activation);
    }

    fn push_stage(
        &mut self,
        plan: &Plan<'_>,
        inputs: usize,
        outputs: usize,
        activation: Activation,
    ) {
        let stage = Stage::new(inputs, outputs, activation);
        self.stages.push(Stage {
            bias: plan.bias,
            ..stage
        });
    }
}

/// Pixels from the first to the last, along one axis.
type Interval = (isize, isize);

/// The side of the square of input pixels that one pixel of the output of `stages` depends on, at most, where the picture is
/// halved to blocks of `multiple` pixels: the pixels are followed back through the stages, and through each skip connection
/// to the stage that it comes from, from each place that a pixel may have in a block.
pub(crate) fn field_of_view(stages: &[Stage], multiple: usize) -> usize {
    let side = |pixel: isize| {
        let (first, last) = seen(stages, pixel);
        (last - first + 1).unsigned_abs()
    };
    let pixels = 0..isize::try_from(multiple).unwrap_or(1);
    pixels.map(side).max().unwrap_or(1)
}

/// The input pixels that a pixel of the output depends on.
fn seen(stages: &[Stage], pixel: isize) -> Interval {
    let wider = |(first, last): Interval| (first - 1, last + 1);
    let both = |a: Interval, b: Interval| (a.0.min(b.0), a.1.max(b.1));
    // What skip connections need of a stage's map before its pooling.
    let mut by_skips: Vec<Option<Interval>> = vec![None; stages.len()];
    let mut needed = (pixel, pixel);
    for (index, stage) in stages.iter().enumerate().rev() {
        if stage.resize == Resize::MaxPool {
            needed = (2 * needed.0, 2 * needed.1 + 1);
        }
        if let Some(by_skips) = by_skips[index] {
            needed = both(needed, by_skips);
        }
        needed = wider(needed);
        if let Some(skip) = stage.skip {
            let source = &mut by_skips[skip.source()];
            *source = Some(source.map_or(needed, |other| both(other, needed)));
        }
        if stage.resize == Resize::Upsample {
            needed = (needed.0.div_euclid(2), needed.1.div_euclid(2));
        }
    }
    needed
}

//! What a configuration may ask for at most, so that a mistyped or hostile one cannot ask for terabytes.

/// Channels of an image.
pub const CHANNELS: usize = 4;
/// Height or width of the image a model is made for. (A fully convolutional one then runs on larger pictures.)
pub const SIDE: usize = 16_384;
/// Values of that image: `channels * height * width`.
pub const IMAGE_VALUES: usize = 1 << 26;
/// Convolutions in an encoder; each but the last halves the picture.
pub const CONV_DEPTH: usize = 12;
/// Channels between convolutions.
pub const CONV_WIDTH: usize = 4_096;
/// Hidden layers in a dense encoder.
pub const DENSE_DEPTH: usize = 32;
/// Numbers in a hidden layer or a code.
pub const DENSE_WIDTH: usize = 1 << 20;
/// Samples of a code per image and step.
pub const IMPORTANCE_SAMPLES: usize = 4_096;
/// Parameters in all: a gibibyte of `f32`.
pub const PARAMETERS: usize = 1 << 28;

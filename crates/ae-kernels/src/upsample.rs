//! Nearest upsampling x2 followed by a 3x3 'same' convolution, as nine products for each small pixel.
//!
//! Along one axis the two pixels that come of `x[i]` see `x[i-1], x[i], x[i]` and `x[i], x[i], x[i+1]`. With the
//! weights `w0, w1, w2` their sums are
//!
//! ```text
//! even = w0 x[i-1] + (w1 + w2) x[i] = m0 + m1        m0 = w0 (x[i-1] - x[i])
//! odd  = (w0 + w1) x[i] + w2 x[i+1] = m1 - m2        m1 = (w0 + w1 + w2) x[i]
//!                                                    m2 = w2 (x[i] - x[i+1])
//! ```
//!
//! three products where the convolution of the large image takes six; in two dimensions nine where it takes
//! thirty-six. It is a bilinear algorithm like Winograd's, with factors 0 and 1 only, so it adds no more than
//! rounding. Each product, over all pixels and channels, is a matrix product. Backwards the same three linear
//! maps are transposed.
//!
//! # References
//! The form of the algorithm: Winograd 1980, "Arithmetic Complexity of Computations", chapter V.

use crate::buffer::{Blocked, Frame};
use crate::direct::Mask;
use crate::matmul::{Size, add_transposed_product, multiply, plane};
use crate::simd::{BLOCK, Isa, Lanes, Row, with_lanes};

/// Products for each small pixel.
pub(crate) const PRODUCTS: usize = 9;

/// Small pixels that are transformed together: whole images, or lines of a single large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) image: usize,
    pub(crate) images: usize,
    pub(crate) first_line: usize,
    pub(crate) lines: usize,
}

impl Span {
    /// Cuts `images` images into spans of about `pixels` pixels.
    pub(crate) fn cut(images: usize, frame: Frame, pixels: usize) -> impl Iterator<Item = Self> {
        let together = (pixels / frame.pixels()).clamp(1, images.max(1));
        let lines = if together > 1 || frame.pixels() <= 2 * pixels {
            frame.height
        } else {
            (pixels / frame.width).clamp(1, frame.height)
        };
        (0..images).step_by(together).flat_map(move |image| {
            (0..frame.height)
                .step_by(lines)
                .map(move |first_line| Self {
                    image,
                    images: together.min(images - image),
                    first_line,
                    lines: lines.min(frame.height - first_line),
                })
        })
    }

    /// The span with the lines above and below that its pixels' gradients depend on, and how many lines came
    /// before.
    fn with_neighbours(self, frame: Frame) -> (Self, usize) {
        let above = usize::from(self.first_line > 0);
        let below = usize::from(self.first_line + self.lines < frame.height);
        let span = Self {
            first_line: self.first_line - above,
            lines: self.lines + above + below,
            ..self
        };
        (span, above)
    }

    fn pixels(self, frame: Frame) -> usize {
        self.images * self.lines * frame.width
    }

    /// Upper bound of the pixels of any span that [`Span::cut`] gives, its neighbours included.
    pub(crate) fn most_pixels(images: usize, frame: Frame, pixels: usize) -> usize {
        Self::cut(images, frame, pixels)
            .map(|span| span.with_neighbours(frame).0.pixels(frame))
            .max()
            .unwrap_or(0)
    }
}

/// Working memory: for each product the transformed pixels, then the products.
pub(crate) struct Scratch<'a> {
    pub(crate) transformed: &'a mut [Row],
    pub(crate) products: &'a mut [Row],
}

/// Convolves the upsampled `span` of `input`; `weights` come from [`transform_weights`].
pub(crate) fn convolve(
    isa: Isa,
    span: Span,
    input: &Blocked,
    weights: &[Row],
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
    scratch: Scratch<'_>,
) {
    let Scratch {
        transformed,
        products,
    } = scratch;
    let count = span.pixels(input.frame);
    let size = Size {
        rows: count,
        depth: input.blocks,
        columns: output.blocks,
    };
    with_lanes!(isa, lanes => transform_input(lanes, span, input, transformed));
    with_lanes!(isa, lanes => for product in 0..PRODUCTS {
        multiply(
            lanes,
            size,
            &transformed[product * plane(size.depth * count)..],
            count,
            &weights[product * plane(size.columns * size.depth * BLOCK)..],
            &mut products[product * plane(size.columns * count)..],
            count,
        );
    });
    with_lanes!(isa, lanes => transform_output(lanes, span, input.frame, products, bias, slope, output));
}

/// Adds to `gradient`, in the transformed weights' layout, the gradient of `span`; where `input_gradient` is
/// wanted, with the weights [`transform_weights`] made of the turned ones, writes that too.
pub(crate) fn back(
    isa: Isa,
    span: Span,
    input: &Blocked,
    output_gradient: &Blocked,
    gradient: &mut [Row],
    input_gradient: Option<InputGradient<'_>>,
    scratch: Scratch<'_>,
) {
    let Scratch {
        transformed,
        products,
    } = scratch;
    let frame = input.frame;
    let (depth, columns) = (input.blocks, output_gradient.blocks);
    let (wide_span, above) = span.with_neighbours(frame);
    let (count, wide_count) = (span.pixels(frame), wide_span.pixels(frame));
    let size = Size {
        rows: count,
        depth,
        columns,
    };
    with_lanes!(isa, lanes => transform_input(lanes, span, input, transformed));
    with_lanes!(isa, lanes => transform_gradient(lanes, wide_span, frame, output_gradient, products));
    with_lanes!(isa, lanes => for product in 0..PRODUCTS {
        add_transposed_product(
            lanes,
            size,
            &transformed[product * plane(depth * count)..],
            count,
            &products[product * plane(columns * wide_count) + above * frame.width..],
            wide_count,
            &mut gradient[product * plane(columns * depth * BLOCK)..],
        );
    });
    let Some(InputGradient {
        weights,
        mask,
        gradient,
    }) = input_gradient
    else {
        return;
    };
    let size = Size {
        rows: wide_count,
        depth: columns,
        columns: depth,
    };
    with_lanes!(isa, lanes => for product in 0..PRODUCTS {
        multiply(
            lanes,
            size,
            &products[product * plane(columns * wide_count)..],
            wide_count,
            &weights[product * plane(columns * depth * BLOCK)..],
            &mut transformed[product * plane(depth * wide_count)..],
            wide_count,
        );
    });
    with_lanes!(isa, lanes => back_to_input(lanes, span, wide_span, transformed, mask, gradient));
}

/// Where the gradient to the input goes, and what it needs.
pub(crate) struct InputGradient<'a> {
    pub(crate) weights: &'a [Row],
    pub(crate) mask: Option<Mask<'a>>,
    pub(crate) gradient: &'a mut Blocked,
}

/// `{x[i-1] - x[i], x[i], x[i] - x[i+1]}` along both axes: `[product][block][pixel]`.
#[inline(always)]
fn transform_input<L: Lanes>(lanes: L, span: Span, input: &Blocked, transformed: &mut [Row]) {
    let frame = input.frame;
    let count = span.pixels(frame);
    for block in 0..input.blocks {
        let mut pixel = 0;
        for image in span.image..span.image + span.images {
            let rows = input.image(block, image);
            for y in span.first_line..span.first_line + span.lines {
                let lines: [&[Row]; 3] = std::array::from_fn(
                    #[inline(always)]
                    |line| &rows[(y + line) * frame.pitch..][..frame.width + 2],
                );
                for x in 0..frame.width {
                    let mut down = [[lanes.zero(); 3]; 3];
                    for column in 0..3 {
                        let above = lanes.load(&lines[0][x + column]);
                        let here = lanes.load(&lines[1][x + column]);
                        let below = lanes.load(&lines[2][x + column]);
                        down[0][column] = lanes.sub(above, here);
                        down[1][column] = here;
                        down[2][column] = lanes.sub(here, below);
                    }
                    for (row, down) in down.into_iter().enumerate() {
                        let across = [
                            lanes.sub(down[0], down[1]),
                            down[1],
                            lanes.sub(down[1], down[2]),
                        ];
                        for (column, value) in across.into_iter().enumerate() {
                            let product = row * 3 + column;
                            lanes.store(
                                &mut transformed
                                    [product * plane(input.blocks * count) + block * count + pixel],
                                value,
                            );
                        }
                    }
                    pixel += 1;
                }
            }
        }
    }
}

/// `{m0 + m1, m1 - m2}` along both axes, on the bias and through the activation.
#[inline(always)]
fn transform_output<L: Lanes>(
    lanes: L,
    span: Span,
    small: Frame,
    products: &[Row],
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
) {
    let count = span.pixels(small);
    let large = output.frame;
    let slope = lanes.splat(slope);
    for block in 0..output.blocks {
        let bias = lanes.load(&bias[block]);
        let mut pixel = 0;
        for image in span.image..span.image + span.images {
            let blocks = output.blocks;
            let rows = output.image_mut(block, image);
            for y in span.first_line..span.first_line + span.lines {
                let (upper, lower) = rows[large.at(2 * y, 0)..].split_at_mut(large.pitch);
                let targets = [&mut upper[..2 * small.width], &mut lower[..2 * small.width]];
                let [upper, lower] = targets;
                for x in 0..small.width {
                    let mut down = [[lanes.zero(); 3]; 2];
                    for column in 0..3 {
                        let index = block * count + pixel;
                        let [first, middle, last] =
                            column_of(lanes, products, plane(blocks * count), column, index);
                        down[0][column] = lanes.add(first, middle);
                        down[1][column] = lanes.sub(middle, last);
                    }
                    for (row, down) in down.into_iter().enumerate() {
                        let target = if row == 0 { &mut *upper } else { &mut *lower };
                        let middle = lanes.add(down[1], bias);
                        let even = lanes.add(down[0], middle);
                        let odd = lanes.sub(middle, down[2]);
                        lanes.store(&mut target[2 * x], lanes.leaky(even, slope));
                        lanes.store(&mut target[2 * x + 1], lanes.leaky(odd, slope));
                    }
                    pixel += 1;
                }
            }
        }
    }
}

/// The transpose of [`transform_output`]: `{g0, g0 + g1, -g1}` along both axes.
#[inline(always)]
fn transform_gradient<L: Lanes>(
    lanes: L,
    span: Span,
    small: Frame,
    output_gradient: &Blocked,
    products: &mut [Row],
) {
    let count = span.pixels(small);
    let large = output_gradient.frame;
    for block in 0..output_gradient.blocks {
        let mut pixel = 0;
        for image in span.image..span.image + span.images {
            let rows = output_gradient.image(block, image);
            for y in span.first_line..span.first_line + span.lines {
                let upper = &rows[large.at(2 * y, 0)..][..2 * small.width];
                let lower = &rows[large.at(2 * y + 1, 0)..][..2 * small.width];
                for x in 0..small.width {
                    let pairs = [2 * x, 2 * x + 1].map(
                        #[inline(always)]
                        |column| {
                            let (first, second) =
                                (lanes.load(&upper[column]), lanes.load(&lower[column]));
                            [
                                first,
                                lanes.add(first, second),
                                lanes.sub(lanes.zero(), second),
                            ]
                        },
                    );
                    for row in 0..3 {
                        let (even, odd) = (pairs[0][row], pairs[1][row]);
                        let across = [even, lanes.add(even, odd), lanes.sub(lanes.zero(), odd)];
                        for (column, value) in across.into_iter().enumerate() {
                            let product = row * 3 + column;
                            let at = product * plane(output_gradient.blocks * count)
                                + block * count
                                + pixel;
                            lanes.store(&mut products[at], value);
                        }
                    }
                    pixel += 1;
                }
            }
        }
    }
}

/// The transpose of [`transform_input`].
#[inline(always)]
fn back_to_input<L: Lanes>(
    lanes: L,
    span: Span,
    wide: Span,
    transformed: &[Row],
    mask: Option<Mask<'_>>,
    gradient: &mut Blocked,
) {
    let frame = gradient.frame;
    let count = wide.pixels(frame);
    let (width, blocks) = (frame.width, gradient.blocks);
    for block in 0..blocks {
        let planes = Planes {
            transformed: &transformed[block * count..],
            plane: plane(blocks * count),
            width,
        };
        for image in span.image..span.image + span.images {
            let first = (image - wide.image) * wide.lines;
            for y in span.first_line..span.first_line + span.lines {
                let line = first + y - wide.first_line;
                let start = gradient.start(block, image) + frame.at(y, 0);
                for x in 0..width {
                    let mut sum = lanes.sub(
                        planes.across(lanes, 1, line, x),
                        planes.across(lanes, 0, line, x),
                    );
                    sum = lanes.add(sum, planes.across(lanes, 2, line, x));
                    if y + 1 < frame.height {
                        sum = lanes.add(sum, planes.across(lanes, 0, line + 1, x));
                    }
                    if y > 0 {
                        sum = lanes.sub(sum, planes.across(lanes, 2, line - 1, x));
                    }
                    if let Some(mask) = mask {
                        let low = lanes.mul(sum, lanes.splat(mask.slope));
                        let activation = lanes.load(&mask.output.rows[start + x]);
                        sum = lanes.if_greater(activation, lanes.zero(), sum, low);
                    }
                    lanes.store(&mut gradient.rows[start + x], sum);
                }
            }
        }
    }
}

/// The nine products' gradients of one block of channels.
#[derive(Clone, Copy)]
struct Planes<'a> {
    transformed: &'a [Row],
    plane: usize,
    width: usize,
}

impl Planes<'_> {
    /// The transpose along a line, at `x` of line `line` of the products of row `row`.
    #[inline(always)]
    fn across<L: Lanes>(self, lanes: L, row: usize, line: usize, x: usize) -> L::V {
        let parts: [&[Row]; 3] = std::array::from_fn(
            #[inline(always)]
            |column| {
                &self.transformed[(row * 3 + column) * self.plane + line * self.width..]
                    [..self.width]
            },
        );
        let mut sum = lanes.sub(lanes.load(&parts[1][x]), lanes.load(&parts[0][x]));
        sum = lanes.add(sum, lanes.load(&parts[2][x]));
        if x + 1 < self.width {
            sum = lanes.add(sum, lanes.load(&parts[0][x + 1]));
        }
        if x > 0 {
            sum = lanes.sub(sum, lanes.load(&parts[2][x - 1]));
        }
        sum
    }
}

/// Column `column` of a 3x3 matrix whose entries lie in nine planes.
#[inline(always)]
fn column_of<L: Lanes>(
    lanes: L,
    planes: &[Row],
    plane: usize,
    column: usize,
    index: usize,
) -> [L::V; 3] {
    [0, 1, 2].map(
        #[inline(always)]
        |row| lanes.load(&planes[(row * 3 + column) * plane + index]),
    )
}

/// `{w0, w0 + w1 + w2, w2}` along both axes, of `[tap][...]` rows.
pub(crate) fn transform_weights(isa: Isa, weights: &[Row], transformed: &mut [Row]) {
    let count = weights.len() / 9;
    with_lanes!(isa, lanes => for index in 0..count {
        let mut down = [[lanes.zero(); 3]; 3];
        for column in 0..3 {
            let [first, middle, last] = column_of(lanes, weights, count, column, index);
            down[0][column] = first;
            down[1][column] = lanes.add(lanes.add(first, middle), last);
            down[2][column] = last;
        }
        for (row, down) in down.into_iter().enumerate() {
            let across = [down[0], lanes.add(lanes.add(down[0], down[1]), down[2]), down[2]];
            for (column, value) in across.into_iter().enumerate() {
                lanes.store(&mut transformed[(row * 3 + column) * plane(count) + index], value);
            }
        }
    });
}

/// The transpose of [`transform_weights`]: the weights' gradient from that of the transformed ones.
pub(crate) fn transform_weight_gradient(isa: Isa, transformed: &[Row], gradient: &mut [Row]) {
    let count = gradient.len() / 9;
    with_lanes!(isa, lanes => for index in 0..count {
        let mut down = [[lanes.zero(); 3]; 3];
        for column in 0..3 {
            let [first, middle, last] = column_of(lanes, transformed, plane(count), column, index);
            down[0][column] = lanes.add(first, middle);
            down[1][column] = middle;
            down[2][column] = lanes.add(middle, last);
        }
        for (row, down) in down.into_iter().enumerate() {
            let across = [lanes.add(down[0], down[1]), down[1], lanes.add(down[1], down[2])];
            for (column, value) in across.into_iter().enumerate() {
                lanes.store(&mut gradient[(row * 3 + column) * count + index], value);
            }
        }
    });
}

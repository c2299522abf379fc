//! Monotone cubic interpolation.

/// A piecewise cubic polynomial through points that overshoots none of them.
///
/// # References
/// F. N. Fritsch and R. E. Carlson (1980), *Monotone piecewise cubic interpolation*, with the slopes of F. N. Fritsch and
/// J. Butland (1984), *A method for constructing local monotone piecewise cubic interpolants*: weighted harmonic means, at the
/// ends three points. The same as `scipy.interpolate.PchipInterpolator`.
#[derive(Debug, Clone)]
pub(crate) struct Pchip {
    x: Vec<f64>,
    y: Vec<f64>,
    slopes: Vec<f64>,
}

impl Pchip {
    /// Through these points; `x` must rise and be at least two.
    pub(crate) fn new(x: Vec<f64>, y: Vec<f64>) -> Self {
        let widths: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let secants: Vec<f64> = y
            .windows(2)
            .zip(&widths)
            .map(|(pair, width)| (pair[1] - pair[0]) / width)
            .collect();
        let slopes = slopes(&widths, &secants);
        Self { x, y, slopes }
    }

    /// The integral from `from` to `to`, both within the points.
    pub(crate) fn integral(&self, from: f64, to: f64) -> f64 {
        let pieces = 0..self.x.len() - 1;
        pieces
            .map(|piece| {
                let (left, right) = (self.x[piece], self.x[piece + 1]);
                let (from, to) = (from.clamp(left, right), to.clamp(left, right));
                self.antiderivative(piece, to) - self.antiderivative(piece, from)
            })
            .sum()
    }

    /// The integral of a piece from its left end to `x`.
    fn antiderivative(&self, piece: usize, x: f64) -> f64 {
        let width = self.x[piece + 1] - self.x[piece];
        let t = (x - self.x[piece]) / width;
        let (y0, y1) = (self.y[piece], self.y[piece + 1]);
        let (d0, d1) = (self.slopes[piece] * width, self.slopes[piece + 1] * width);
        let [t2, t3, t4] = [t.powi(2), t.powi(3), t.powi(4)];
        // Integrals of the four Hermite polynomials.
        let of_y0 = t4 / 2.0 - t3 + t;
        let of_d0 = t4 / 4.0 - 2.0 * t3 / 3.0 + t2 / 2.0;
        let of_y1 = t3 - t4 / 2.0;
        let of_d1 = t4 / 4.0 - t3 / 3.0;
        width * (y0 * of_y0 + d0 * of_d0 + y1 * of_y1 + d1 * of_d1)
    }
}

fn slopes(widths: &[f64], secants: &[f64]) -> Vec<f64> {
    let pieces = widths.len();
    if pieces == 1 {
        return vec![secants[0]; 2];
    }
    let mut slopes = vec![end(widths[0], widths[1], secants[0], secants[1])];
    slopes.extend((1..pieces).map(|at| {
        let (before, after) = (secants[at - 1], secants[at]);
        // Zero has no sign: a flat piece is flat at its ends.
        if before * after <= 0.0 {
            return 0.0;
        }
        let (first, second) = (
            2.0 * widths[at] + widths[at - 1],
            widths[at] + 2.0 * widths[at - 1],
        );
        (first + second) / (first / before + second / after)
    }));
    let last = pieces - 1;
    slopes.push(end(
        widths[last],
        widths[last - 1],
        secants[last],
        secants[last - 1],
    ));
    slopes
}

/// The slope at an end, by the piece there and the one next to it.
fn end(width: f64, next_width: f64, secant: f64, next_secant: f64) -> f64 {
    let slope = ((2.0 * width + next_width) * secant - width * next_secant) / (width + next_width);
    if slope * secant <= 0.0 {
        0.0
    } else if secant * next_secant <= 0.0 && slope.abs() > 3.0 * secant.abs() {
        3.0 * secant
    } else {
        slope
    }
}

//! From an outline to an image of notMNIST's form.
//!
//! As notMNIST's images seem to have been made: drawn at a larger size with anti-aliasing, cropped to the pixels that
//! are not black and stretched to 28x28 with a Lanczos filter, whose faint ringing they show.

use ab_glyph::{GlyphId, Outline, OutlineCurve, OutlinedGlyph, PxScaleFactor, Rect, point};
use ae_data::glyphs::SIDE;

/// The size at which letters are drawn before they are stretched; with it, the gray levels come nearest to notMNIST's.
const PIXELS_PER_EM: f32 = 96.0;

/// Letters larger than this many ems in height or width overflow; smaller than the other, they are empty.
const LARGEST_EMS: f32 = 3.0;
const SMALLEST_EMS: f32 = 0.1;

/// Draws a letter; fails with a reason that begins with a verb.
pub(crate) fn draw(mut outline: Outline, units_per_em: f32) -> Result<Vec<u8>, &'static str> {
    outline.bounds = bounds(&outline.curves).ok_or("is empty")?;
    let Rect { min, max } = outline.bounds;
    // Outlines point up, images down.
    let larger = (max.x - min.x).max(min.y - max.y) / units_per_em;
    if !larger.is_finite() || larger > LARGEST_EMS {
        return Err("overflows");
    }
    if larger < SMALLEST_EMS {
        return Err("is empty");
    }
    let pixels_per_unit = PIXELS_PER_EM / units_per_em;
    let factor = PxScaleFactor {
        horizontal: pixels_per_unit,
        vertical: pixels_per_unit,
    };
    let glyph = GlyphId(0).with_scale(PIXELS_PER_EM);
    let outlined = OutlinedGlyph::new(glyph, outline, factor);
    let bounds = outlined.px_bounds();
    let (height, width) = (bounds.height() as usize, bounds.width() as usize);
    let mut pixels = vec![0; height * width];
    outlined.draw(|x, y, coverage| {
        // Where contours overlap, the coverage exceeds 1, and the cast saturates.
        pixels[y as usize * width + x as usize] = (coverage * 255.0).round() as u8;
    });
    let (pixels, height, width) = crop(&pixels, width).ok_or("is empty")?;
    let narrow = resample(&pixels, height, width, SIDE);
    let turned = resample(&transpose(&narrow, SIDE), SIDE, height, SIDE);
    Ok(transpose(&turned, SIDE))
}

/// The box around all points of the curves, control points included; fonts' own boxes are sometimes wrong.
fn bounds(curves: &[OutlineCurve]) -> Option<Rect> {
    let mut points = curves.iter().flat_map(|curve| match *curve {
        OutlineCurve::Line(a, b) => [a, b, b, b],
        OutlineCurve::Quad(a, b, c) => [a, b, c, c],
        OutlineCurve::Cubic(a, b, c, d) => [a, b, c, d],
    });
    let first = points.next()?;
    let start = Rect {
        min: first,
        max: first,
    };
    Some(points.fold(start, |Rect { min, max }, p| Rect {
        min: point(min.x.min(p.x), min.y.max(p.y)),
        max: point(max.x.max(p.x), max.y.min(p.y)),
    }))
}

/// Cuts off rows and columns that are black; gives pixels, height and width.
fn crop(pixels: &[u8], width: usize) -> Option<(Vec<u8>, usize, usize)> {
    let rows = || pixels.chunks_exact(width);
    let is_drawn = |row: &[u8]| row.iter().any(|&pixel| pixel > 0);
    let top = rows().position(is_drawn)?;
    let bottom = rows().rposition(is_drawn)? + 1;
    let in_column = |&column: &usize| rows().any(|row| row[column] > 0);
    let left = (0..width).find(in_column)?;
    let right = (0..width).rfind(in_column)? + 1;
    let cropped = rows()
        .take(bottom)
        .skip(top)
        .flat_map(|row| &row[left..right])
        .copied()
        .collect();
    Some((cropped, bottom - top, right - left))
}

fn transpose(pixels: &[u8], width: usize) -> Vec<u8> {
    (0..width)
        .flat_map(|column| pixels.iter().skip(column).step_by(width).copied())
        .collect()
}

/// Stretches or shrinks every row to `new_width`.
///
/// Weights are rounded to integers before they are applied, so that the pixels are the same on every machine.
///
/// # References
/// C. Lanczos (1956), *Applied analysis*; K. Turkowski (1990), *Filters for common resampling tasks*: the sinc with a
/// three-lobed window, widened when shrinking.
fn resample(pixels: &[u8], height: usize, width: usize, new_width: usize) -> Vec<u8> {
    const LOBES: f64 = 3.0;
    const FRACTION_BITS: u32 = 22;
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { x.sin() / x };
    let lanczos = |x: f64| {
        let x = x * std::f64::consts::PI;
        sinc(x) * sinc(x / LOBES)
    };
    let scale = width as f64 / new_width as f64;
    let widening = scale.max(1.0);
    let mut result = vec![0; height * new_width];
    for place in 0..new_width {
        let center = (place as f64 + 0.5) * scale;
        let reach = LOBES * widening;
        let first = (center - reach + 0.5).max(0.0) as usize;
        let last = ((center + reach + 0.5) as usize).min(width);
        let weights: Vec<f64> = (first..last)
            .map(|source| lanczos((source as f64 + 0.5 - center) / widening))
            .collect();
        let sum: f64 = weights.iter().sum();
        let one = f64::from(1 << FRACTION_BITS);
        let weights: Vec<i64> = weights
            .iter()
            .map(|weight| (weight / sum * one).round() as i64)
            .collect();
        for row in 0..height {
            let source = &pixels[row * width + first..row * width + last];
            let weighted: i64 = source
                .iter()
                .zip(&weights)
                .map(|(&pixel, weight)| i64::from(pixel) * weight)
                .sum();
            let rounded = (weighted + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS;
            result[row * new_width + place] = rounded.clamp(0, 255) as u8;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resampling_keeps_what_is_even_and_what_has_its_size() {
        assert_eq!(resample(&[77; 50], 2, 25, 28), [77; 56]);
        assert_eq!(resample(&[77; 500], 2, 250, 28), [77; 56]);
        let ramp: Vec<u8> = (0..28).map(|step| step * 9).collect();
        assert_eq!(resample(&ramp, 1, 28, 28), ramp);
        assert_eq!(resample(&[200], 1, 1, 28), [200; 28]);
    }

    #[test]
    fn shrinking_an_edge_rings_by_what_the_filter_says() {
        // As Pillow 13.0.0 gives with its Lanczos filter.
        let edge: Vec<u8> = (0..112)
            .map(|place| if place < 56 { 255 } else { 0 })
            .collect();
        let found = resample(&edge, 1, 112, 28);
        assert_eq!(found[9..19], [255, 255, 254, 255, 238, 17, 0, 1, 0, 0]);
    }

    #[test]
    fn cropping_leaves_what_is_drawn() {
        let pixels = [0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0];
        assert_eq!(crop(&pixels, 4), Some((vec![9, 0, 0, 0, 0, 8], 2, 3)));
        assert_eq!(crop(&[0; 16], 4), None);
        assert_eq!(transpose(&[1, 2, 3, 4, 5, 6], 3), [1, 4, 2, 5, 3, 6]);
    }
}

//! How well a map of errors finds the place of a defect.

use ae_data::Size;

use crate::anomaly::regions::connected_regions;
use crate::error::EvalError;

/// The share of false alarms among normal pixels up to which the overlap is averaged.
const MOST_FALSE_POSITIVES: f64 = 0.3;
/// Pixels that are kept at once: half a gibibyte.
const MOST_PIXELS: usize = 1 << 26;

/// How well maps of errors find the places of defects.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Localization {
    /// The chance that a pixel of a defect has a larger error than a normal pixel, of all images together.
    pub pixel_auroc: f64,
    /// The mean share of a defect's region that is found, averaged over the share of false alarms among the normal
    /// pixels from 0 to .3: 1 is perfect, .15 is guessing.
    pub per_region_overlap: f64,
    /// Connected regions of all masks.
    pub regions: usize,
}

/// Collects maps of errors and the masks of what is defective.
///
/// # References
/// P. Bergmann, K. Batzner, M. Fauser, D. Sattlegger and C. Steger (2021), *The MVTec anomaly detection dataset: a
/// comprehensive real-world dataset for unsupervised anomaly detection*, section 5.1: the per-region overlap, regions
/// being connected by sides and corners, as in the evaluation code that they published.
#[derive(Debug, Clone, Default)]
pub struct LocalizationMeter {
    /// Error, and one over the size of the pixel's region; 0 for a normal pixel.
    pixels: Vec<(f32, f32)>,
    regions: usize,
}

impl LocalizationMeter {
    /// Whether so many pixels can be measured.
    #[must_use]
    pub fn has_room_for(images: usize, size: Size) -> bool {
        let pixels = size.height.saturating_mul(size.width);
        images.saturating_mul(pixels) <= MOST_PIXELS
    }

    /// Takes an image's errors, and the mask of its defects; none is a mask of nothing.
    ///
    /// # Shapes
    /// - `errors`, `mask`: `[height, width]`
    ///
    /// # Errors
    /// [`EvalError::TooManyPixels`].
    ///
    /// # Panics
    /// When errors or mask have another length than the size has pixels.
    pub fn add(
        &mut self,
        errors: &[f32],
        mask: Option<&[bool]>,
        size: Size,
    ) -> Result<(), EvalError> {
        assert_eq!(errors.len(), size.height * size.width, "pixels of the map");
        if self.pixels.len() + errors.len() > MOST_PIXELS {
            return Err(EvalError::TooManyPixels { limit: MOST_PIXELS });
        }
        let Some(mask) = mask else {
            self.pixels.extend(errors.iter().map(|&error| (error, 0.0)));
            return Ok(());
        };
        let (regions, count) = connected_regions(mask, size);
        let mut sizes = vec![0u32; count as usize + 1];
        regions
            .iter()
            .for_each(|&region| sizes[region as usize] += 1);
        let weight = |region: u32| match region {
            0 => 0.0,
            _ => 1.0 / sizes[region as usize] as f32,
        };
        let pixels = errors.iter().zip(&regions);
        self.pixels
            .extend(pixels.map(|(&error, &region)| (error, weight(region))));
        self.regions += count as usize;
        Ok(())
    }

    /// The measures; `None` where no pixel is normal, or none defective.
    #[must_use]
    pub fn finish(mut self) -> Option<Localization> {
        let normal = self.pixels.iter().filter(|pixel| pixel.1 == 0.0).count() as f64;
        let defective = self.pixels.len() as f64 - normal;
        if normal == 0.0 || defective == 0.0 {
            return None;
        }
        self.pixels
            .sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let (mut found, mut false_positives, mut overlap) = (0.0, 0.0, 0.0);
        let (mut area, mut overlap_area) = (0.0, 0.0);
        let mut last = (0.0, 0.0, 0.0);
        // A point of the curves is where all pixels of one error have been taken; between points both are straight.
        for equal in self.pixels.chunk_by(|a, b| a.0 == b.0) {
            for &(_, weight) in equal {
                if weight == 0.0 {
                    false_positives += 1.0;
                } else {
                    found += 1.0;
                    overlap += f64::from(weight);
                }
            }
            let point = (
                false_positives / normal,
                found / defective,
                overlap / self.regions as f64,
            );
            area += (point.0 - last.0) * (point.1 + last.1) / 2.0;
            let end = point.0.min(MOST_FALSE_POSITIVES);
            if end > last.0 {
                let share = (end - last.0) / (point.0 - last.0);
                let at_end = last.2 + share * (point.2 - last.2);
                overlap_area += (end - last.0) * (at_end + last.2) / 2.0;
            }
            last = point;
        }
        Some(Localization {
            pixel_auroc: area,
            per_region_overlap: overlap_area / MOST_FALSE_POSITIVES,
            regions: self.regions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        height: 12,
        width: 10,
    };

    /// The errors and the mask of a test picture; `anomaly.py` draws the same.
    fn picture(image: usize, coarse: usize) -> (Vec<f32>, Vec<bool>) {
        let mut errors = Vec::new();
        let mut mask = Vec::new();
        for row in 0..SIZE.height {
            for column in 0..SIZE.width {
                let wave = (31 * row + 17 * column + 53 * image + 7 * row * column) % 97;
                let is_large = image != 0 && row >= 2 + image && row < 5 + image && column < 4;
                let is_small = image != 0 && row == 10 && column >= 7 - image;
                let is_defect = is_large || is_small;
                let shift = if is_large {
                    40
                } else {
                    25 * usize::from(is_small)
                };
                errors.push(((wave + shift) / coarse) as f32);
                mask.push(is_defect);
            }
        }
        (errors, mask)
    }

    /// Numbers from `tests/reference/anomaly.py`: scikit-learn's area under the curve, SciPy's regions, and the overlap at
    /// every threshold by its definition.
    #[test]
    fn agrees_with_the_definition() {
        let printed = include_str!("../../tests/reference/anomaly.txt");
        let mut checked = 0;
        for line in printed.lines() {
            let Some(rest) = line.strip_prefix("localization ") else {
                continue;
            };
            let fields: Vec<f64> = rest
                .split_whitespace()
                .map(|field| field.parse().unwrap())
                .collect();
            let [coarse, regions, area, overlap] = fields[..] else {
                panic!("{line}")
            };
            let mut meter = LocalizationMeter::default();
            for image in 0..4 {
                let (errors, mask) = picture(image, coarse as usize);
                let mask = (image != 0).then_some(&mask[..]);
                meter.add(&errors, mask, SIZE).unwrap();
            }
            let found = meter.finish().unwrap();
            assert_eq!(found.regions as f64, regions, "{line}");
            assert!((found.pixel_auroc - area).abs() < 1e-9, "{line}: {found:?}");
            assert!(
                (found.per_region_overlap - overlap).abs() < 1e-6,
                "{line}: {found:?}"
            );
            checked += 1;
        }
        assert!(checked >= 3, "only {checked} rows in the reference");
    }

    #[test]
    fn perfect_is_one_and_no_defect_is_nothing() {
        let size = Size {
            height: 1,
            width: 4,
        };
        let mut meter = LocalizationMeter::default();
        let mask = [false, true, false, true];
        meter.add(&[0.1, 0.9, 0.2, 0.8], Some(&mask), size).unwrap();
        let found = meter.finish().unwrap();
        assert_eq!(
            (found.pixel_auroc, found.per_region_overlap, found.regions),
            (1.0, 1.0, 2)
        );
        let mut meter = LocalizationMeter::default();
        meter.add(&[0.1, 0.9, 0.2, 0.8], None, size).unwrap();
        assert_eq!(meter.finish(), None);
        // One error for all: the curves are straight from (0, 0) to (1, 1).
        let mut meter = LocalizationMeter::default();
        meter.add(&[0.5; 4], Some(&mask), size).unwrap();
        let found = meter.finish().unwrap();
        assert!((found.pixel_auroc - 0.5).abs() < 1e-12);
        assert!((found.per_region_overlap - 0.15).abs() < 1e-12);
    }
}

//! The baseline `jpeg`: at the code's size, and at three common qualities.

use ae_data::Image;

use crate::baselines::bench::{Bench, StoredBytes};
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::Baseline;
use crate::error::EvalError;
use crate::jpeg::{self, JpegSize};
use crate::spread::evenly_spread;

/// Qualities at which JPEG is always measured.
const QUALITIES: [u8; 3] = [10, 50, 90];
/// Most images whose sizes are averaged in the search for the nearest quality.
const MOST_SIZED_IMAGES: usize = 1000;

pub(super) struct Jpeg;

impl BaselineKind for Jpeg {
    fn name(&self) -> &'static str {
        "jpeg"
    }

    fn description(&self) -> &'static str {
        "JPEG of the input at the quality whose mean file size comes nearest to the code's, at the one whose mean scan \
         (without headers) does where that is another, and at 10, 50 and 90; stores the file"
    }

    fn learns(&self) -> bool {
        false
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        let request = bench.request();
        let code_bytes = request.code_bits as f64 / 8.0;
        let mut settings = Vec::new();
        if request.code_bits > 0 {
            let nearest_file = nearest_quality(bench, code_bytes, JpegSize::File)?;
            let nearest_scan = nearest_quality(bench, code_bytes, JpegSize::Scan)?;
            let nearest = |part: &str| format!("nearest to the code's {code_bytes} bytes{part}");
            settings.push((nearest_file, Some(nearest(""))));
            if nearest_scan != nearest_file {
                settings.push((nearest_scan, Some(nearest(", headers not counted"))));
            }
        }
        settings.extend(QUALITIES.map(|quality| (quality, None)));
        settings
            .into_iter()
            .map(|(quality, why)| self.measure_at(bench, quality, why))
            .collect()
    }
}

impl Jpeg {
    fn measure_at(
        &self,
        bench: &Bench<'_>,
        jpeg_quality: u8,
        why: Option<String>,
    ) -> Result<Baseline, EvalError> {
        let shape = bench.shape();
        let (quality, stored) = bench.measure_stored(|input| {
            let result = jpeg::compress(&Image::from_unit(shape, &input), jpeg_quality)?;
            let stored = StoredBytes {
                file: result.file_bytes,
                scan: result.scan_bytes,
            };
            Ok((result.reconstruction.to_unit(), stored))
        })?;
        let setting = match why {
            Some(why) => format!("quality {jpeg_quality}, {why}"),
            None => format!("quality {jpeg_quality}"),
        };
        let images = bench.request().test.len() as f64;
        let file_bytes = stored.file as f64 / images;
        Ok(Baseline {
            scan_bytes_per_image: Some(stored.scan as f64 / images),
            ..bench.result(self.name(), setting, quality, Some(file_bytes))
        })
    }
}

fn nearest_quality(bench: &Bench<'_>, target_bytes: f64, size: JpegSize) -> Result<u8, EvalError> {
    let chosen = evenly_spread(bench.request().test.len(), MOST_SIZED_IMAGES);
    let input = |position: usize| {
        let (_, input) = bench.test_image(chosen[position])?;
        Ok(Image::from_unit(bench.shape(), &input))
    };
    jpeg::nearest_quality(chosen.len(), input, target_bytes, size)
}

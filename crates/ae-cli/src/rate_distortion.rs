//! Bits and losses of a codec's model beside those of image files: the table and the pictures of `ae eval --rate-distortion`.

use std::path::{Path, PathBuf};

use ae_data::{Image, ImageSet};
use ae_eval::{
    Arrangement, BdRate, PeerCodec, RateCurve, decoded_by_peer, measure_peer, missing_peers, peers,
};
use ae_report::{
    Column, GridRequest, GridRow, RateDistortionRequest, RatePoint, RateSeries, picture_grid,
    rate_distortion, thousands,
};
use serde::Serialize;

use crate::codec::images::{coded_count, coded_image, middle};
use crate::destination::{check_drawing, make_folder};
use crate::error::{CliError, Status};
use crate::measured_set::MeasuredSet;
use crate::terminal::Terminal;

/// Images that are measured, at most: all are in memory, several times.
pub(crate) const MOST_IMAGES: usize = 10_000;
/// Pixels of pictures that are measured, at most.
const MOST_PIXELS: usize = 1 << 28;
/// Sets of which it is said what a model adds to each pixel's bits, by their number of images.
const SETS: [u64; 3] = [100, 1_000, 10_000];
/// Images of a row in the picture of equal bits.
const SHOWN: usize = 12;
/// Pixels of a side of those, at most.
const SHOWN_SIDE: usize = 256;

/// A codec's model at each of its settings.
pub(crate) struct Rated {
    /// What people call it.
    pub(crate) name: String,
    /// `pixel` or `transform`.
    pub(crate) kind: &'static str,
    /// Bytes of its files, which whoever decodes needs once.
    pub(crate) model_bytes: u64,
    /// By the bytes of containers, heads and checksums counted.
    pub(crate) curve: RateCurve,
    /// What the images are decoded to at each point.
    pub(crate) decoded: Vec<Vec<Image>>,
}

/// What `ae eval --rate-distortion` prints.
#[derive(Debug, Serialize)]
pub(crate) struct RateDistortion {
    model: String,
    kind: &'static str,
    model_bytes: u64,
    /// What the model adds, for sets of so many images.
    model_bits_per_pixel: Vec<ModelShare>,
    #[serde(flatten)]
    set: MeasuredSet,
    images: usize,
    curve: RateCurve,
    peers: Vec<RateCurve>,
    bd_rates: Vec<Difference>,
    missing: Option<&'static str>,
    pictures: Vec<PathBuf>,
}

/// What a model adds to the bits of a set's pixels where it is counted with them.
#[derive(Debug, Serialize)]
struct ModelShare {
    images: u64,
    bits_per_pixel: f64,
}

/// The model's bits beside a peer's, for the same quality.
#[derive(Debug, Serialize)]
struct Difference {
    beside: String,
    #[serde(flatten)]
    bd_rate: Option<BdRate>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Reads the images that are measured.
///
/// # Errors
/// They are none or too many, or cannot be read.
pub(crate) fn read_images(set: &ImageSet) -> Result<Vec<Image>, CliError> {
    let count = coded_count(set);
    if count == 0 {
        return Err(CliError::failure(Status::Data, set.name(), "no images"));
    }
    if count > MOST_IMAGES {
        let reason = format!(
            "{} images: bits and losses are measured of at most {}",
            thousands(count as u64),
            thousands(MOST_IMAGES as u64)
        );
        return Err(CliError::failure(Status::Data, set.name(), reason)
            .hint(format!("--limit {MOST_IMAGES}")));
    }
    let mut pixels = 0;
    let images = (0..count).map(|index| {
        let (image, shape) = coded_image(set, index)?;
        pixels += shape.pixels();
        if pixels > MOST_PIXELS {
            let reason = format!(
                "{index} images have {} pixels already: bits and losses are measured of at most {}",
                thousands(pixels as u64),
                thousands(MOST_PIXELS as u64)
            );
            return Err(CliError::failure(Status::Data, set.name(), reason)
                .hint(format!("--limit {}", index.max(1))));
        }
        Ok(image)
    });
    images.collect()
}

/// The pictures in a folder, which is made, and in which they are not yet unless `force`.
///
/// # Errors
/// One is there, or the folder cannot be made.
pub(crate) fn pictures_of(folder: &Path, force: bool) -> Result<[PathBuf; 2], CliError> {
    make_folder(folder)?;
    let pictures = ["curves.png", "images.png"].map(|name| folder.join(name));
    for picture in &pictures {
        check_drawing(picture, force)?;
    }
    Ok(pictures)
}

/// Measures the peers, draws both pictures and puts all of it together.
///
/// # Errors
/// A peer does not take the images, or a picture cannot be written.
pub(crate) fn compare(
    rated: &Rated,
    images: &[Image],
    set: MeasuredSet,
    pictures: [PathBuf; 2],
    terminal: &Terminal,
) -> Result<RateDistortion, CliError> {
    let mut curves: Vec<(&dyn PeerCodec, RateCurve)> = Vec::new();
    for peer in peers() {
        terminal.note(format!("measuring {}", peer.name()));
        let measured = measure_peer(peer, images)?;
        curves.extend(measured.into_iter().map(|curve| (peer, curve)));
    }
    draw_curves(rated, &curves, &set)?.write_png(&pictures[0])?;
    draw_images(rated, &curves, images)?.write_png(&pictures[1])?;
    let pixels = images.iter().map(|image| image.shape().pixels() as u64);
    let pixels_per_image = pixels.sum::<u64>() as f64 / images.len() as f64;
    let shares = SETS.map(|count| ModelShare {
        images: count,
        bits_per_pixel: 8.0 * rated.model_bytes as f64 / (count as f64 * pixels_per_image),
    });
    let bd_rates = curves.iter().filter(|(_, curve)| curve.points.len() > 1);
    Ok(RateDistortion {
        model: rated.name.clone(),
        kind: rated.kind,
        model_bytes: rated.model_bytes,
        model_bits_per_pixel: shares.into(),
        set,
        images: images.len(),
        curve: rated.curve.clone(),
        bd_rates: bd_rates
            .map(|(_, peer)| difference(&rated.curve, peer))
            .collect(),
        peers: curves.into_iter().map(|(_, curve)| curve).collect(),
        missing: missing_peers(),
        pictures: pictures.into(),
    })
}

fn difference(curve: &RateCurve, peer: &RateCurve) -> Difference {
    let found = curve.bd_rate(peer);
    Difference {
        beside: peer.title(),
        bd_rate: found.ok(),
        reason: found.err().map(|reason| reason.to_string()),
    }
}

/// PSNR over bits.
fn draw_curves(
    rated: &Rated,
    curves: &[(&dyn PeerCodec, RateCurve)],
    set: &MeasuredSet,
) -> Result<ae_report::Picture, CliError> {
    // Where only a lossless peer is, there is no curve.
    let peers = curves.iter().map(|(_, curve)| curve);
    let peers = peers.filter(|curve| curve.points.iter().any(|point| point.psnr.is_finite()));
    let ours = RateCurve {
        name: format!("{} ({})", rated.kind, rated.name),
        ..rated.curve.clone()
    };
    let series = std::iter::once(&ours).chain(peers).enumerate();
    let series = series.map(|(index, curve)| RateSeries {
        name: match index {
            0 => curve.name.clone(),
            _ => curve.title(),
        },
        points: (0..curve.points.len())
            .map(|place| RatePoint {
                bits_per_pixel: curve.points[place].bits_per_pixel,
                psnr: curve.points[place].psnr,
                // Those between would lie on each other.
                label: match index == 0 && (place == 0 || place + 1 == curve.points.len()) {
                    true => curve.points[place].setting.clone(),
                    false => String::new(),
                },
            })
            .collect(),
    });
    Ok(rate_distortion(&RateDistortionRequest {
        title: "Bits and losses".to_owned(),
        subtitle: format!(
            "{}: {}; whole files, the model's {} bytes not counted",
            set.data,
            set.images(),
            thousands(rated.model_bytes)
        ),
        series: series.collect(),
    })?)
}

/// A few images, and what each codec makes of them in about as many bits as the model takes at its middle setting.
fn draw_images(
    rated: &Rated,
    curves: &[(&dyn PeerCodec, RateCurve)],
    images: &[Image],
) -> Result<ae_report::Picture, CliError> {
    let step = images.len().div_ceil(SHOWN).max(1);
    // A grid has images of one size: of pictures the middle.
    let sides = images.iter().map(|image| image.shape().size());
    let sides = sides.fold([SHOWN_SIDE; 2], |[height, width], size| {
        [height.min(size.height), width.min(size.width)]
    });
    let shown = |images: &[Image]| -> Vec<Image> {
        images.iter().step_by(step).take(SHOWN).cloned().collect()
    };
    let row = |label: String,
               point: Option<&ae_eval::RatePoint>,
               images: Vec<Image>|
     -> Result<GridRow, CliError> {
        let images = images.iter().map(|image| middle(image, sides));
        let mut row = GridRow::images(label, images.collect::<Result<_, _>>()?);
        row.note = match point {
            None => String::new(),
            Some(point) if point.psnr.is_finite() => format!(
                "{}\n{:.3} bits per pixel, {:.1} dB",
                point.setting, point.bits_per_pixel, point.psnr
            ),
            Some(point) => format!(
                "{}\n{:.3} bits per pixel, exact",
                point.setting, point.bits_per_pixel
            ),
        };
        Ok(row)
    };
    let half = rated.curve.points.len().saturating_sub(1) / 2;
    let mut rows = vec![row("original".to_owned(), None, shown(images))?];
    if let (Some(point), Some(decoded)) = (rated.curve.points.get(half), rated.decoded.get(half)) {
        rows.push(row(rated.kind.to_owned(), Some(point), shown(decoded))?);
        for (peer, curve) in curves {
            let Some(index) = curve.nearest(point.bits_per_pixel) else {
                continue;
            };
            let quality = peer.qualities()[index];
            let decoded = match curve.arrangement {
                // What becomes of an image doesn't depend on the others.
                Arrangement::Mosaic => decoded_by_peer(*peer, images, curve.arrangement, quality)?,
                arrangement => decoded_by_peer(*peer, &shown(images), arrangement, quality)?,
            };
            let Some((_, decoded)) = decoded else {
                continue;
            };
            let decoded = match curve.arrangement {
                Arrangement::Mosaic => shown(&decoded),
                _ => decoded,
            };
            rows.push(row(curve.title(), Some(&curve.points[index]), decoded)?);
        }
    }
    Ok(picture_grid(&GridRequest {
        title: "Nearest to equal bits".to_owned(),
        subtitle: rated.name.clone(),
        column_labels: Vec::new(),
        rows,
    })?)
}

impl RateDistortion {
    /// The tables for people.
    pub(crate) fn text(&self) -> String {
        let columns = [
            Column::left("codec"),
            Column::left("setting"),
            Column::right("bytes"),
            Column::decimal("bits/pixel"),
            Column::decimal("PSNR dB"),
        ];
        let ours = self
            .curve
            .points
            .iter()
            .map(|point| (self.kind.to_owned(), point));
        let theirs = self.peers.iter().flat_map(|curve| {
            let title = curve.title();
            curve.points.iter().map(move |point| (title.clone(), point))
        });
        let rows: Vec<Vec<String>> = ours
            .chain(theirs)
            .map(|(codec, point)| {
                vec![
                    codec,
                    point.setting.clone(),
                    thousands(point.bytes),
                    format!("{:.3}", point.bits_per_pixel),
                    match point.psnr.is_finite() {
                        true => format!("{:.2}", point.psnr),
                        false => "exact".to_owned(),
                    },
                ]
            })
            .collect();
        let mut text = format!(
            "{}\n{}: a model of kind {}, {} bytes\n\n{}\n",
            self.set.line(self.images),
            self.model,
            self.kind,
            thousands(self.model_bytes),
            ae_report::table(&columns, &rows),
        );
        text.push_str("bits beside, for the same PSNR (BD-rate):\n");
        for difference in &self.bd_rates {
            let beside = &difference.beside;
            text.push_str(&match (&difference.bd_rate, &difference.reason) {
                (Some(found), _) => format!(
                    "  {beside}: {:+.1}%, from {:.1} to {:.1} dB\n",
                    100.0 * found.share,
                    found.from_psnr,
                    found.to_psnr
                ),
                (None, reason) => {
                    format!(
                        "  {beside}: none, {}\n",
                        reason.as_deref().unwrap_or_default()
                    )
                }
            });
        }
        if let Some(missing) = self.missing {
            text.push_str(&format!("  {missing}\n"));
        }
        let shares: Vec<String> = self
            .model_bits_per_pixel
            .iter()
            .map(|share| {
                format!(
                    "{:.3} for {}",
                    share.bits_per_pixel,
                    thousands(share.images)
                )
            })
            .collect();
        text.push_str(&format!(
            "the model counted with its images, bits per pixel more: {} images\n",
            shares.join(", ")
        ));
        for picture in &self.pictures {
            text.push_str(&format!("picture   {}\n", picture.display()));
        }
        text
    }
}

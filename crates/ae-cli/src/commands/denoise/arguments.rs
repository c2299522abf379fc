//! The command's arguments.

use std::path::PathBuf;

use ae_data::ValueRange;
use clap::Args;

use crate::arguments::value::parsed;
use crate::arguments::{DeviceArguments, NoiseArgument};
use crate::commands::denoise::denoiser::DenoiserArguments;

/// Remove noise from pictures of any size.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  ae denoise photo.png -o clean.png
  ae denoise photo.jpg -o clean.jpg --strength 0.8 --preview half.png
  ae denoise photo.jpg -o clean.jpg --orientations 8
  ae denoise scans/ more.jpg -o clean/ --model bm3d
  ae denoise --self scan.png -o clean.png
  ae denoise letter.png -o clean.png --model runs/glyphs-conv-denoise-1
  mpirun -n 4 ae denoise 'shards/*.tar' -o clean/ --model bm3d        a shard for each shard
  ae denoise set.tar -o clean/ --model bm3d                           clean/set.tar
  ae denoise clean-photo.png -o again.png --noise gaussian:0.1 --compare shown.png

The picture keeps its size, its bits, alpha, color profile, resolution, EXIF and pages as far as the format
holds them; what it cannot hold is said. The extension says the format: png, jpg, tif, webp, gif, bmp, pgm,
ppm, pnm, pam, qoi, tga, ff, exr. A JPEG is as fine as the one that came in.

Folders are gone through with the folders in them, and their pictures keep their place. A picture that fails
is named and the others are done; the exit code is then that of the first failure.

With --noise, noise is added first and PSNR and SSIM before and after are printed (pixels on 0..1: data range
1), of the file that was written.

The model photo is built in: a network that was trained on photographs with Gaussian noise of sigma 0 to 55 of 255
and is not told how strong the noise is. Of color one network denoises the luminance, another the chrominances.

Filters by name: bm3d, nlm, median. The first two have to know how strong the noise is, its
standard deviation. Where --noise-level does not say it, it is estimated from each page, by the median of the
finest diagonal wavelet coefficients (Donoho and Johnstone 1994), and printed; texture makes it too high, and
noise that is alike in neighboring pixels, as in JPEGs, too low. A name wins over a file: ./bm3d is a path.

With --self a network of 22,000 weights is trained on the picture alone, anew for each (Zero-Shot Noise2Noise), on
the CPU: 256x256 pixels take 70 to 160 processor seconds, 512x512 four times that, and larger pictures no more, but
for the last pass: they are trained on in windows. It needs neither a model nor the noise's level. --steps 1000 takes
half the time.
It takes away noise that is independent from pixel to pixel; where a picture's noise is not, a warning says so.
--shrink 2 halves the picture before, and what neighboring pixels have in common of their noise with it.

A model runs over a picture in overlapping tiles that are blended, so memory stays bounded. A
gray model does a color picture channel by channel.")]
pub(crate) struct DenoiseArguments {
    /// Pictures, or folders of them; or .tar archives of pictures, as one path or pattern.
    #[arg(required = true, value_name = "PICTURE")]
    pub(super) pictures: Vec<PathBuf>,
    /// What removes the noise.
    #[command(flatten)]
    pub(super) denoiser: DenoiserArguments,
    /// A file for one picture, or a folder for several.
    #[arg(long, short, value_name = "PATH")]
    pub(super) out: PathBuf,
    /// Add this noise to the picture first and print the PSNR before and after.
    #[command(flatten)]
    pub(super) noise: NoiseArgument,
    /// Draw the noisy, the denoised and the clean picture side by side.
    #[arg(long, value_name = "FILE", requires = "noise")]
    pub(super) compare: Option<PathBuf>,
    /// Draw one picture whose left half is as it was and whose right half is denoised.
    #[arg(long, value_name = "FILE")]
    pub(super) preview: Option<PathBuf>,
    /// The seed of the noise, and of what --self begins with [default: 0].
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// The quality of JPEG, 1 to 100 [default: as fine as the picture's JPEG, 95 for other formats].
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) quality: Option<u8>,
    /// The values of black and white in pictures of 16 bits or floating point, as 0..4095 [default: found out from the
    /// picture].
    #[arg(long, value_name = "LOW..HIGH", value_parser = parsed::<ValueRange>, allow_hyphen_values = true)]
    pub(super) range: Option<ValueRange>,
    /// Read pictures of up to N pixels a page [default: 67108864].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_pixels: Option<u64>,
    /// Write over files that exist, the picture itself among them.
    #[arg(long)]
    pub(super) force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub(super) device: DeviceArguments,
}

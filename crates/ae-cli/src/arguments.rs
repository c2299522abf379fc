//! The command line as it is typed: raw arguments, which the commands check before they run.

mod bench;
mod code_space;
mod data;
mod device;
mod kind;
mod model;
mod sets;
mod train;
mod uses;
mod value;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::bench::BenchArguments;
pub(crate) use self::code_space::{GenerateArguments, InterpolateArguments, TraverseArguments};
pub(crate) use self::data::{DataArguments, MeasuredPart, NoiseArgument, Part};
pub(crate) use self::device::DeviceArguments;
pub(crate) use self::kind::{KindArguments, ModelKind, NetworkKind};
pub(crate) use self::model::{ModelOption, ModelPosition};
use self::sets::DATA_EXAMPLES;
pub(crate) use self::sets::{
    DataCommand, DataGlyphsArguments, DataInfoArguments, DataNoiseArguments, DataPosition,
    DataShowArguments,
};
pub(crate) use self::train::{ClipNorm, TrainArguments};
pub(crate) use self::uses::{AnomalyArguments, MapArguments, MapMethod, ProbeArguments};
pub(crate) use self::value::CheckpointInterval;
use self::value::at_least_one;
pub(crate) use self::verify::VerifyArguments;

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 a mistake in ae; 2 wrong command line or configuration; 3 bad data; 4 bad model
or checkpoint; 5 files, locks, disk; 6 network (downloads); 7 training diverged; 8 device or memory;
130 stopped by ctrl-c, 143 by SIGTERM or SIGHUP, everything saved.
`ae COMMAND --help` shows a command's options, with examples.";

/// Trains autoencoders on images and puts them to use.
#[derive(Debug, Parser)]
#[command(
    name = "ae",
    version,
    subcommand_required = true,
    arg_required_else_help = false,
    args_override_self = false,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = format!("{TOP_EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const TOP_EXAMPLES: &str = "\
Examples:
  ae train                                   the convolutional autoencoder on the built-in letters
  ae train --noise gaussian:0.5              the same as a denoiser
  ae train --model vae --latent 16           a variational one
  ae eval runs/glyphs-conv-1                 a model beside PCA, JPEG and other baselines
  ae denoise photo.png -o clean.png          a picture of any size, by the newest denoiser in runs/
  ae generate runs/glyphs-vae-1 -o new.png   new letters
  ae data info letters.tar.gz                what a set of images holds";

/// A command and its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a model, or go on with a run.
    Train(Box<TrainArguments>),
    /// Measure a model beside baselines on the same images.
    Eval(EvalArguments),
    /// Pass images through a model and write what comes out.
    Reconstruct(ReconstructArguments),
    /// Remove noise from pictures of any size.
    Denoise(DenoiseArguments),
    /// Compress images to codes, as a NumPy file.
    Encode(EncodeArguments),
    /// Make images of the codes in a NumPy file.
    Decode(DecodeArguments),
    /// Draw what a model does, or how its losses fell.
    Show(ShowArguments),
    /// Draw new images, from codes drawn at random.
    Generate(GenerateArguments),
    /// Draw the way from one image to another.
    Interpolate(InterpolateArguments),
    /// Draw what single numbers of a code do.
    Traverse(TraverseArguments),
    /// Find images that are strange to a model.
    Anomaly(AnomalyArguments),
    /// Measure how much codes tell of the labels.
    Probe(ProbeArguments),
    /// Lay codes out in a plane.
    Map(MapArguments),
    /// Say what a model or a run is.
    Info(InfoArguments),
    /// Train reference protocols and compare with what others got.
    Verify(VerifyArguments),
    /// Look at image sets, draw noises, make glyphs.
    #[command(subcommand, after_help = DATA_EXAMPLES, disable_help_subcommand = true)]
    Data(DataCommand),
    /// Measure how many images a second a model takes on this machine.
    Bench(BenchArguments),
    /// List the backends of this build and the devices of this machine.
    #[command(after_help = "Examples:\n  ae devices\n  ae devices --json")]
    Devices {
        /// How to print.
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Print a completion script for a shell.
    #[command(
        after_help = "Examples:\n  ae completions bash > ~/.local/share/bash-completion/completions/ae\n  ae completions zsh > ~/.zfunc/_ae"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// How a command prints.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print no progress and no notes.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Measures a model beside baselines.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae eval                                    the newest run under runs/, on its own test images
  ae eval runs/glyphs-conv-1 --data letters.tar.gz --json
  ae eval runs/glyphs-conv-1 --noise salt-and-pepper:0.2 --limit 500
  ae eval runs/glyphs-vae-1 --nll 200        the log-likelihood by 200 importance samples, too")]
pub(crate) struct EvalArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images.
    #[command(flatten)]
    pub data: DataArguments,
    /// Add this noise to what the model sees [default: what it was trained with].
    #[command(flatten)]
    pub noise: NoiseArgument,
    /// The seed of the noise [default: the run's].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Which images of the set are measured; PCA and the like are fitted to the training images.
    #[arg(long, value_enum, default_value_t = MeasuredPart::Test)]
    pub part: MeasuredPart,
    /// Estimate the log-likelihood of the images by this many codes each (vae).
    #[arg(long, value_name = "SAMPLES", value_parser = at_least_one)]
    pub nll: Option<usize>,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Passes images through a model.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae reconstruct runs/glyphs-conv-1 --limit 20 -o letters/
  ae reconstruct --data photo.png -o photo-again.png
  ae reconstruct --data pictures/ --part all -o pictures-again/ --json
  ae reconstruct --limit 100 -o outputs.npy          the numbers themselves, float32, shape
                                                     (images, channels, height, width)")]
pub(crate) struct ReconstructArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images.
    #[command(flatten)]
    pub data: DataArguments,
    /// Add this noise to what the model sees.
    #[command(flatten)]
    pub noise: NoiseArgument,
    /// The seed of the noise [default: the run's].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Which images of the set [default: all with --data, else test].
    #[arg(long, value_enum)]
    pub part: Option<Part>,
    /// The folder for the images, a file for a single one, or an .npy file for all.
    #[arg(long, short, value_name = "PATH")]
    pub out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Removes noise from pictures.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae denoise photo.png -o clean.png
  ae denoise scans/ more.jpg -o clean/ --model runs/glyphs-conv-denoise-1
  ae denoise clean-photo.png -o again.png --noise gaussian:0.1 --compare shown.png

With --noise, noise is added first and the PSNR before and after is printed.

The picture keeps its size. A convolutional model runs over it in overlapping tiles that are blended,
so memory stays bounded. A gray model does a colour picture channel by channel.")]
pub(crate) struct DenoiseArguments {
    /// Pictures, or folders of them.
    #[arg(required = true, value_name = "PICTURE")]
    pub pictures: Vec<PathBuf>,
    /// The model.
    #[command(flatten)]
    pub model: ModelOption,
    /// A file for one picture, or a folder for several.
    #[arg(long, short, value_name = "PATH")]
    pub out: PathBuf,
    /// Add this noise to the picture first and print the PSNR before and after.
    #[command(flatten)]
    pub noise: NoiseArgument,
    /// Draw the noisy, the denoised and the clean picture side by side.
    #[arg(long, value_name = "FILE", requires = "noise")]
    pub compare: Option<PathBuf>,
    /// The seed of the noise.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// The side of a tile in pixels.
    #[arg(long, value_name = "PIXELS", value_parser = at_least_one, default_value_t = 256)]
    pub tile: usize,
    /// Write over files that exist, the picture itself among them.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Compresses images to codes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae encode runs/glyphs-conv-1 --data letters.tar.gz -o codes.npy
  ae encode --data photo.png -o code.npy
  python3 -c 'import numpy; print(numpy.load(\"codes.npy\").shape)'

The file holds little-endian float32 in C order, shape (images, code's shape...).")]
pub(crate) struct EncodeArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images.
    #[command(flatten)]
    pub data: DataArguments,
    /// Which images of the set [default: all with --data, else test].
    #[arg(long, value_enum)]
    pub part: Option<Part>,
    /// The .npy file.
    #[arg(long, short, value_name = "FILE", default_value = "codes.npy")]
    pub out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Makes images of codes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae decode codes.npy -o images/
  ae decode code.npy --model runs/glyphs-conv-1 -o image.png")]
pub(crate) struct DecodeArguments {
    /// The .npy file: float32 or float64, one code a row.
    #[arg(value_name = "CODES")]
    pub codes: PathBuf,
    /// The model.
    #[command(flatten)]
    pub model: ModelOption,
    /// The folder for the images, or a file for a single one.
    #[arg(long, short, value_name = "PATH")]
    pub out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Draws what a model does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae show runs/glyphs-conv-1 -o letters.png          inputs, their codes, what comes out
  ae show runs/glyphs-conv-1 --noise masking:0.3 -o noisy.png   noisy, denoised, clean
  ae show runs/glyphs-conv-1 --losses -o losses.png  the run's losses by epoch")]
pub(crate) struct ShowArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images.
    #[command(flatten)]
    pub data: DataArguments,
    /// Add this noise to what the model sees [default: what it was trained with].
    #[command(flatten)]
    pub noise: NoiseArgument,
    /// The seed of the noise [default: the run's].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Which images of the set [default: all with --data, else test].
    #[arg(long, value_enum)]
    pub part: Option<Part>,
    /// How many images to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 10)]
    pub count: usize,
    /// Draw the run's losses by epoch.
    #[arg(long)]
    pub losses: bool,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Says what a model is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae info                                    the newest run under runs/
  ae info runs/glyphs-conv-1
  ae info model.safetensors --json")]
pub(crate) struct InfoArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn clap_finds_no_contradiction() {
        Cli::command().debug_assert();
    }
}

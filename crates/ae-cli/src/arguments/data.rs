//! Which images, and what is done to them on the way in.

use std::str::FromStr as _;

use ae_data::{Binarization, Channels, Fit, Part, Size, ValueRange, source_kinds};
use clap::Args;
use clap::builder::TypedValueParser;

use super::value::{at_least_one, named, parsed, share, share_or_none};

/// Where images come from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArguments {
    #[arg(long, value_name = "SET", help = data_help())]
    pub data: Option<String>,
    /// Bring images to this size: 28 or WIDTHxHEIGHT.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub size: Option<Size>,
    /// How to bring them to that size where their proportions are others: cropped to the middle, padded with black, or stretched
    /// [default: crop].
    #[arg(long, value_name = "HOW", value_parser = named::<Fit>(["crop", "pad", "stretch"]))]
    pub fit: Option<Fit>,
    /// Bring images to gray or color.
    #[arg(long, value_name = "KIND", value_parser = named::<Channels>(["gray", "rgb"]))]
    pub channels: Option<Channels>,
    /// Cut square patches of so many pixels a side from pictures of any sizes: training patches are drawn anew in each
    /// epoch, flipped and turned, others once [default: as the model was trained, else whole images].
    #[arg(long, value_name = "PIXELS", value_parser = at_least_one, conflicts_with_all = ["size", "binarize"])]
    pub patch: Option<usize>,
    /// The values of black and white in pictures of 16 bits or floating point, as 0..4095 [default: as the model was
    /// trained, else found out from all pictures].
    #[arg(long, value_name = "LOW..HIGH", value_parser = parsed::<ValueRange>, allow_hyphen_values = true)]
    pub range: Option<ValueRange>,
    /// Read pictures of up to N pixels [default: 67108864].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_pixels: Option<u64>,
    /// Make images black and white, each value white with its brightness as probability: drawn once
    /// (static) or, for training, anew in each epoch (dynamic) [default: as the model was trained, else none].
    #[arg(long, value_name = "HOW", value_parser = named::<Binarization>(["none", "static", "dynamic"]))]
    pub binarize: Option<Binarization>,
    /// Use N images alone, of each part where a command tells parts apart, spread over the classes.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub limit: Option<usize>,
    /// The share of images set aside for testing where the set has no test files [default: 0.1].
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub test_share: Option<f64>,
    /// The share of images set aside for comparing epochs where the set has no validation files; 0 for none
    /// [default: 0.2].
    #[arg(long, value_name = "SHARE", value_parser = share_or_none)]
    pub validation_share: Option<f64>,
    /// Drop training images that also occur among the validation or test images, and validation images that occur
    /// among the test images.
    #[arg(long)]
    pub dedup: bool,
    /// Take any unreadable file as an error; otherwise one in a hundred is passed over and told of, and one alone of ten or more.
    #[arg(long)]
    pub strict: bool,
}

fn data_help() -> String {
    format!(
        "The images: {} [default: the model's own, else glyphs]",
        known_sets()
    )
}

/// What may be named as a set of images.
pub(crate) fn known_sets() -> String {
    let (named, formats): (Vec<_>, Vec<_>) = source_kinds()
        .into_iter()
        .partition(|kind| kind.name.is_some());
    let titles = |kinds: Vec<ae_data::SourceKind>| -> Vec<&str> {
        kinds.into_iter().map(|kind| kind.title).collect()
    };
    format!(
        "a set by name ({}), or by path {}",
        titles(named).join(", "),
        titles(formats).join(", ")
    )
}

/// A set, named with or without `--data`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataPosition {
    /// The set; the same as --data.
    #[arg(value_name = "SET", conflicts_with = "data")]
    pub set: Option<String>,
    /// The images.
    #[command(flatten)]
    pub data: DataArguments,
}

/// Reads the name of a part of a set.
pub(crate) fn part() -> impl TypedValueParser<Value = Part> {
    named::<Part>(Part::NAMES)
}

fn size(text: &str) -> Result<Size, String> {
    Size::from_str(text).map_err(|error| error.to_string())
}

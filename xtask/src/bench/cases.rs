//! What is measured.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands::{output_of, run};

/// What is measured of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    /// A step of training: forward, backward, optimiser.
    Train,
    /// Forward.
    Infer,
    /// A whole training up to a test error.
    Reach,
    /// A large picture, from exec to file.
    Picture,
    /// A command, from exec to exit.
    Start,
    /// The most memory that a process has held.
    Memory,
}

impl Task {
    /// All of them, in the order in which they are told.
    pub(crate) const ALL: [Self; 6] = [
        Self::Train,
        Self::Infer,
        Self::Reach,
        Self::Picture,
        Self::Start,
        Self::Memory,
    ];

    /// As the peers and the CSV file know it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Infer => "infer",
            Self::Reach => "reach",
            Self::Picture => "picture",
            Self::Start => "start",
            Self::Memory => "memory",
        }
    }

    /// What its numbers count.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Train | Self::Infer => "images/s",
            Self::Reach => "s",
            Self::Picture => "megapixels/s",
            Self::Start => "ms",
            Self::Memory => "MiB",
        }
    }
}

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Network {
    /// The convolutional autoencoder.
    Convolutional,
    /// The dense one.
    Dense,
    /// The variational one of the classic example, 784-400-20.
    Variational,
    /// A dense one with a sparse code of 256 numbers.
    Sparse,
}

impl Network {
    /// The name that the peers know it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Convolutional => "conv",
            Self::Dense => "dense",
            Self::Variational => "vae",
            Self::Sparse => "sparse",
        }
    }

    /// What tells `ae train` to build it.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Convolutional => &["--model", "conv"],
            Self::Dense => &["--model", "dense"],
            Self::Variational => &[
                "--model",
                "vae",
                "--network",
                "dense",
                "--widths",
                "400",
                "--latent",
                "20",
            ],
            Self::Sparse => &[
                "--model",
                "sparse",
                "--network",
                "dense",
                "--widths",
                "128",
                "--latent",
                "256",
            ],
        }
    }
}

/// Channels, height, width.
pub(crate) type Shape = [usize; 3];

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) network: Network,
    pub(crate) shape: Shape,
    pub(crate) batch: usize,
    pub(crate) threads: usize,
    /// Standard deviation of the noise on the input of training.
    pub(crate) noise: f64,
    /// A set to train on, through the whole of `ae train`; without it, made-up pictures in memory.
    pub(crate) data: Option<PathBuf>,
}

impl Case {
    /// Whether candle, of which one training step takes seconds at large batches, is asked.
    pub(crate) fn suits_candle(&self) -> bool {
        self.network == Network::Convolutional
            && self.data.is_none()
            && self.shape == LETTER
            && [1, 32, 128].contains(&self.batch)
    }

    /// Whether Burn's own operations are worth the time: ndarray's train six images a second.
    pub(crate) fn suits_operations(&self, backend: &str) -> bool {
        let is_small = self.batch <= 8 && self.shape == LETTER;
        self.network == Network::Convolutional
            && self.data.is_none()
            && (backend != "ndarray" || is_small)
    }
}

const LETTER: Shape = [1, 28, 28];
const COLOUR: Shape = [3, 64, 64];
const LARGE: Shape = [1, 256, 256];

/// Every case, or the quick ones.
pub(crate) fn all(quick: bool, data: Option<&Path>) -> Vec<Case> {
    let case = |network: Network, shape: Shape, batch, threads| Case {
        name: format!(
            "{} {}x{}x{}, batch {batch}, {threads} threads",
            network.name(),
            shape[1],
            shape[2],
            shape[0]
        ),
        network,
        shape,
        batch,
        threads,
        noise: 0.0,
        data: None,
    };
    use Network::{Convolutional, Dense, Sparse, Variational};
    if quick {
        return [Convolutional, Dense, Variational, Sparse]
            .map(|network| case(network, LETTER, 32, 2))
            .into();
    }
    let mut cases = Vec::new();
    if let Some(data) = data {
        cases.push(Case {
            name: "conv, the whole of ae train with gaussian:0.5, batch 128, 2 threads".to_owned(),
            noise: 0.5,
            data: Some(data.to_owned()),
            ..case(Convolutional, LETTER, 128, 2)
        });
    }
    let of_letters =
        |threads| [1, 8, 32, 128, 512].map(|batch| case(Convolutional, LETTER, batch, threads));
    cases.extend(of_letters(2));
    cases.push(case(Convolutional, COLOUR, 32, 2));
    cases.push(case(Convolutional, LARGE, 8, 2));
    cases.extend([Dense, Variational, Sparse].map(|network| case(network, LETTER, 128, 2)));
    // Last, as peers are started anew for another number of threads.
    cases.extend(of_letters(1));
    cases
}

/// A trained model, there for its shape alone.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) run: PathBuf,
    pub(crate) parameters: u64,
}

/// A model for each network and shape.
pub(crate) type Models = BTreeMap<(Network, Shape), Made>;

/// The model that letters are denoised with.
pub(crate) const OF_LETTERS: (Network, Shape) = (Network::Convolutional, LETTER);

/// Makes those that the cases need, and that of letters, by training on a few pictures.
pub(crate) fn make_models<'a>(
    ae: &Path,
    scratch: &Path,
    cases: impl Iterator<Item = &'a Case>,
) -> Result<Models, Box<dyn Error>> {
    let letters = scratch.join("letters");
    fs::create_dir_all(&letters)?;
    let ae = ae.display().to_string();
    let picture = letters.join("first.png");
    let path = picture.display().to_string();
    run(
        scratch,
        &ae,
        &["data", "show", "glyphs", "-o", &path, "--quiet"],
    )?;
    // One to train on and one to test on.
    fs::copy(&picture, letters.join("second.png"))?;
    let mut models = Models::new();
    for key in cases
        .map(|case| (case.network, case.shape))
        .chain([OF_LETTERS])
    {
        if let Entry::Vacant(place) = models.entry(key) {
            place.insert(make_model(&ae, scratch, &letters, key)?);
        }
    }
    Ok(models)
}

fn make_model(
    ae: &str,
    scratch: &Path,
    letters: &Path,
    (network, shape): (Network, Shape),
) -> Result<Made, Box<dyn Error>> {
    let [channels, height, width] = shape;
    let out = scratch.join(format!("{}-{height}-{channels}", network.name()));
    let (out_text, size) = (out.display().to_string(), format!("{width}x{height}"));
    let letters = letters.display().to_string();
    let data = if shape == LETTER { "glyphs" } else { &letters };
    let channels = if channels == 3 { "rgb" } else { "gray" };
    let mut arguments = vec![
        "train",
        "--quiet",
        "--epochs",
        "1",
        "--limit",
        "1",
        "--data",
        data,
        "--backend",
        "flex",
        "--out",
        &out_text,
    ];
    arguments.extend(network.arguments());
    if shape != LETTER {
        arguments.extend(["--size", &size, "--channels", channels]);
    }
    run(scratch, ae, &arguments)?;
    let info = output_of(Command::new(ae).args(["info", "--json", "--quiet", &out_text]))?;
    Ok(Made {
        run: out,
        parameters: info["parameters"]
            .as_u64()
            .ok_or("ae info tells no parameters")?,
    })
}

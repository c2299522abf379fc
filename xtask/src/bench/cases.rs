//! What is measured.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::run;

/// What a contender does with images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    /// A step of training: forward, backward, optimiser.
    Train,
    /// Forward.
    Infer,
}

impl Task {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Infer => "infer",
        }
    }
}

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Network {
    /// The convolutional autoencoder.
    Convolutional,
    /// The dense one.
    Dense,
}

impl Network {
    /// The name that `ae train --model` and the peers know it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Convolutional => "conv",
            Self::Dense => "dense",
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
    use Network::{Convolutional, Dense};
    if quick {
        return vec![
            case(Convolutional, LETTER, 32, 2),
            case(Dense, LETTER, 32, 2),
        ];
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
    cases.extend([1, 8, 32, 128, 512].map(|batch| case(Convolutional, LETTER, batch, 2)));
    cases.extend([1, 128].map(|batch| case(Convolutional, LETTER, batch, 1)));
    cases.push(case(Convolutional, COLOUR, 32, 2));
    cases.push(case(Convolutional, LARGE, 8, 2));
    cases.push(case(Dense, LETTER, 128, 2));
    cases
}

/// A model file for each network and shape.
pub(crate) type Models = BTreeMap<(Network, Shape), PathBuf>;

/// Makes them, by training on a few letters.
pub(crate) fn make_models(ae: &Path, scratch: &Path) -> Result<Models, Box<dyn Error>> {
    let mut models = Models::new();
    let wanted = [
        (Network::Convolutional, LETTER),
        (Network::Convolutional, COLOUR),
        (Network::Convolutional, LARGE),
        (Network::Dense, LETTER),
    ];
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
    // One to train on and one to test on; the models are there for their shapes alone.
    fs::copy(&picture, letters.join("second.png"))?;
    for (network, shape) in wanted {
        let [channels, height, width] = shape;
        let out = scratch.join(format!("{}-{height}-{channels}", network.name()));
        let (out_text, size) = (out.display().to_string(), format!("{width}x{height}"));
        let data = if shape == LETTER {
            "glyphs"
        } else {
            letters.to_str().unwrap_or(".")
        };
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
            "--model",
            network.name(),
            "--backend",
            "flex",
            "--out",
            &out_text,
        ];
        if shape != LETTER {
            arguments.extend(["--size", &size, "--channels", channels]);
        }
        run(scratch, &ae, &arguments)?;
        models.insert((network, shape), out);
    }
    Ok(models)
}

//! What a protocol is: what is trained on what, how it is measured, and what others got.

use std::path::{Path, PathBuf};

use ae_data::Binarization;
use ae_models::ModelConfig;
use ae_report::thousands;
use ae_train::TrainConfig;

/// One row of the table.
pub(super) struct Protocol {
    /// What is trained, in a few words.
    pub(super) name: &'static str,
    /// Whose protocol it is.
    pub(super) origin: Origin,
    /// Which images.
    pub(super) data: Data,
    /// Which of the training images are not trained on.
    pub(super) held_out: HeldOut,
    /// Whether a quick run has it, too.
    pub(super) is_quick: bool,
    /// Whether images are made black and white.
    pub(super) binarize: Binarization,
    /// What is measured.
    pub(super) measure: Measure,
    /// What others got.
    pub(super) known: Known,
    /// How far from it still passes.
    pub(super) tolerance: Tolerance,
    /// How many seeds it is trained from: those of the reference where there is one.
    pub(super) seeds: u64,
    /// The model.
    pub(super) model: fn() -> ModelConfig,
    /// How it is trained.
    pub(super) train: fn() -> TrainConfig,
}

/// Whose protocol a row follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Origin {
    pub(super) whose: &'static str,
    /// What is done in another way here: with any, the protocol is ours.
    pub(super) differences: &'static [&'static str],
}

/// What is kept back of a source's own training images, the last of them in its files' order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum HeldOut {
    /// Nothing: all are trained on, and epochs are not compared.
    Nothing,
    /// So many, by which epochs are compared.
    Validation(usize),
    /// So many, which are not used.
    Unused(usize),
}

/// How far a mean may be above what others got, and pass. Below it always does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tolerance {
    /// Two standard errors: of the difference, where the reference is a mean over seeds, and of the mean over our seeds
    /// beside the rounding of a number that was printed.
    TwoStandardErrors,
    /// A share of it.
    Share(f64),
}

/// A set, by its folder in the directory of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Data {
    /// 7,000 training and 1,000 test images of letters.
    NotMnist8k,
    /// 10,000 digits, of which every tenth is tested on.
    Mnist10k,
    /// 60,000 images of letters out of 529,114, of which a fifth is tested on, as the classic tutorial has it.
    NotMnistLarge,
    /// 60,000 training and 10,000 test images of digits.
    Mnist,
}

/// What is measured on the test images after the last epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// The mean squared error, under the noise that was trained on.
    Mse,
    /// The mean binary cross-entropy of reconstructions.
    Bce,
    /// The negative evidence lower bound, in nats per image.
    NegativeBound,
    /// The negative log-likelihood by importance sampling, in nats per image.
    NegativeLogLikelihood { samples: usize },
    /// The mean squared error over that of principal components of as many numbers, fitted to the same images.
    OverPca,
}

/// What others got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// What a paper or a tutorial printed, as it stands there: one number without an error.
    Published(&'static str),
    /// What a script under `tests/reference` got in PyTorch on the same split: its output stands beside it.
    Reference(Reference),
}

/// A mean over runs from several seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reference {
    pub(super) mean: f64,
    pub(super) standard_error: f64,
    pub(super) runs: usize,
}

impl Origin {
    /// Whether nothing is done in another way.
    pub(super) fn is_theirs(self) -> bool {
        self.differences.is_empty()
    }

    /// In a table's cell.
    pub(super) fn text(self) -> String {
        match self.is_theirs() {
            true => self.whose.to_owned(),
            false => format!("ours, after {}", self.whose),
        }
    }
}

impl Known {
    /// The number to come to.
    pub(super) fn value(self) -> f64 {
        match self {
            Self::Published(printed) => printed.parse().expect("a number of the library's own"),
            Self::Reference(reference) => reference.mean,
        }
    }

    /// What the printed number may be off by for having been rounded: half a unit of its last digit.
    pub(super) fn rounding(self) -> f64 {
        match self {
            Self::Published(printed) => {
                let digits = printed.split_once('.').map_or(0, |(_, after)| after.len());
                0.5 * 10f64.powi(-(digits as i32))
            }
            Self::Reference(_) => 0.0,
        }
    }
}

pub(super) const fn reference(mean: f64, standard_error: f64, runs: usize) -> Known {
    Known::Reference(Reference {
        mean,
        standard_error,
        runs,
    })
}

impl Protocol {
    /// What tells a row from all others.
    pub(super) fn title(&self) -> String {
        format!("{} on {}", self.name, self.data.name())
    }
}

impl Data {
    /// The folder's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotMnist8k => "notmnist-8k",
            Self::Mnist10k => "mnist-10k",
            Self::NotMnistLarge => "notmnist-large",
            Self::Mnist => "mnist",
        }
    }

    /// Where the set is to be had, said when it is missing.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::NotMnist8k => {
                "the first 8,000 images of davidflanagan/notMNIST-to-MNIST as IDX files"
            }
            Self::Mnist10k => "MNIST's two test files",
            Self::NotMnistLarge => "cargo xtask download notmnist-large",
            Self::Mnist => "cargo xtask download mnist",
        }
    }

    /// The set's file or folder.
    pub(super) fn path(self, data: &Path) -> PathBuf {
        let folder = data.join(self.name());
        let archive = folder.join("notMNIST_large.tar.gz");
        match self {
            Self::NotMnistLarge if archive.exists() => archive,
            _ => folder,
        }
    }
}

impl Measure {
    pub(super) fn name(self) -> String {
        match self {
            Self::Mse => "test MSE".to_owned(),
            Self::Bce => "test BCE".to_owned(),
            Self::NegativeBound => "test nats".to_owned(),
            Self::NegativeLogLikelihood { samples } => {
                format!("test NLL, {} codes", thousands(samples as u64))
            }
            Self::OverPca => "MSE / PCA's".to_owned(),
        }
    }

    /// A value as the table has it.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Mse | Self::Bce => format!("{value:.5}"),
            Self::NegativeBound | Self::NegativeLogLikelihood { .. } => format!("{value:.2}"),
            Self::OverPca => format!("{value:.4}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_number_may_be_off_by_half_of_its_last_digit() {
        assert_eq!(Known::Published("0.0723").value(), 0.0723);
        assert!((Known::Published("0.0723").rounding() - 0.000_05).abs() < 1e-15);
        assert_eq!(Known::Published("1").rounding(), 0.5);
        assert_eq!(reference(0.5, 0.1, 3).rounding(), 0.0);
    }

    #[test]
    fn a_download_s_archive_is_found_in_its_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let large = folder.path().join("notmnist-large");
        assert_eq!(Data::NotMnistLarge.path(folder.path()), large);
        std::fs::create_dir(&large).expect("a folder");
        let archive = large.join("notMNIST_large.tar.gz");
        std::fs::write(&archive, "").expect("a file");
        assert_eq!(Data::NotMnistLarge.path(folder.path()), archive);
        assert_eq!(Data::Mnist.path(folder.path()), folder.path().join("mnist"));
    }
}

//! The rows of the table, in its order.

use ae_data::Binarization;

use super::models::{
    adam, burda_adam, conv, denoising, iwae_1, iwae_5, iwae_50, iwae_relu, keras_adam,
    keras_example, keras_rmsprop, linear, linear_16, pythae_adam, rmsprop, vae_400_20, vae_400_40,
};
use super::protocols::{Data, HeldOut, Known, Measure, Origin, Protocol, Tolerance, reference};

/// What is done as somebody else did it, or a script under `tests/reference`.
const fn as_by(whose: &'static str) -> Origin {
    Origin {
        whose,
        differences: &[],
    }
}

/// What most rows have.
const ROW: Protocol = Protocol {
    name: "",
    origin: as_by("conv_autoencoder.py"),
    data: Data::NotMnist8k,
    held_out: HeldOut::Nothing,
    is_quick: false,
    binarize: Binarization::None,
    measure: Measure::Mse,
    known: Known::Published("0"),
    tolerance: Tolerance::TwoStandardErrors,
    seeds: 3,
    model: conv,
    train: || adam(10),
};

/// Of Keras' example on the data that it was printed for.
const KERAS: Protocol = Protocol {
    origin: as_by("Keras' example"),
    data: Data::Mnist,
    measure: Measure::Bce,
    model: keras_example,
    ..ROW
};

/// Of Burda et al. (2016), one stochastic layer.
const BURDA: Protocol = Protocol {
    origin: Origin {
        whose: "Burda et al. 2016",
        differences: &[
            "batches are shuffled each epoch (in their code they are in the file's order)",
            "the output's biases begin at 0 (in their code at the training mean's log-odds)",
            "beta 0.9 as the paper has it, second moments from 0 (in their code 0.99, from 1)",
        ],
    },
    data: Data::Mnist,
    held_out: HeldOut::Unused(400),
    binarize: Binarization::Dynamic,
    measure: Measure::NegativeLogLikelihood { samples: 5_000 },
    train: || burda_adam(),
    ..ROW
};

/// Of yorkLiu's notebook.
const NOTEBOOK: Origin = Origin {
    whose: "yorkLiu's notebook",
    differences: &["another shuffle chooses the 60,000 images and the 12,000 to test on"],
};

/// Every protocol.
pub(super) const PROTOCOLS: [Protocol; 22] = [
    Protocol {
        name: "conv AE, Adam, 10 epochs",
        is_quick: true,
        known: reference(0.00534, 0.00009, 3),
        train: || adam(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, Adam, 10 epochs",
        is_quick: true,
        known: reference(0.01918, 0.00017, 3),
        train: || denoising(adam(10)),
        ..ROW
    },
    Protocol {
        name: "conv AE, RMSProp, 10 epochs",
        known: reference(0.00763, 0.00024, 5),
        seeds: 5,
        train: || rmsprop(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, RMSProp, 10 epochs",
        known: reference(0.02146, 0.00058, 5),
        seeds: 5,
        train: || denoising(rmsprop(10)),
        ..ROW
    },
    Protocol {
        name: "conv AE, Keras' RMSProp, 10 epochs",
        known: reference(0.01302, 0.00045, 4),
        seeds: 4,
        train: || keras_rmsprop(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, Keras' RMSProp, 10 epochs",
        known: reference(0.02706, 0.00071, 4),
        seeds: 4,
        train: || denoising(keras_rmsprop(10)),
        ..ROW
    },
    Protocol {
        name: "VAE 784-400-20, 10 epochs",
        origin: as_by("vae.py"),
        is_quick: true,
        measure: Measure::NegativeBound,
        known: reference(210.84, 0.18, 3),
        model: vae_400_20,
        ..ROW
    },
    Protocol {
        name: "VAE 784-400-40, static, 10 epochs",
        origin: as_by("binarized_vae.py"),
        data: Data::Mnist10k,
        is_quick: true,
        binarize: Binarization::Static,
        measure: Measure::NegativeLogLikelihood { samples: 200 },
        known: reference(113.10, 0.24, 3),
        model: vae_400_40,
        ..ROW
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 1, ReLU, dynamic, 10 epochs",
        origin: as_by("binarized_vae.py"),
        data: Data::Mnist10k,
        binarize: Binarization::Dynamic,
        measure: Measure::NegativeLogLikelihood { samples: 5_000 },
        known: reference(133.54, 0.53, 3),
        model: iwae_relu,
        ..ROW
    },
    Protocol {
        name: "Keras' conv example, epoch 1",
        origin: as_by("keras_example.py"),
        data: Data::Mnist10k,
        is_quick: true,
        measure: Measure::Bce,
        known: reference(0.15945, 0.00820, 3),
        model: keras_example,
        train: || keras_adam(1),
        ..ROW
    },
    Protocol {
        name: "Keras' conv example, epoch 10",
        origin: as_by("keras_example.py"),
        data: Data::Mnist10k,
        measure: Measure::Bce,
        known: reference(0.07081, 0.00009, 3),
        model: keras_example,
        train: || keras_adam(10),
        ..ROW
    },
    Protocol {
        name: "linear dense AE of 16 numbers",
        origin: as_by("the theorem of Baldi and Hornik 1989"),
        is_quick: true,
        measure: Measure::OverPca,
        known: Known::Published("1"),
        tolerance: Tolerance::Share(0.01),
        seeds: 1,
        model: linear_16,
        train: || linear(),
        ..ROW
    },
    Protocol {
        name: "conv AE, RMSProp, 10 epochs",
        origin: NOTEBOOK,
        data: Data::NotMnistLarge,
        known: Known::Published("0.0029"),
        train: || rmsprop(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, RMSProp, 5 epochs",
        origin: NOTEBOOK,
        data: Data::NotMnistLarge,
        known: Known::Published("0.0174"),
        train: || denoising(rmsprop(5)),
        ..ROW
    },
    Protocol {
        name: "Keras' conv example, epoch 1",
        known: Known::Published("0.0723"),
        train: || keras_adam(1),
        ..KERAS
    },
    Protocol {
        name: "Keras' conv example, epoch 10",
        known: Known::Published("0.0648"),
        train: || keras_adam(10),
        ..KERAS
    },
    Protocol {
        name: "Keras' conv example, epoch 50",
        known: Known::Published("0.0622"),
        train: || keras_adam(50),
        ..KERAS
    },
    Protocol {
        name: "VAE 784-400-20, 10 epochs",
        origin: as_by("PyTorch's example"),
        data: Data::Mnist,
        measure: Measure::NegativeBound,
        known: Known::Published("105.59"),
        model: vae_400_20,
        ..ROW
    },
    Protocol {
        name: "VAE 784-400-40, static, 500 epochs",
        origin: Origin {
            whose: "pythae's vae.py",
            differences: &["another draw of the fixed black and white images"],
        },
        data: Data::Mnist,
        held_out: HeldOut::Validation(10_000),
        binarize: Binarization::Static,
        measure: Measure::NegativeLogLikelihood { samples: 200 },
        known: Known::Published("89.78"),
        model: vae_400_40,
        train: || pythae_adam(),
        ..ROW
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 1, dynamic, 3,280 epochs",
        known: Known::Published("86.76"),
        model: iwae_1,
        ..BURDA
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 5, dynamic, 3,280 epochs",
        known: Known::Published("85.54"),
        model: iwae_5,
        ..BURDA
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 50, dynamic, 3,280 epochs",
        known: Known::Published("84.78"),
        model: iwae_50,
        ..BURDA
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::verify::protocols::Reference;

    #[test]
    fn a_row_has_as_many_seeds_as_its_reference_and_three_where_they_judge_it() {
        for row in &PROTOCOLS {
            if let Known::Reference(Reference { runs, .. }) = row.known {
                assert_eq!(row.seeds as usize, runs, "{}", row.name);
            }
            if row.tolerance == Tolerance::TwoStandardErrors {
                assert!(row.seeds >= 3, "{}", row.name);
            }
            assert!(row.known.value() > 0.0, "{}", row.name);
        }
    }

    #[test]
    fn no_two_rows_have_the_same_title() {
        let titles: std::collections::BTreeSet<_> = PROTOCOLS.iter().map(Protocol::title).collect();
        assert_eq!(titles.len(), PROTOCOLS.len());
    }

    #[test]
    fn every_row_can_be_trained() {
        for row in &PROTOCOLS {
            (row.train)().check().expect(row.name);
            let checked = (row.model)().check([1, 28, 28]).expect(row.name);
            if row.name.starts_with("Keras' conv") {
                assert_eq!(checked.parameter_count(), Some(28_353));
            }
        }
    }
}

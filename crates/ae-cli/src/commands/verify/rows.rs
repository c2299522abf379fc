//! The rows of the table, in its order.
//!
//! The published numbers are of the full data. Keras' example and PyTorch's are trained here as they were there. Burda
//! et al. and pythae trained for many more epochs (the former 3,280) with rates that fall, the former with tanh in
//! place of ReLU and batches of 20: 50 and 300 epochs here are what hours have room for, and the margin is for that, too.

use ae_data::Binarization;

use super::models::{
    adam, conv, denoising, falling, iwae_1, iwae_5, iwae_50, keras_adam, keras_example,
    keras_rmsprop, linear, linear_16, rmsprop, vae_400_20, vae_400_40,
};
use super::protocols::{Data, Known, Measure, Protocol, reference};

/// What most rows have.
const ROW: Protocol = Protocol {
    name: "",
    data: Data::NotMnist8k,
    is_quick: false,
    binarize: Binarization::None,
    measure: Measure::Mse,
    known: Known::Published(0.0, ""),
    seeds: 3,
    model: conv,
    train: || adam(10),
};

/// Every protocol.
pub(super) const PROTOCOLS: [Protocol; 22] = [
    Protocol {
        name: "conv AE, Adam, 10 epochs",
        data: Data::NotMnist8k,
        is_quick: true,
        known: reference(0.00534, 0.00009, 3),
        train: || adam(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, Adam, 10 epochs",
        data: Data::NotMnist8k,
        is_quick: true,
        known: reference(0.01918, 0.00017, 3),
        train: || denoising(adam(10)),
        ..ROW
    },
    Protocol {
        name: "conv AE, RMSProp, 10 epochs",
        data: Data::NotMnist8k,
        known: reference(0.00763, 0.00024, 5),
        seeds: 5,
        train: || rmsprop(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, RMSProp, 10 epochs",
        data: Data::NotMnist8k,
        known: reference(0.02146, 0.00058, 5),
        seeds: 5,
        train: || denoising(rmsprop(10)),
        ..ROW
    },
    Protocol {
        name: "conv AE, Keras' RMSProp, 10 epochs",
        data: Data::NotMnist8k,
        known: reference(0.01302, 0.00045, 4),
        seeds: 4,
        train: || keras_rmsprop(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, Keras' RMSProp, 10 epochs",
        data: Data::NotMnist8k,
        known: reference(0.02706, 0.00071, 4),
        seeds: 4,
        train: || denoising(keras_rmsprop(10)),
        ..ROW
    },
    Protocol {
        name: "VAE 784-400-20, 10 epochs",
        data: Data::NotMnist8k,
        is_quick: true,
        measure: Measure::NegativeBound,
        known: reference(210.84, 0.18, 3),
        model: vae_400_20,
        train: || adam(10),
        ..ROW
    },
    Protocol {
        name: "VAE 784-400-40, static, 10 epochs",
        data: Data::Mnist10k,
        is_quick: true,
        binarize: Binarization::Static,
        measure: Measure::NegativeLogLikelihood { samples: 200 },
        known: reference(113.10, 0.24, 3),
        model: vae_400_40,
        train: || adam(10),
        ..ROW
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 1, dynamic, 10 epochs",
        data: Data::Mnist10k,
        binarize: Binarization::Dynamic,
        measure: Measure::NegativeLogLikelihood { samples: 5_000 },
        known: reference(133.54, 0.53, 3),
        model: iwae_1,
        train: || adam(10),
        ..ROW
    },
    Protocol {
        name: "Keras' conv example, epoch 1",
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
        data: Data::Mnist10k,
        measure: Measure::Bce,
        known: reference(0.07081, 0.00009, 3),
        model: keras_example,
        train: || keras_adam(10),
        ..ROW
    },
    Protocol {
        name: "linear dense AE of 16 numbers",
        data: Data::NotMnist8k,
        is_quick: true,
        measure: Measure::OverPca,
        known: Known::Published(1.0, "Baldi and Hornik 1989"),
        seeds: 1,
        model: linear_16,
        train: || linear(),
        ..ROW
    },
    Protocol {
        name: "conv AE, RMSProp, 10 epochs",
        data: Data::NotMnistLarge,
        known: Known::Published(0.0029, "yorkLiu's notebook"),
        train: || rmsprop(10),
        ..ROW
    },
    Protocol {
        name: "conv denoiser 0.5 once, RMSProp, 5 epochs",
        data: Data::NotMnistLarge,
        known: Known::Published(0.0174, "yorkLiu's notebook"),
        train: || denoising(rmsprop(5)),
        ..ROW
    },
    Protocol {
        name: "Keras' conv example, epoch 1",
        data: Data::Mnist,
        measure: Measure::Bce,
        known: Known::Published(0.0723, "Keras"),
        model: keras_example,
        train: || keras_adam(1),
        ..ROW
    },
    Protocol {
        name: "Keras' conv example, epoch 10",
        data: Data::Mnist,
        measure: Measure::Bce,
        known: Known::Published(0.0648, "Keras"),
        seeds: 1,
        model: keras_example,
        train: || keras_adam(10),
        ..ROW
    },
    Protocol {
        name: "Keras' conv example, epoch 50",
        data: Data::Mnist,
        measure: Measure::Bce,
        known: Known::Published(0.0622, "Keras"),
        seeds: 1,
        model: keras_example,
        train: || keras_adam(50),
        ..ROW
    },
    Protocol {
        name: "VAE 784-400-20, 10 epochs",
        data: Data::Mnist,
        measure: Measure::NegativeBound,
        known: Known::Published(105.59, "pytorch/examples"),
        model: vae_400_20,
        train: || adam(10),
        ..ROW
    },
    Protocol {
        name: "VAE 784-400-40, static, 50 epochs",
        data: Data::Mnist,
        binarize: Binarization::Static,
        measure: Measure::NegativeLogLikelihood { samples: 200 },
        known: Known::Published(89.78, "pythae; 89.9 in the paper"),
        seeds: 1,
        model: vae_400_40,
        train: || adam(50),
        ..ROW
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 1, dynamic, 300 epochs",
        data: Data::Mnist,
        binarize: Binarization::Dynamic,
        measure: Measure::NegativeLogLikelihood { samples: 5_000 },
        known: Known::Published(86.76, "Burda et al. 2016"),
        seeds: 1,
        model: iwae_1,
        train: || falling(300),
        ..ROW
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 5, dynamic, 300 epochs",
        data: Data::Mnist,
        binarize: Binarization::Dynamic,
        measure: Measure::NegativeLogLikelihood { samples: 5_000 },
        known: Known::Published(85.54, "Burda et al. 2016"),
        seeds: 1,
        model: iwae_5,
        train: || falling(300),
        ..ROW
    },
    Protocol {
        name: "IWAE 784-200-200-50, k = 50, dynamic, 300 epochs",
        data: Data::Mnist,
        binarize: Binarization::Dynamic,
        measure: Measure::NegativeLogLikelihood { samples: 5_000 },
        known: Known::Published(84.78, "Burda et al. 2016"),
        seeds: 1,
        model: iwae_50,
        train: || falling(300),
        ..ROW
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::verify::protocols::Reference;

    #[test]
    fn a_row_has_as_many_seeds_as_its_reference() {
        for row in &PROTOCOLS {
            if let Known::Reference(Reference { runs, .. }) = row.known {
                assert_eq!(row.seeds as usize, runs, "{}", row.name);
            }
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

//! A protocol in words: what `ae verify --list` prints, and what goes with a row's numbers.

use ae_data::{Binarization, NoiseDraw};
use ae_report::{counted, significant, thousands};
use ae_train::{OptimizerConfig, RmsPropForm, ScheduleConfig, Selection, TrainConfig};
use serde::Serialize;

use super::protocols::{Data, HeldOut, Known, Protocol, Tolerance};

/// All that decides a row's number.
#[derive(Serialize, Debug, Clone)]
pub(super) struct Description {
    protocol: &'static str,
    /// Whose protocol it is.
    whose: String,
    /// What is done in another way than there.
    differences: &'static [&'static str],
    data: String,
    binarization: &'static str,
    preprocessing: String,
    model: String,
    optimizer: String,
    schedule: String,
    selection: String,
    seeds: u64,
    measure: String,
    known: String,
    tolerance: String,
}

impl Description {
    pub(super) fn new(protocol: &Protocol) -> Self {
        let train = (protocol.train)();
        Self {
            protocol: protocol.name,
            whose: protocol.origin.text(),
            differences: protocol.origin.differences,
            data: data(protocol),
            binarization: match protocol.binarize {
                Binarization::None => "none: grays",
                Binarization::Static => "fixed: each pixel is drawn once, from the seed",
                Binarization::Dynamic => {
                    "dynamic: training images are drawn anew each epoch, test images once"
                }
            },
            preprocessing: preprocessing(&train),
            model: (protocol.model)().description(),
            optimizer: optimizer(&train),
            schedule: schedule(&train),
            selection: match train.select {
                Selection::Last => "the last epoch's model".to_owned(),
                Selection::Best => "the best epoch's model on the validation images".to_owned(),
            },
            seeds: protocol.seeds,
            measure: format!("{} on the test images, once", protocol.measure.name()),
            known: match protocol.known {
                Known::Published(printed) => format!("{printed}, as printed"),
                Known::Reference(reference) => format!(
                    "{} ± {} by PyTorch from {}",
                    protocol.measure.text(reference.mean),
                    protocol.measure.text(reference.standard_error),
                    counted(reference.runs, "seed")
                ),
            },
            tolerance: tolerance(protocol),
        }
    }

    /// As lines under the protocol's name.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.protocol);
        let seeds = format!("1 to {}", self.seeds);
        let lines = [
            ("protocol of", &self.whose),
            ("data", &self.data),
            ("black and white", &self.binarization.to_owned()),
            ("preprocessing", &self.preprocessing),
            ("model", &self.model),
            ("optimizer", &self.optimizer),
            ("schedule", &self.schedule),
            ("selection", &self.selection),
            ("seeds", &seeds),
            ("measure", &self.measure),
            ("to come to", &self.known),
            ("passes", &self.tolerance),
        ];
        for (name, value) in lines {
            text.push_str(&format!("  {name:<16}{value}\n"));
            if name == "protocol of" {
                for difference in self.differences {
                    text.push_str(&format!("  {:<16}other: {difference}\n", ""));
                }
            }
        }
        text
    }
}

fn data(protocol: &Protocol) -> String {
    let parts = match protocol.data {
        Data::NotMnist8k => "7,000 training and 1,000 test images",
        Data::Mnist10k => "10,000 images, every tenth to test on",
        Data::NotMnistLarge => "60,000 of the images, 12,000 of them to test on",
        Data::Mnist => "60,000 training and 10,000 test images",
    };
    let kept = match protocol.held_out {
        HeldOut::Nothing => "no validation images".to_owned(),
        HeldOut::Validation(count) => format!(
            "the last {} training images to compare epochs by",
            thousands(count as u64)
        ),
        HeldOut::Unused(count) => format!(
            "the last {} training images unused",
            thousands(count as u64)
        ),
    };
    format!("{}: {parts}, {kept}", protocol.data.name())
}

fn preprocessing(train: &TrainConfig) -> String {
    let noise = match (train.noise.is_empty(), train.noise_draw) {
        (true, _) => return "pixels from 0 to 1".to_owned(),
        (false, NoiseDraw::Once) => "drawn once",
        (false, NoiseDraw::EachEpoch) => "drawn anew each epoch",
    };
    format!("pixels from 0 to 1, with {} {noise}", train.noise)
}

fn optimizer(train: &TrainConfig) -> String {
    let rule = match train.optimizer {
        OptimizerConfig::Adam(settings) => format!(
            "Adam with beta {} and {} and epsilon {:e}",
            settings.beta_1, settings.beta_2, settings.epsilon
        ),
        OptimizerConfig::RmsProp(settings) => format!(
            "RMSProp in the form of {} with rho {} and epsilon {:e}",
            match settings.form {
                RmsPropForm::Keras => "Keras",
                RmsPropForm::Torch => "PyTorch",
            },
            settings.rho,
            settings.epsilon
        ),
        other => other.name().to_owned(),
    };
    let clipping = match train.gradient_clip_norm {
        Some(norm) => format!("gradients clipped to a norm of {norm}"),
        None => "no clipping".to_owned(),
    };
    format!("{rule}, batches of {}, {clipping}", train.batch_size)
}

fn schedule(train: &TrainConfig) -> String {
    let list = |numbers: &[usize]| -> String {
        let numbers: Vec<String> = numbers.iter().map(|&n| thousands(n as u64)).collect();
        numbers.join(", ")
    };
    let rate = format!("{:e}", train.learning_rate);
    let rate = match &train.schedule {
        ScheduleConfig::Constant => format!("at {rate}"),
        ScheduleConfig::Cosine { final_share } => {
            format!(
                "from {rate} by half a cosine to {}% of it",
                100.0 * final_share
            )
        }
        ScheduleConfig::EpochMilestones { epochs, factor } => format!(
            "from {rate}, times {} after epochs {}",
            significant(*factor, 4),
            list(epochs)
        ),
        other => format!("from {rate} by the schedule {}", other.name()),
    };
    format!("{} {rate}", counted(train.epochs, "epoch"))
}

fn tolerance(protocol: &Protocol) -> String {
    match (protocol.tolerance, protocol.known) {
        (Tolerance::TwoStandardErrors, Known::Reference(_)) => {
            "within two standard errors of the difference, or better".to_owned()
        }
        (Tolerance::TwoStandardErrors, Known::Published(_)) => format!(
            "within two standard errors over {} and the rounding of the printed number, or better",
            counted(protocol.seeds as usize, "seed")
        ),
        (Tolerance::Share(share), _) => format!("within {}%, or better", 100.0 * share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::verify::rows::PROTOCOLS;

    #[test]
    fn a_protocol_says_all_that_decides_its_number() {
        let of = |text: &str| {
            let found = PROTOCOLS.iter().find(|row| row.title().contains(text));
            Description::new(found.expect(text)).text()
        };
        let check = |title: &str, parts: &[&str]| {
            let text = of(title);
            for part in parts {
                assert!(text.contains(part), "{part} in {text}");
            }
        };
        check(
            "k = 5,",
            &[
                "ours, after Burda et al. 2016",
                "other: batches are shuffled",
                "the last 400 training images unused",
                "dynamic",
                "epsilon 1e-4, batches of 20, no clipping",
                "3,280 epochs from 1e-3, times 0.7197 after epochs 1, 4, 13, 40, 121, 364, 1,093",
                "the last epoch's model",
                "test NLL, 5,000 codes",
                "85.54, as printed",
                "two standard errors over 3 seeds",
            ],
        );
        check(
            "784-400-40, static, 500",
            &[
                "other: another draw",
                "the last 10,000 training images to compare epochs by",
                "fixed",
                "times 0.6310 after epochs 200, 350, 500",
                "the best epoch's model on the validation images",
            ],
        );
        check(
            "conv denoiser 0.5 once, RMSProp, 10 epochs on notmnist-8k",
            &[
                "conv_autoencoder.py",
                "gaussian:0.5 drawn once",
                "RMSProp in the form of PyTorch",
                "0.02146 ± 0.00058 by PyTorch from 5 seeds",
            ],
        );
    }
}

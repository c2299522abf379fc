//! The pictures of a model at work: inputs, encoded, generated; or noisy, denoised, clean.

use ae_data::{ImageSet, NoiseChain, Part};
use ae_infer::OpenModel;
use ae_report::{AxisScale, Curve, CurveRequest, DenoisingRequest, Picture, ReconstructionRequest};
use ae_train::{CodeReport, EpochReport, MetricsLine, RunConfig};

use crate::error::CliError;

/// Draws a few images of a set and what the model makes of them.
///
/// # Errors
/// The images cannot be read, are not of the model's shape, or are too many for a picture.
pub(crate) fn model_at_work(
    model: &OpenModel,
    set: &ImageSet,
    count: usize,
    noise: Option<(&NoiseChain, u64)>,
) -> Result<Picture, CliError> {
    let set = set.subset(sample(set, count));
    let (mut clean, mut inputs, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut input_psnr, mut output_psnr) = (Vec::new(), Vec::new());
    for image in model.reconstructions(&set, noise)? {
        clean.push(image.clean);
        inputs.push(image.input);
        outputs.push(image.output);
        input_psnr.push(image.input_psnr);
        output_psnr.push(image.output_psnr);
    }
    if let Some((noise, _)) = noise {
        return Ok(ae_report::denoising_picture(&DenoisingRequest {
            title: model.name(),
            subtitle: &format!("{} under {noise}", set.name()),
            noisy: &inputs,
            denoised: &outputs,
            clean: &clean,
            noisy_psnr: &input_psnr,
            denoised_psnr: &output_psnr,
        })?);
    }
    let (subtitle, codes, code_shape) = match model.code_bits() {
        Ok(code) => (
            format!("{}; code: {code}", set.name()),
            model.codes(&set)?.as_slice().to_vec(),
            model.code_shape()?,
        ),
        // What a U-Net makes of an image is worth a picture, too.
        Err(_) => (set.name().to_owned(), Vec::new(), Vec::new()),
    };
    Ok(ae_report::reconstruction_picture(&ReconstructionRequest {
        title: model.name(),
        subtitle: &subtitle,
        inputs: &inputs,
        codes: &codes,
        code_shape: &code_shape,
        outputs: &outputs,
        psnr: &output_psnr,
    })?)
}

/// What a run's loss is called in a picture.
pub(crate) fn loss_name(config: &RunConfig) -> &'static str {
    let unit = config.model.objective_unit();
    unit.unwrap_or(config.train.loss.name())
}

/// Draws how a run's losses fell.
///
/// # Errors
/// The run has not finished an epoch.
pub(crate) fn losses(name: &str, loss: &str, lines: &[MetricsLine]) -> Result<Picture, CliError> {
    let epochs = || {
        lines.iter().filter_map(|line| match line {
            MetricsLine::Epoch(report) => Some(report),
            _ => None,
        })
    };
    let train = Curve {
        name: format!("training, {loss}"),
        points: epochs()
            .map(|report| (report.epoch as f64, report.train_loss))
            .collect(),
        mark_lowest: false,
    };
    let bounds: Vec<(f64, f64)> = epochs()
        .filter_map(|report| match &report.codes {
            Some(CodeReport::Variational(codes)) => {
                Some((report.epoch as f64, codes.negative_bound))
            }
            _ => None,
        })
        .collect();
    let part = epochs()
        .find_map(EpochReport::measured_part)
        .unwrap_or(Part::Validation);
    // An error per pixel has no place on an axis of nats.
    let measured = if bounds.is_empty() {
        Curve {
            name: format!("{part}, mse"),
            points: epochs()
                .filter_map(|report| Some((report.epoch as f64, report.validation.as_ref()?.mse)))
                .collect(),
            mark_lowest: true,
        }
    } else {
        Curve {
            name: format!("{part}, negative bound"),
            points: bounds,
            mark_lowest: true,
        }
    };
    let series = [train, measured]
        .into_iter()
        .filter(|curve| !curve.points.is_empty())
        .collect();
    Ok(ae_report::loss_curves(&CurveRequest {
        title: name.to_owned(),
        subtitle: String::new(),
        x_label: "epoch".to_owned(),
        y_label: "loss".to_owned(),
        y_scale: AxisScale::default(),
        series,
    })?)
}

/// Indices of a few images: one of each class in turn where there are classes, else evenly spread.
pub(crate) fn sample(set: &ImageSet, count: usize) -> Vec<usize> {
    let count = count.min(set.len());
    let classes = set.classes().len();
    if classes == 0 {
        return (0..count)
            .map(|number| number * set.len() / count)
            .collect();
    }
    let mut of_class = vec![Vec::new(); classes];
    for index in 0..set.len() {
        if let Some(indices) = set
            .label(index)
            .and_then(|label| of_class.get_mut(label as usize))
        {
            indices.push(index);
        }
    }
    let rounds = of_class.iter().map(Vec::len).max().unwrap_or(0);
    (0..rounds)
        .flat_map(|round| {
            of_class
                .iter()
                .filter_map(move |indices| indices.get(round))
        })
        .copied()
        .take(count)
        .collect()
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

    use super::*;

    fn set(labels: Option<Vec<u32>>, count: usize) -> ImageSet {
        let shape = ImageShape::new(1, 1, 1);
        ImageSet::from_images("set", shape, vec![0; count], labels, Vec::new()).unwrap()
    }

    #[test]
    fn a_sample_goes_round_the_classes() {
        let labelled = set(Some(vec![0, 0, 0, 1, 1, 2]), 6);
        assert_eq!(sample(&labelled, 4), [0, 3, 5, 1]);
        assert_eq!(sample(&labelled, 100), [0, 3, 5, 1, 4, 2]);
        assert_eq!(sample(&set(None, 10), 3), [0, 3, 6]);
        assert_eq!(sample(&set(None, 2), 3), [0, 1]);
        assert!(sample(&set(None, 0), 3).is_empty());
    }
}

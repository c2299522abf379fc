//! A model in Python's hands.

use std::path::PathBuf;

use ae_data::{ImageSet, ImageShape};
use ae_infer::{AnomalyScore, BATCH_SIZE, CodeSource, OpenModel, ScorerRequest, SetRequest};
use ae_train::EpochReport;
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods as _};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::arrays::{Batch, Images, Output, array};
use crate::codec::{self, Decompressed};
use crate::denoising::Denoising;
use crate::fault::Fault;
use crate::opened::Opened;
use crate::work::{detached, stop_if_interrupted};

/// What sets are called that come from arrays.
pub(crate) const ARRAY: &str = "NumPy array";

/// A model on a device, for arrays of `[images, channels, height, width]`.
#[pyclass(frozen, name = "Model", module = "ae_images._native")]
pub(crate) struct NativeModel {
    opened: Opened,
    history: Vec<EpochReport>,
}

/// Opens a model on a device.
#[pyfunction]
pub(crate) fn open(py: Python<'_>, path: PathBuf, backend: String) -> PyResult<NativeModel> {
    let opened = detached(py, || Opened::open(&path, &backend))?;
    Ok(NativeModel {
        opened,
        history: Vec::new(),
    })
}

impl NativeModel {
    /// A model that was trained just now, and its epochs.
    pub(crate) fn trained(model: OpenModel, history: Vec<EpochReport>) -> Self {
        Self {
            opened: Opened::of_model(model),
            history,
        }
    }
}

#[pymethods]
impl NativeModel {
    #[getter]
    fn name(&self) -> &str {
        self.opened.name()
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.opened.kind()
    }

    /// `(channels, height, width)`; nothing where any size is taken.
    #[getter]
    fn image_shape(&self) -> Option<(usize, usize, usize)> {
        let shape = match &self.opened {
            Opened::Model(model) => model.image_shape(),
            Opened::Codec(_, model) => codec::image_shape(model)?,
            Opened::Photo(..) | Opened::Filter(_) | Opened::Itself(_) => return None,
        };
        Some((shape.channels, shape.height, shape.width))
    }

    /// The shape of a code; nothing where there are none.
    #[getter]
    fn code_shape(&self) -> Option<Vec<usize>> {
        match &self.opened {
            Opened::Model(model) => model.code_shape().ok(),
            _ => None,
        }
    }

    /// The noise that the model was trained to remove.
    #[getter]
    fn noise(&self) -> Option<&str> {
        match &self.opened {
            Opened::Model(model) => model.card().noise.as_deref(),
            _ => None,
        }
    }

    #[getter]
    fn has_prior(&self) -> bool {
        matches!(&self.opened, Opened::Model(model) if model.has_prior())
    }

    /// Every epoch of the training, as JSON.
    #[getter]
    fn history(&self) -> PyResult<String> {
        serde_json::to_string(&self.history)
            .map_err(|error| Fault::Said(ae_cli::Status::Internal, error.to_string()).into())
    }

    fn denoise<'py>(
        &self,
        py: Python<'py>,
        images: Images<'py>,
        strength: f32,
        noise_level: Option<f32>,
        tile: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let denoising = Denoising::check(strength, noise_level, tile)?;
        let batch = images.batch()?;
        detached(py, || denoising.run(&self.opened, batch))?.into_array(py)
    }

    fn reconstruct<'py>(
        &self,
        py: Python<'py>,
        images: Images<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let model = self.opened.autoencoder("reconstruct")?;
        let batch = of_model(model, images.batch()?)?;
        let output = detached(py, || {
            let mut values = Vec::new();
            for batch in batch.chunks(BATCH_SIZE) {
                stop_if_interrupted();
                let input = batch.unit()?.into_owned();
                values.extend(model.reconstruct_values(batch.shape, batch.count, input)?);
            }
            Ok(Output::new(
                batch.count,
                batch.shape,
                values,
                batch.is_bytes(),
            ))
        });
        output?.into_array(py)
    }

    /// Codes, `[images, values of a code]`.
    fn encode<'py>(&self, py: Python<'py>, images: Images<'py>) -> PyResult<Bound<'py, PyAny>> {
        let model = self.opened.autoencoder("encode")?;
        let batch = of_model(model, images.batch()?)?;
        let (codes, each) = detached(py, || {
            let each = model.code_values()?;
            let mut codes = Vec::new();
            for batch in batch.chunks(BATCH_SIZE) {
                stop_if_interrupted();
                codes.extend(model.encode_values(batch.count, batch.unit()?.into_owned())?);
            }
            Ok((codes, each))
        })?;
        array(py, codes, vec![batch.count, each])
    }

    /// Images of codes, `[images, values of a code]`.
    fn decode<'py>(
        &self,
        py: Python<'py>,
        codes: PyReadonlyArray2<'py, f32>,
        is_bytes: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let model = self.opened.autoencoder("decode")?;
        let count = codes.shape()[0];
        let codes = codes.as_slice()?;
        let output = detached(py, || decoded(model, codes, count, is_bytes));
        output?.into_array(py)
    }

    /// The anomaly scores of images.
    #[expect(clippy::too_many_arguments, reason = "the arguments that Python names")]
    fn score<'py>(
        &self,
        py: Python<'py>,
        images: Images<'py>,
        score: &str,
        normal: Option<Images<'py>>,
        train: Option<Images<'py>>,
        neighbors: usize,
        seed: u64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let model = self.opened.autoencoder("score")?;
        let score: AnomalyScore = score
            .parse()
            .map_err(|expected| Fault::argument(format!("score = {score:?}: {expected}")))?;
        let batch = of_model(model, images.batch()?)?;
        let given = |images: &Option<Images<'py>>| -> Result<Option<ImageSet>, Fault> {
            let batch = images.as_ref().map(Images::batch).transpose()?;
            let set = batch.map(|batch| of_model(model, batch)?.to_set(ARRAY));
            set.transpose()
        };
        let (normal, train) = (given(&normal)?, given(&train)?);
        let scores = detached(py, || {
            let held_out = match (score, normal) {
                (AnomalyScore::Complexity, None) if !model.knows_levels() => Some(
                    model
                        .open_set(&SetRequest::default())?
                        .calibration_images(false)?,
                ),
                (_, given) => given,
            };
            let train = match (score, train) {
                (AnomalyScore::Distance, None) => {
                    Some(model.own_training_images(&SetRequest::default())?)
                }
                (_, given) => given,
            };
            let request = ScorerRequest {
                held_out: held_out.as_ref(),
                train: train.as_ref(),
                neighbors,
                seed,
            };
            let scorer = model.anomaly_scorer(&[score], &request)?;
            match batch.count {
                0 => Ok(Vec::new()),
                _ => Ok(scorer.scores(score, &batch.to_set(ARRAY)?)?),
            }
        })?;
        array(py, scores, vec![batch.count])
    }

    /// The absolute error of each pixel, averaged over its channels: `[images, height, width]`.
    fn error_maps<'py>(&self, py: Python<'py>, images: Images<'py>) -> PyResult<Bound<'py, PyAny>> {
        let model = self.opened.autoencoder("map errors")?;
        let batch = of_model(model, images.batch()?)?;
        let errors = detached(py, || {
            let mut errors = Vec::new();
            for batch in batch.chunks(BATCH_SIZE) {
                stop_if_interrupted();
                let maps = model.error_maps(&batch.to_set(ARRAY)?)?;
                errors.extend(maps.into_iter().flat_map(|map| map.errors));
            }
            Ok(errors)
        })?;
        array(
            py,
            errors,
            vec![batch.count, batch.shape.height, batch.shape.width],
        )
    }

    /// Images of codes that are drawn at random.
    fn generate<'py>(
        &self,
        py: Python<'py>,
        count: usize,
        seed: u64,
        mixture: Option<usize>,
        images: Option<Images<'py>>,
        is_bytes: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let model = self.opened.autoencoder("generate")?;
        if mixture == Some(0) {
            return Err(Fault::argument("mixture = 0: must be at least 1").into());
        }
        let set = match &images {
            Some(images) => Some(of_model(model, images.batch()?)?.to_set(ARRAY)?),
            None => None,
        };
        let output = detached(py, || {
            let source = match mixture {
                None => CodeSource::Prior,
                Some(components) => {
                    let set = match set {
                        Some(set) => set,
                        None => model.own_training_images(&SetRequest::default())?,
                    };
                    let seed = model.preparation().seed;
                    CodeSource::Mixture(model.fit_mixture(&set, components, seed)?)
                }
            };
            let codes = model.draw_codes(&source, count, seed)?;
            decoded(model, codes.as_slice(), count, is_bytes)
        });
        output?.into_array(py)
    }

    fn compress<'py>(
        &self,
        py: Python<'py>,
        images: Vec<Images<'py>>,
        near: u8,
        group: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let Opened::Codec(name, model) = &self.opened else {
            return Err(self.opened.cannot("compress").into());
        };
        let batches: Result<Vec<Batch<'_>>, Fault> = images.iter().map(Images::batch).collect();
        let batches = batches?;
        let bytes = detached(py, || codec::compress(name, model, &batches, near, group))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The images' levels, one after the other, and the height and width of each.
    fn decompress<'py>(&self, py: Python<'py>, container: &[u8]) -> PyResult<Bound<'py, PyTuple>> {
        let Opened::Codec(_, model) = &self.opened else {
            return Err(self.opened.cannot("decompress").into());
        };
        let Decompressed { values, sizes } = detached(py, || codec::decompress(model, container))?;
        let count = values.len();
        (array(py, values, vec![count])?, sizes).into_pyobject(py)
    }

    fn save(&self, py: Python<'_>, path: PathBuf, force: bool) -> PyResult<()> {
        let model = self.opened.autoencoder("save")?;
        detached(py, || {
            if path.exists() && !force {
                let reason = format!("{}: exists; force=True writes over it", path.display());
                return Err(Fault::Said(ae_cli::Status::Files, reason));
            }
            Ok(ae_models::save_model(&path, model.model(), model.card())?)
        })
    }
}

/// Checks that images are of a model's shape.
fn of_model<'a>(model: &OpenModel, batch: Batch<'a>) -> Result<Batch<'a>, Fault> {
    let expected = model.image_shape();
    if batch.shape == expected {
        return Ok(batch);
    }
    Err(Fault::data(format!(
        "images of {}, but {} takes {expected} (width x height x channels)",
        batch.shape,
        model.name()
    )))
}

/// The images of `count` codes.
fn decoded(
    model: &OpenModel,
    codes: &[f32],
    count: usize,
    is_bytes: bool,
) -> Result<Output, Fault> {
    let each = model.code_values()?;
    if codes.len() != count * each {
        let found = codes.len() / count.max(1);
        return Err(Fault::data(format!(
            "codes of {found} values, but {} takes {each}",
            model.name()
        )));
    }
    let shape: ImageShape = model.image_shape();
    let mut values = Vec::new();
    for codes in codes.chunks(BATCH_SIZE * each) {
        stop_if_interrupted();
        values.extend(model.decode_values(codes.len() / each, codes.to_vec())?);
    }
    Ok(Output::new(count, shape, values, is_bytes))
}

//! Where a run is resumed: what rank 0 has read of its checkpoint, handed to the ranks that read none.

use std::collections::BTreeMap;
use std::path::Path;

use ae_models::NamedTensor;
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::distributed::communicator::Communicator;
use crate::error::TrainError;
use crate::optim::state::OptimizerState;
use crate::run::progress::Progress;
use crate::run::reports::EpochReport;
use crate::run::tensor_file::{read_tensors, tensor_bytes};

/// All that decides how training continues.
#[derive(Debug, PartialEq)]
pub(crate) struct Resumption {
    pub(crate) progress: Progress,
    pub(crate) epochs: Vec<EpochReport>,
    pub(crate) config: TrainConfig,
    pub(crate) model: Vec<NamedTensor>,
    pub(crate) average: Option<Vec<NamedTensor>>,
    pub(crate) optimizer: OptimizerState,
}

/// What is no tensor, as TOML, in which floats come back as they were.
#[derive(Serialize, Deserialize)]
struct Header {
    /// Bytes of each tensor file that follows.
    files: Vec<usize>,
    has_average: bool,
    optimizer_counters: BTreeMap<String, u64>,
    optimizer_ranks: BTreeMap<String, usize>,
    progress: Progress,
    config: TrainConfig,
    epochs: Vec<EpochReport>,
}

const FAILED: u8 = 0;
const FRESH: u8 = 1;
const RESUMED: u8 = 2;
/// For messages.
pub(crate) const SOURCE: &str = "the checkpoint from rank 0";

/// Rank 0 tells the others how it starts: `None` where it couldn't, and otherwise with or without something to resume.
///
/// # Errors
/// Weights that cannot be written.
pub(crate) fn hand_over(
    communicator: &dyn Communicator,
    start: Option<Option<&Resumption>>,
) -> Result<(), TrainError> {
    let encoded = match start {
        None => Ok(vec![FAILED]),
        Some(None) => Ok(vec![FRESH]),
        Some(Some(resumption)) => encode(resumption),
    };
    let mut bytes = encoded.as_ref().map_or_else(|_| vec![FAILED], Clone::clone);
    communicator.broadcast(&mut bytes);
    encoded.map(drop)
}

/// What rank 0 has to resume, on any other rank.
///
/// # Errors
/// [`TrainError::OtherRank`] where rank 0 could not start.
pub(crate) fn take_over(communicator: &dyn Communicator) -> Result<Option<Resumption>, TrainError> {
    let mut bytes = Vec::new();
    communicator.broadcast(&mut bytes);
    match bytes.split_first() {
        Some((&FRESH, _)) => Ok(None),
        Some((&RESUMED, message)) => decode(message).map(Some),
        _ => Err(TrainError::OtherRank { rank: 0 }),
    }
}

fn encode(resumption: &Resumption) -> Result<Vec<u8>, TrainError> {
    let Resumption {
        progress,
        epochs,
        config,
        model,
        average,
        optimizer,
    } = resumption;
    let source = Path::new(SOURCE);
    let mut files = vec![tensor_bytes(source, model)?];
    files.push(tensor_bytes(source, &optimizer.tensors)?);
    if let Some(average) = average {
        files.push(tensor_bytes(source, average)?);
    }
    let header = toml::to_string(&Header {
        files: files.iter().map(Vec::len).collect(),
        has_average: average.is_some(),
        optimizer_counters: optimizer.counters.clone(),
        optimizer_ranks: optimizer.ranks.clone(),
        progress: progress.clone(),
        config: config.clone(),
        epochs: epochs.clone(),
    })
    .map_err(|error| TrainError::checkpoint(source, error))?;
    let mut message = vec![RESUMED];
    message.extend((header.len() as u64).to_le_bytes());
    message.extend(header.into_bytes());
    message.extend(files.concat());
    Ok(message)
}

fn decode(message: &[u8]) -> Result<Resumption, TrainError> {
    let source = Path::new(SOURCE);
    let broken = || TrainError::checkpoint(source, "the message is incomplete");
    let (length, rest) = message.split_first_chunk::<8>().ok_or_else(broken)?;
    let length = u64::from_le_bytes(*length) as usize;
    let (header, mut rest) = rest.split_at_checked(length).ok_or_else(broken)?;
    let header: Header =
        toml::from_slice(header).map_err(|error| TrainError::checkpoint(source, error))?;
    let mut files = Vec::new();
    for &bytes in &header.files {
        let (file, others) = rest.split_at_checked(bytes).ok_or_else(broken)?;
        files.push(read_tensors(source, file)?);
        rest = others;
    }
    let mut files = files.into_iter();
    Ok(Resumption {
        progress: header.progress,
        epochs: header.epochs,
        config: header.config,
        model: files.next().ok_or_else(broken)?,
        optimizer: OptimizerState {
            tensors: files.next().ok_or_else(broken)?,
            counters: header.optimizer_counters,
            ranks: header.optimizer_ranks,
        },
        average: match header.has_average {
            true => Some(files.next().ok_or_else(broken)?),
            false => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributed::threads::with_ranks;

    fn resumption() -> Resumption {
        let tensor = |name: &str| NamedTensor {
            name: name.to_owned(),
            shape: vec![2],
            values: vec![0.1, f32::MIN_POSITIVE],
        };
        Resumption {
            progress: Progress {
                step: 7,
                loss_sum: 0.1 + 0.2,
                best_score: Some(1.0 / 3.0),
                ..Progress::default()
            },
            epochs: Vec::new(),
            config: TrainConfig {
                learning_rate: 1.0 / 3.0,
                ..TrainConfig::default()
            },
            model: vec![tensor("a"), tensor("b")],
            average: Some(vec![tensor("a")]),
            optimizer: OptimizerState {
                tensors: vec![tensor("a.moment")],
                counters: [("a.time".to_owned(), 7)].into(),
                ranks: [("a".to_owned(), 1)].into(),
            },
        }
    }

    #[test]
    fn a_checkpoint_reaches_every_rank_as_it_is() {
        for (start, expected) in [
            (Some(Some(resumption())), Some(Some(resumption()))),
            (Some(None), Some(None)),
            (None, None),
        ] {
            let start = start.as_ref().map(Option::as_ref);
            let taken = with_ranks(3, |communicator| match communicator.rank() {
                0 => hand_over(communicator, start).map(|()| None).unwrap(),
                _ => Some(take_over(communicator).ok()),
            });
            for taken in taken.into_iter().skip(1) {
                assert_eq!(
                    taken,
                    Some(expected.as_ref().map(|_| resumption_of(&expected)))
                );
            }
        }
    }

    fn resumption_of(expected: &Option<Option<Resumption>>) -> Option<Resumption> {
        expected
            .as_ref()
            .and_then(|start| start.as_ref().map(|_| resumption()))
    }
}

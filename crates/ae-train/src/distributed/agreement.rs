//! What ranks must have alike: settings and images before the first step, weights while they train.

use ae_models::{Trainable, named_tensors};
use sha2::{Digest as _, Sha256};

use crate::distributed::communicator::Communicator;
use crate::error::TrainError;

/// Whether any rank has raised its flag.
pub(crate) fn any(communicator: &dyn Communicator, flag: bool) -> bool {
    gathered(communicator, f32::from(u8::from(flag)))
        .iter()
        .any(|&flag| flag > 0.0)
}

/// Refuses ranks that have anything other than rank 0: each thing by the name that it is told by.
///
/// # Errors
/// [`TrainError::Ranks`], the same on every rank, names the first thing of the first rank that differs.
pub(crate) fn same(
    communicator: &dyn Communicator,
    things: &[(&'static str, String)],
) -> Result<(), TrainError> {
    if communicator.size() == 1 {
        return Ok(());
    }
    let own: Vec<&str> = things.iter().map(|(_, value)| value.as_str()).collect();
    let mut of_first = own.join("\0").into_bytes();
    communicator.broadcast(&mut of_first);
    let of_first = String::from_utf8_lossy(&of_first);
    let other = of_first
        .split('\0')
        .zip(&own)
        .position(|(first, own)| first != *own);
    let others = gathered(communicator, other.map_or(0.0, |index| (index + 1) as f32));
    match others.iter().position(|&index| index > 0.0) {
        None => Ok(()),
        Some(rank) => Err(TrainError::Ranks {
            rank,
            what: things[others[rank] as usize - 1].0,
        }),
    }
}

/// Refuses ranks whose weights have drifted apart, which processors that round differently make them do.
///
/// # Errors
/// [`TrainError::Ranks`], the same on every rank.
pub(crate) fn same_weights<M: Trainable>(
    communicator: &dyn Communicator,
    model: &M,
) -> Result<(), TrainError> {
    if communicator.size() == 1 {
        return Ok(());
    }
    let mut digest = Sha256::new();
    for tensor in named_tensors(model) {
        for value in tensor.values {
            digest.update(value.to_le_bytes());
        }
    }
    let digest = digest.finalize();
    let text = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    same(communicator, &[("weights after the same steps", text)])
}

fn gathered(communicator: &dyn Communicator, value: f32) -> Vec<f32> {
    let mut all = vec![0.0; communicator.size()];
    communicator.all_gather(&[value], &mut all, &vec![1; communicator.size()]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributed::threads::with_ranks;

    #[test]
    fn the_rank_that_differs_is_named_on_all() {
        let results = with_ranks(3, |communicator| {
            let seed = if communicator.rank() == 1 { "2" } else { "1" };
            let things = [("a name", "a".to_owned()), ("a seed", seed.to_owned())];
            (
                same(communicator, &things[..1]).is_ok(),
                same(communicator, &things).unwrap_err().to_string(),
                any(communicator, communicator.rank() == 2),
                any(communicator, false),
            )
        });
        for result in results {
            let expected = "rank 1 has a seed other than rank 0's".to_owned();
            assert_eq!(result, (true, expected, true, false));
        }
    }
}

//! Training from shards that stay on the disk: who goes through which of them, and what is said of it.

use std::sync::Arc;

use ae_data::{Dataset, ShardIndex, streamed_archives};
use ae_report::{counted, thousands};
use ae_train::DataConfig;

use crate::error::{CliError, Status};
use crate::ranks::Ranks;
use crate::terminal::Terminal;

/// What is known of the shards of a run that streams them: of several ranks each goes through every R-th and tells the others.
/// `None` where opening the set is to find out.
///
/// # Errors
/// A shard can't be read; the ranks see others.
pub(super) fn indexes(
    config: &DataConfig,
    ranks: &Ranks,
    terminal: &Terminal,
) -> Result<Option<Arc<[ShardIndex]>>, CliError> {
    if !config.stream {
        return Ok(None);
    }
    let paths = ranks.together(streamed_archives(&config.source).map_err(CliError::from))?;
    terminal.note(format!(
        "streaming: going through {} once",
        counted(paths.len(), "shard")
    ));
    if ranks.size() == 1 {
        return Ok(None);
    }
    let of_first = ranks.of_first(|| Ok(paths.len().to_string()))?;
    let alike = match of_first == paths.len().to_string() {
        true => Ok(()),
        false => {
            let reason = format!("{} here, and {of_first} on rank 0", paths.len());
            Err(CliError::failure(Status::Data, &config.source, reason))
        }
    };
    ranks.together(alike)?;
    let mut indexes: Vec<ShardIndex> = Vec::with_capacity(paths.len());
    for round in paths.chunks(ranks.size()) {
        let own = match round.get(ranks.rank()) {
            Some(path) => config
                .index_shard(path)
                .map_err(CliError::from)
                .and_then(|index| serde_json::to_vec(&index).map_err(|error| internal(&error))),
            None => Ok(Vec::new()),
        };
        let found = ranks.gathered(&ranks.together(own)?);
        for index in found.iter().take(round.len()) {
            indexes.push(serde_json::from_slice(index).map_err(|error| internal(&error))?);
        }
    }
    Ok(Some(indexes.into()))
}

fn internal(error: &serde_json::Error) -> CliError {
    CliError::failure(Status::Internal, "what is known of a shard", error)
}

/// Tells how images are read that stay in their shards, and what nobody looks for.
pub(super) fn tell(dataset: &Dataset, buffer: usize, terminal: &Terminal) {
    let images = dataset.train.len();
    terminal.note(format!(
        "streaming: {} images stay in their shards; an epoch's order mixes {} at a time (--shuffle-buffer), from runs of all \
         shards",
        thousands(images as u64),
        thousands(buffer.min(images) as u64),
    ));
    terminal.note(
        "streaming: left out are warnings about pixel values (black, inverted, of a narrow range), which ae data info of a \
         shard has",
    );
}

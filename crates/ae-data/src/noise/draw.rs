//! When noise is drawn.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// When noise is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseDraw {
    /// Anew in each epoch: the model never sees the same noise twice.
    #[default]
    EachEpoch,
    /// Once, so that the noisy images are a fixed set, as in the classic tutorial.
    Once,
}

impl NoiseDraw {
    /// The epoch to name in a [`Draw`](ae_random::Draw) for what is drawn in `epoch`.
    #[must_use]
    pub fn epoch(self, epoch: u64) -> u64 {
        match self {
            NoiseDraw::EachEpoch => epoch,
            NoiseDraw::Once => 0,
        }
    }
}

impl FromStr for NoiseDraw {
    type Err = DataError;

    fn from_str(text: &str) -> Result<NoiseDraw, DataError> {
        match text {
            "each-epoch" => Ok(NoiseDraw::EachEpoch),
            "once" => Ok(NoiseDraw::Once),
            _ => Err(DataError::InvalidValue {
                what: "noise draw",
                value: text.to_owned(),
                expected: "each-epoch or once".to_owned(),
            }),
        }
    }
}

impl fmt::Display for NoiseDraw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NoiseDraw::EachEpoch => "each-epoch",
            NoiseDraw::Once => "once",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_parse_and_print() {
        for draw in [NoiseDraw::EachEpoch, NoiseDraw::Once] {
            assert_eq!(draw.to_string().parse::<NoiseDraw>().unwrap(), draw);
        }
        let error = "twice"
            .parse::<NoiseDraw>()
            .expect_err("there is no such draw");
        assert_eq!(
            error.to_string(),
            "invalid noise draw \"twice\": expected each-epoch or once"
        );
        assert_eq!(NoiseDraw::Once.epoch(5), 0);
        assert_eq!(NoiseDraw::EachEpoch.epoch(5), 5);
    }
}

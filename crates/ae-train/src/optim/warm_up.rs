//! The warm-up at the start of a run.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Over how many steps the learning rate rises linearly from 0 at the start of a run. In a file a number, or `"auto"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WarmUp {
    /// [`AUTO_STEPS`](Self::AUTO_STEPS), but at most a tenth of the run's steps: in a run shorter than its warm-up the
    /// rate would never rise.
    #[default]
    Auto,
    /// So many, however short the run; 0 for none.
    Steps(usize),
}

impl WarmUp {
    /// Steps of the automatic warm-up of a run that is long enough for them.
    pub const AUTO_STEPS: usize = 50;

    /// The steps of the warm-up of a run of `run_steps` steps.
    #[must_use]
    pub fn steps(self, run_steps: usize) -> usize {
        match self {
            Self::Auto => Self::AUTO_STEPS.min(run_steps / 10),
            Self::Steps(steps) => steps,
        }
    }
}

impl From<usize> for WarmUp {
    fn from(steps: usize) -> Self {
        Self::Steps(steps)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a number of steps or \"auto\"")]
enum Setting {
    Steps(usize),
    Auto(Word),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Auto,
}

impl Serialize for WarmUp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => Setting::Auto(Word::Auto),
            Self::Steps(steps) => Setting::Steps(*steps),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for WarmUp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Setting::deserialize(deserializer)? {
            Setting::Steps(steps) => Self::Steps(steps),
            Setting::Auto(Word::Auto) => Self::Auto,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_automatic_warm_up_is_at_most_a_tenth_of_the_run() {
        for (run_steps, expected) in [
            (0, 0),
            (9, 0),
            (10, 1),
            (499, 49),
            (500, 50),
            (1_000_000, 50),
        ] {
            assert_eq!(WarmUp::Auto.steps(run_steps), expected, "{run_steps}");
            assert!(10 * expected <= run_steps.max(1));
        }
        assert_eq!(WarmUp::Steps(50).steps(10), 50);
        assert_eq!(WarmUp::Steps(0).steps(10), 0);
    }
}

//! What the best epoch is chosen by.

/// What a model is measured by on images that it was not trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValidationMeasure {
    /// The mean squared error between reconstructions and clean images, over every value.
    MeanSquaredError,
    /// The negative evidence lower bound, in nats per image.
    NegativeBound,
    /// The mean of the training objective.
    Objective,
}

/// Which of two values of a measure is the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The lower one.
    Lower,
    /// The higher one.
    Higher,
}

impl ValidationMeasure {
    /// The name, as it is written to a person.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanSquaredError => "mse",
            Self::NegativeBound => "negative bound",
            Self::Objective => "objective",
        }
    }

    /// Which of two values is the better.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::MeanSquaredError | Self::NegativeBound | Self::Objective => Direction::Lower,
        }
    }
}

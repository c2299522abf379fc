//! Telling a program how far its work has come.

use std::fmt;
use std::sync::Arc;

/// How far a pass over images has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is done.
    pub done: usize,
    /// What there is to do in all.
    pub total: usize,
    /// What is counted.
    pub unit: ProgressUnit,
}

/// What progress is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgressUnit {
    /// Images of a set, or images that are generated.
    Images,
    /// Tiles of one picture.
    Tiles,
    /// Steps of training on one picture.
    Steps,
}

/// Who is told, if anybody is.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<dyn Fn(Progress) + Send + Sync>>);

impl Listener {
    pub(crate) fn new(listen: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listen)))
    }

    pub(crate) fn tell(&self, done: usize, total: usize, unit: ProgressUnit) {
        if let Some(listen) = &self.0 {
            listen(Progress { done, total, unit });
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Some(_) => "Listener(..)",
            None => "Listener(none)",
        })
    }
}

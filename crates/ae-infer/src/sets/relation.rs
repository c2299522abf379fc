//! How a set stands to the one that a model was trained on (`Relation`).

use std::collections::HashSet;
use std::fmt;

use ae_data::SetFingerprint;

/// How a set stands to the one that a model was trained on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Relation {
    /// It is that set, wherever it lies now.
    Own,
    /// It lies where that set was and has images of it, but not just those.
    Changed {
        /// What was trained on.
        then: SetFingerprint,
        /// What is there now.
        now: SetFingerprint,
        /// An estimate of the share of images that are in both, of those that are in either.
        overlap: f64,
    },
    /// It is another set.
    Foreign,
    /// The model's file doesn't say enough of its set to tell.
    Unknown,
}

impl Relation {
    /// Its name: `own`, `changed`, `foreign` or `unknown`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Changed { .. } => "changed",
            Self::Foreign => "foreign",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the set is divided as the run divided it, so that its test images were not trained on.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        match self {
            Self::Own | Self::Changed { .. } => true,
            Self::Foreign | Self::Unknown => false,
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// An estimate of the share of `part`'s different images that `whole` has, too; `None` where the sketches are too far apart
/// to tell.
///
/// # References
/// A. Broder (1997), *On the resemblance and containment of documents*, section 2: hashes below the largest of a sketch
/// that is full are all that the set has there.
pub(crate) fn containment(part: &SetFingerprint, whole: &SetFingerprint) -> Option<f64> {
    const FULL: usize = 64;
    let known: HashSet<&String> = whole.sketch.iter().collect();
    // Of a set with fewer images the sketch has all.
    let last = match whole.sketch.len() < FULL {
        true => None,
        false => whole.sketch.last(),
    };
    let sample: Vec<&String> = part
        .sketch
        .iter()
        .filter(|hash| last.is_none_or(|last| *hash <= last))
        .collect();
    let common = sample.iter().filter(|hash| known.contains(*hash)).count();
    (!sample.is_empty()).then(|| common as f64 / sample.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fingerprint as of images whose hashes are these.
    fn fingerprint(mut hashes: Vec<u64>) -> SetFingerprint {
        hashes.sort_unstable();
        let sketch = hashes.iter().take(64).map(|hash| format!("{hash:016x}"));
        SetFingerprint {
            digest: String::new(),
            sketch: sketch.collect(),
        }
    }

    /// Hashes that are spread as those of SHA-256 are.
    fn hashes(range: std::ops::Range<u64>) -> Vec<u64> {
        range
            .map(|number| {
                let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
            })
            .collect()
    }

    #[test]
    fn small_sets_are_compared_exactly() {
        let of = |range| fingerprint(hashes(range));
        assert_eq!(containment(&of(0..10), &of(0..10)), Some(1.0));
        assert_eq!(containment(&of(0..20), &of(0..10)), Some(0.5));
        assert_eq!(containment(&of(0..10), &of(0..20)), Some(1.0));
        assert_eq!(containment(&of(0..10), &of(10..20)), Some(0.0));
        assert_eq!(containment(&of(0..0), &of(10..20)), None);
    }

    #[test]
    fn large_ones_are_estimated() {
        let of = |range| fingerprint(hashes(range));
        for (part, whole, expected) in [
            (0..3_000, 0..2_000, 2.0 / 3.0),
            (1_000..3_000, 0..2_000, 0.5),
            (0..1_000, 0..5_000, 1.0),
            (5_000..9_000, 0..5_000, 0.0),
        ] {
            let found = containment(&of(part.clone()), &of(whole.clone())).unwrap();
            assert!(
                (found - expected).abs() < 0.2,
                "{part:?} in {whole:?}: {found}"
            );
        }
    }
}

//! How evenly a model's codewords are used.

use serde::{Deserialize, Serialize};

/// Codewords whose perplexity is below this share of what it could be have collapsed.
const COLLAPSED_SHARE: f64 = 0.1;

/// How many codewords are used, and how evenly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CodewordReport {
    /// How many there are.
    pub codewords: usize,
    /// Those that are used at least once.
    pub used: usize,
    /// Two to the power of the entropy of their shares: so many codewords, used alike, would have as many bits.
    pub perplexity: f64,
    /// Indices that were counted, of all images and places.
    pub indices: u64,
}

impl CodewordReport {
    /// Counts indices, of which those not below `codewords` are left out.
    #[must_use]
    pub fn count(codewords: usize, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut meter = UsageMeter::new(codewords);
        for index in indices {
            meter.add(index);
        }
        meter.finish()
    }

    /// Whether hardly any codewords are used: the perplexity is below a tenth of the codewords, or of the indices where these are
    /// fewer.
    #[must_use]
    pub fn is_collapsed(&self) -> bool {
        let most = (self.codewords as u64).min(self.indices);
        self.perplexity < COLLAPSED_SHARE * most as f64
    }
}

/// Counts codewords.
pub(crate) struct UsageMeter {
    counts: Vec<u64>,
}

impl UsageMeter {
    pub(crate) fn new(codewords: usize) -> Self {
        Self {
            counts: vec![0; codewords],
        }
    }

    pub(crate) fn add(&mut self, index: usize) {
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
    }

    pub(crate) fn finish(self) -> CodewordReport {
        let indices: u64 = self.counts.iter().sum();
        let used = self.counts.iter().filter(|&&count| count > 0);
        let entropy: f64 = used
            .clone()
            .map(|&count| {
                let share = count as f64 / indices as f64;
                -share * share.log2()
            })
            .sum();
        CodewordReport {
            codewords: self.counts.len(),
            used: used.count(),
            perplexity: match indices {
                0 => 0.0,
                _ => entropy.exp2(),
            },
            indices,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perplexity_is_the_number_of_codewords_used_alike() {
        let check = |codewords, indices: &[usize], used, perplexity: f64, is_collapsed| {
            let report = CodewordReport::count(codewords, indices.iter().copied());
            assert_eq!(report.used, used, "{indices:?}");
            assert!((report.perplexity - perplexity).abs() < 1e-9, "{report:?}");
            assert_eq!(report.is_collapsed(), is_collapsed, "{report:?}");
        };
        check(4, &[0, 1, 2, 3], 4, 4.0, false);
        check(4, &[2, 2], 1, 1.0, false);
        // Entropy of 1/2, 1/4, 1/4: 1.5 bits.
        check(8, &[0, 0, 5, 6], 3, 2.0_f64.powf(1.5), false);
        check(1000, &[7; 100], 1, 1.0, true);
        check(1000, &[7, 9], 2, 2.0, false);
        check(4, &[], 0, 0.0, false);
        check(4, &[4], 0, 0.0, false);
    }
}

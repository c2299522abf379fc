//! The beta distribution, and the beta-binomial that counts follow whose rate is beta distributed.

/// `ln Γ(x)` for `x > 0`.
///
/// # References
/// C. Lanczos (1964), *A precision approximation of the gamma function*, with the nine coefficients for g = 7 that P.
/// Godfrey computed (2001).
fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let terms = COEFFICIENTS.iter().zip(1u8..);
    let sum = terms.fold(FIRST, |sum, (coefficient, place)| {
        sum + coefficient / (x + f64::from(place))
    });
    let base = x + G + 0.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * base.ln() - base + sum.ln()
}

/// `ln B(a, b)` for positive `a` and `b`.
fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The chance that a Beta(`a`, `b`) variable is at most `x`: the regularized incomplete beta function.
///
/// # References
/// NIST Digital Library of Mathematical Functions, section 8.17, the continued fraction 8.17.22 by Lentz's method.
pub(super) fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges quickly below the mean alone.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf(1.0 - x, b, a);
    }
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..10_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut last_factor = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            last_factor = c * d;
            fraction *= last_factor;
        }
        if (last_factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp() * fraction / a
}

/// The value that a Beta(`a`, `b`) variable is at most with chance `probability`.
pub(super) fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    // Halving sixty times leaves less than the last place of a share.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if beta_cdf(middle, a, b) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The chances that of `trials`, each of which succeeds with a chance that is itself Beta(`a`, `b`), at most and at
/// least `successes` succeed.
pub(super) fn beta_binomial_tails(successes: usize, trials: usize, a: f64, b: f64) -> (f64, f64) {
    let n = trials as f64;
    let mut log_chance = ln_beta(a, b + n) - ln_beta(a, b);
    let (mut at_most, mut at_least) = (0.0, 0.0);
    for count in 0..=trials {
        let chance = log_chance.exp();
        if count <= successes {
            at_most += chance;
        }
        if count >= successes {
            at_least += chance;
        }
        let k = count as f64;
        log_chance += ((n - k) * (k + a) / ((k + 1.0) * (n - k - 1.0 + b))).ln();
    }
    (f64::min(at_most, 1.0), f64::min(at_least, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from `tests/reference/anomaly.py`, which asks SciPy.
    #[test]
    fn agrees_with_scipy() {
        let printed = include_str!("../../tests/reference/anomaly.txt");
        let mut checked = 0;
        for line in printed.lines() {
            let Some(rest) = line.strip_prefix("beta ") else {
                continue;
            };
            let fields: Vec<f64> = rest
                .split_whitespace()
                .map(|field| field.parse().unwrap())
                .collect();
            let [a, b, probability, quantile] = fields[..] else {
                panic!("{line}")
            };
            let found = beta_quantile(probability, a, b);
            assert!((found - quantile).abs() < 1e-9, "{line}: found {found}");
            let back = beta_cdf(quantile, a, b);
            assert!((back - probability).abs() < 1e-8, "{line}: found {back}");
            checked += 1;
        }
        assert!(checked >= 9, "only {checked} rows in the reference");
    }

    #[test]
    fn counts_agree_with_scipy() {
        let printed = include_str!("../../tests/reference/anomaly.txt");
        let mut checked = 0;
        for line in printed.lines() {
            let Some(rest) = line.strip_prefix("betabinom ") else {
                continue;
            };
            let fields: Vec<f64> = rest
                .split_whitespace()
                .map(|field| field.parse().unwrap())
                .collect();
            let [successes, trials, a, b, at_most, at_least] = fields[..] else {
                panic!("{line}")
            };
            let found = beta_binomial_tails(successes as usize, trials as usize, a, b);
            assert!((found.0 - at_most).abs() < 1e-8, "{line}: found {found:?}");
            assert!((found.1 - at_least).abs() < 1e-8, "{line}: found {found:?}");
            checked += 1;
        }
        assert!(checked >= 6, "only {checked} rows in the reference");
    }
}

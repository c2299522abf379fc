//! Numbers as people write them.

/// A whole number with its thousands apart: `314,625`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 step`, `1,200 steps`. Their plural ends in s.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{} {what}s", thousands(count as u64)),
    }
}

/// `value` to `digits` significant digits, in plain decimals where that is short and as a power of ten otherwise:
/// `0.00812`, `1.50`, `12345` (no digit before the point is made up), `2.10×10⁻⁷`.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "not a number".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = digits.max(1);
    // The formatter rounds, and so decides the exponent: 9.996 to three digits is 10.0.
    let text = format!("{:.*e}", digits - 1, value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-5..7).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        minus(&format!("{value:.decimals$}"))
    } else {
        minus(&format!("{mantissa}×{}", power_of_ten(exponent)))
    }
}

/// `10⁻³`.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|digit| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    });
    format!("10{}", raised.collect::<String>())
}

/// A hyphen as a minus sign.
pub(crate) fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (314_625, "314,625"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(thousands(number), expected);
        }
    }

    #[test]
    fn one_thing_has_no_plural() {
        for (count, expected) in [(0, "0 steps"), (1, "1 step"), (1200, "1,200 steps")] {
            assert_eq!(counted(count, "step"), expected);
        }
    }

    #[test]
    fn significant_digits() {
        for (value, digits, expected) in [
            (0.008_123_4, 3, "0.00812"),
            (9.996, 3, "10.0"),
            (0.099_96, 3, "0.100"),
            (1.5, 1, "2"),
            (12_345.0, 3, "12345"),
            (2.1e-7, 2, "2.1×10⁻⁷"),
            (-1.0e12, 1, "−1×10¹²"),
            (-0.25, 2, "−0.25"),
            (0.0, 3, "0"),
            (f64::NAN, 3, "not a number"),
            (f64::INFINITY, 3, "∞"),
            (f64::MAX, 3, "1.80×10³⁰⁸"),
            (5e-324, 1, "5×10⁻³²⁴"),
        ] {
            assert_eq!(significant(value, digits), expected, "{value:e}");
        }
    }
}

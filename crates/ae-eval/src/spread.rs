//! Evenly spread indices: a few of many.

/// At most `most` of the numbers below `count`, evenly spread, in rising order.
pub(crate) fn evenly_spread(count: usize, most: usize) -> Vec<usize> {
    let chosen = count.min(most) as u128;
    // A product of two lengths may pass 64 bits.
    (0..chosen)
        .map(|index| (index * count as u128 / chosen) as usize)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_even_and_without_repeats() {
        assert_eq!(evenly_spread(10, 4), [0, 2, 5, 7]);
        assert_eq!(evenly_spread(3, 10), [0, 1, 2]);
        assert_eq!(evenly_spread(0, 10), [0; 0]);
    }
}

use super::*;

#[test]
fn tables_that_are_none() {
    let table: [&[u32]; 6] = [
        &[],
        &[65_535],
        &[65_537],
        &[65_536, 0],
        &[u32::MAX, 65_537],
        &[32_768, 32_767],
    ];
    for frequencies in table {
        assert_eq!(FrequencyTable::new(frequencies), None, "{frequencies:?}");
    }
    assert_eq!(FrequencyTable::from_histogram(&[]), None);
    assert_eq!(FrequencyTable::from_histogram(&[1; 65_537]), None);
}

#[test]
fn histograms_become_shares() {
    let table: [(&[u64], &[u32]); 5] = [
        (&[7], &[65_536]),
        (&[0, 0], &[65_535, 1]),
        (&[1, 3], &[16_384, 49_152]),
        // Two thirds of 65,533 and one, rounded down, and what is left over.
        (&[0, 2, 1], &[1, 43_690, 21_845]),
        (&[u64::MAX, u64::MAX], &[32_768, 32_768]),
    ];
    for (histogram, expected) in table {
        let table = FrequencyTable::from_histogram(histogram).unwrap();
        let found: Vec<u32> = (0..table.symbols()).map(|s| table.frequency(s)).collect();
        assert_eq!(found, expected, "{histogram:?}");
    }
}

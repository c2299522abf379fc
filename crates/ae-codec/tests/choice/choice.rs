//! What is expected of symbols that were chosen by error and bits.

/// Codes that these symbols are nearest to, each up to half a step from one.
pub(crate) fn codes_near(symbols: &[i8]) -> Vec<f32> {
    let mut state = 5_u32;
    let codes = symbols.iter().map(|&symbol| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(symbol) + (state >> 16) as f32 / 65_536.0 - 0.5
    });
    codes.collect()
}

/// Checks that what was chosen costs less than `share` of what the nearest symbols do in error and bits, together, and is one of
/// the two integers on either side; `bytes` says what symbols take in a file.
///
/// # Panics
/// If it is not so.
pub(crate) fn check(
    codes: &[f32],
    nearest: &[i8],
    chosen: &[i8],
    share: f32,
    bytes: impl Fn(&[i8]) -> usize,
) {
    let cost = |symbols: &[i8]| {
        let squares: f32 = symbols
            .iter()
            .zip(codes)
            .map(|(&symbol, code)| (f32::from(symbol) - code).powi(2))
            .sum();
        squares + std::f32::consts::LN_2 / 6.0 * 8.0 * bytes(symbols) as f32
    };
    let pairs = chosen.iter().zip(codes);
    assert!(
        pairs
            .clone()
            .all(|(&symbol, code)| (f32::from(symbol) - code).abs() < 1.0)
    );
    let others = pairs.filter(|(symbol, code)| f32::from(**symbol) != code.round());
    let others = others.count();
    assert!(
        others > codes.len() / 50 && others < codes.len() / 3,
        "{others}"
    );
    let (found, before) = (cost(chosen), cost(nearest));
    assert!(found < share * before, "{found} {before}");
}

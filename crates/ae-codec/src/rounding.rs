//! Which of two integers stands for a number: the one that costs less in error and bits together.

/// What a bit is worth in squared errors of codes, in steps of rounding: `ln 2 / 6`, by which the error of rounding, a twelfth of
/// the step's square, grows where a bit less is spent.
const BIT_WORTH: f32 = std::f32::consts::LN_2 / 6.0;
/// The largest symbol; the smallest is its negative.
const LARGEST_SYMBOL: f32 = 127.0;

/// Of the two symbols on either side of a code the one that costs less.
///
/// # References
/// K. Ramchandran and M. Vetterli (1994), *Rate-distortion optimal fast thresholding with complete JPEG/MPEG decoder
/// compatibility*: here one symbol after the other, in the order of coding.
#[inline]
pub(crate) fn cheaper(code: f32, bits: impl Fn(i8) -> f32) -> i8 {
    let code = code.clamp(-LARGEST_SYMBOL, LARGEST_SYMBOL);
    let cost = |symbol: f32| {
        let error = code - symbol;
        error * error + BIT_WORTH * bits(symbol as i8)
    };
    // `floor` and `ceil` are calls where the processor is the oldest of its kind.
    let whole = f32::from(code as i8);
    let (below, above) = match code < whole {
        true => (whole - 1.0, whole),
        false if code > whole => (whole, whole + 1.0),
        false => return whole as i8,
    };
    match cost(below) < cost(above) {
        true => below as i8,
        false => above as i8,
    }
}

//! An order of vectors in which near ones are near.

/// Rounds of the power iteration: the axis need not be exact.
const ROUNDS: usize = 24;

/// The vectors, of `channels` numbers each, in such an order: halved along the axis of their largest variance, then each half,
/// and so on.
pub(super) fn similarity_order(vectors: &[f32], channels: usize) -> Vec<usize> {
    let mut members: Vec<usize> = (0..vectors.len() / channels).collect();
    let all = 0..members.len();
    let mut parts = vec![all];
    while let Some(part) = parts.pop() {
        if part.len() < 2 {
            continue;
        }
        let middle = part.start + part.len() / 2;
        halve(&mut members[part.clone()], vectors, channels);
        parts.push(part.start..middle);
        parts.push(middle..part.end);
    }
    members
}

/// Sorts members along their principal axis, whose largest part is positive.
fn halve(members: &mut [usize], vectors: &[f32], channels: usize) {
    let vector = |member: usize| &vectors[member * channels..(member + 1) * channels];
    let mut mean = vec![0.0_f64; channels];
    for &member in &*members {
        for (mean, &value) in mean.iter_mut().zip(vector(member)) {
            *mean += f64::from(value) / members.len() as f64;
        }
    }
    let along = |axis: &[f64], member: usize| -> f64 {
        let differences = vector(member).iter().zip(&mean);
        differences
            .zip(axis)
            .map(|((&value, mean), axis)| (f64::from(value) - mean) * axis)
            .sum()
    };
    let mut axis = vec![1.0; channels];
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; channels];
        for &member in &*members {
            let length = along(&axis, member);
            for ((next, &value), mean) in next.iter_mut().zip(vector(member)).zip(&mean) {
                *next += length * (f64::from(value) - mean);
            }
        }
        let largest = next.iter().fold(0.0_f64, |largest, value| {
            match value.abs() > largest.abs() {
                true => *value,
                false => largest,
            }
        });
        if largest == 0.0 || !largest.is_finite() {
            break;
        }
        axis = next.iter().map(|value| value / largest).collect();
    }
    members.sort_by(|&one, &other| {
        let lengths = along(&axis, one).total_cmp(&along(&axis, other));
        lengths.then(one.cmp(&other))
    });
}

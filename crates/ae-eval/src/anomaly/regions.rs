//! Connected regions of a mask.

use ae_data::Size;

/// The number of each pixel's region, from 1 on; 0 outside of the mask. Pixels that touch by a side or a corner are of
/// one region.
///
/// # Panics
/// When the mask has another length than the size has pixels.
pub(super) fn connected_regions(mask: &[bool], size: Size) -> (Vec<u32>, u32) {
    assert_eq!(mask.len(), size.height * size.width, "pixels of the mask");
    let mut regions = vec![0; mask.len()];
    let mut count = 0;
    let mut waiting = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || regions[start] != 0 {
            continue;
        }
        count += 1;
        regions[start] = count;
        waiting.push(start);
        while let Some(pixel) = waiting.pop() {
            let (row, column) = (pixel / size.width, pixel % size.width);
            for row in row.saturating_sub(1)..(row + 2).min(size.height) {
                for column in column.saturating_sub(1)..(column + 2).min(size.width) {
                    let neighbor = row * size.width + column;
                    if mask[neighbor] && regions[neighbor] == 0 {
                        regions[neighbor] = count;
                        waiting.push(neighbor);
                    }
                }
            }
        }
    }
    (regions, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_connect_and_gaps_divide() {
        let picture = "\
            #..#.
            .#.#.
            .....
            ##..#";
        let rows: Vec<&str> = picture.lines().map(str::trim).collect();
        let mask: Vec<bool> = rows
            .iter()
            .flat_map(|row| row.bytes().map(|byte| byte == b'#'))
            .collect();
        let size = Size {
            height: 4,
            width: 5,
        };
        let (regions, count) = connected_regions(&mask, size);
        assert_eq!(count, 4);
        #[rustfmt::skip]
        assert_eq!(
            regions,
            [
                1, 0, 0, 2, 0,
                0, 1, 0, 2, 0,
                0, 0, 0, 0, 0,
                3, 3, 0, 0, 4,
            ]
        );
    }
}

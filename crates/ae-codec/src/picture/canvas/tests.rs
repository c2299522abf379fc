use super::*;

fn shape(height: u16, width: u16) -> ImageShape {
    ImageShape::new(height, width).unwrap()
}

/// Every pixel once, and each after all that its context may reach.
#[test]
fn each_pixel_comes_once_and_after_its_neighbors() {
    let neighbors = neighbors(usize::MAX);
    assert_eq!(neighbors[..3], [(-1, 0), (0, -1), (-1, -1)]);
    assert!(neighbors.contains(&(-1, 6)) && !neighbors.contains(&(-1, 7)));
    for (height, width) in [(1, 1), (1, 20), (20, 1), (3, 5), (13, 40), (40, 13)] {
        let wavefront = Wavefront::new(shape(height, width));
        let (height, width) = (usize::from(height), usize::from(width));
        let mut steps = vec![usize::MAX; height * width];
        let mut most = 0;
        for step in 0..wavefront.steps() {
            let pixels = wavefront.pixels(step);
            most = most.max(pixels.len());
            for (row, column) in pixels {
                assert_eq!(steps[row * width + column], usize::MAX);
                steps[row * width + column] = step;
            }
        }
        assert!(!steps.contains(&usize::MAX));
        assert!(most <= wavefront.most());
        for (place, &step) in steps.iter().enumerate() {
            for &(row, column) in &neighbors {
                let row = (place / width).checked_add_signed(row);
                let column = (place % width).checked_add_signed(column);
                if let (Some(row), Some(column)) = (row, column)
                    && column < width
                {
                    assert!(steps[row * width + column] < step);
                }
            }
        }
    }
}

/// What stands outside of a picture when a pixel is coded, against the definition.
#[test]
fn the_border_repeats_what_is_known() {
    let width = 9;
    let shape = shape(5, 9);
    let mut canvas = Canvas::new(shape, 128u8);
    let level = |row: usize, column: usize| (row * 20 + column + 1) as u8;
    let wavefront = Wavefront::new(shape);
    for step in 0..wavefront.steps() {
        for (row, column) in wavefront.pixels(step) {
            let place = canvas.place(row, column);
            let at = |canvas: &Canvas<u8>, (r, c): (isize, isize)| {
                let back = distances(&[(r, c)], canvas.stride())[0];
                canvas.values()[place - back]
            };
            for neighbor in neighbors(usize::MAX) {
                let (r, c) = (row as isize + neighbor.0, column as isize + neighbor.1);
                // Above the first row stands the first row, once it is known; left of a row what is above its first pixel.
                let above = c.clamp(0, width - 1) as usize;
                let expected = match (r, c) {
                    (..0, _) | (0, ..0) if above >= step => 128,
                    (..0, _) => level(0, above),
                    (0, ..0) => level(0, 0),
                    (r, ..0) => level(r as usize - 1, 0),
                    (r, c) => level(r as usize, c.min(width - 1) as usize),
                };
                assert_eq!(
                    at(&canvas, neighbor),
                    expected,
                    "{row} {column} {neighbor:?}"
                );
            }
        }
        for (row, column) in wavefront.pixels(step) {
            canvas.set(row, column, level(row, column));
        }
    }
}

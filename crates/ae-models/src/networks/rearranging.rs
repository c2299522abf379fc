//! Pixels that change places: blocks of them into channels and back, and images moved by whole pixels.

use ae_kernels::HostTensor;
use burn::tensor::{Int, Tensor, TensorData};

/// The side of the blocks.
pub(crate) const BLOCK: usize = 2;

/// Each 2x2 block of a channel as four channels of half the height and width (Shi et al. 2016, *Real-time single image and
/// video super-resolution using an efficient sub-pixel convolutional neural network*, section 3.2, the other way round).
///
/// # Shapes
/// - `images`: `[batch, channels, height, width]`, both even
/// - output: `[batch, 4 channels, height / 2, width / 2]`, as PyTorch's `pixel_unshuffle` orders them
pub(crate) fn space_to_depth(images: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = images.dims();
    let (rows, columns) = (height / BLOCK, width / BLOCK);
    let shape = [batch, channels * BLOCK * BLOCK, rows, columns];
    let on_host = moved_on_host(&images, [height, width], shape, |image, maps, place| {
        maps[place.map] = image[place.image];
    });
    if let Some(maps) = on_host {
        return maps;
    }
    images
        .reshape([batch, channels, rows, BLOCK, columns, BLOCK])
        .permute([0, 1, 3, 5, 2, 4])
        .reshape(shape)
}

/// What [`space_to_depth`] made of an image, as the image again.
///
/// # Shapes
/// - `maps`: `[batch, 4 channels, rows, columns]`
/// - output: `[batch, channels, 2 rows, 2 columns]`, as PyTorch's `pixel_shuffle` orders them
pub(crate) fn depth_to_space(maps: Tensor<4>) -> Tensor<4> {
    let [batch, maps_channels, rows, columns] = maps.dims();
    let channels = maps_channels / (BLOCK * BLOCK);
    let shape = [batch, channels, rows * BLOCK, columns * BLOCK];
    let sides = [rows * BLOCK, columns * BLOCK];
    let on_host = moved_on_host(&maps, sides, shape, |maps, image, place| {
        image[place.image] = maps[place.map];
    });
    if let Some(images) = on_host {
        return images;
    }
    maps.reshape([batch, channels, BLOCK, BLOCK, rows, columns])
        .permute([0, 1, 4, 2, 5, 3])
        .reshape(shape)
}

/// Where a pixel lies in a channel of an image, and where among the four maps that are made of it.
#[derive(Clone, Copy)]
struct Place {
    image: usize,
    map: usize,
}

/// A tensor of this shape, of which `move_value` fills each channel of images `[height, width]` from the same of `from`, place
/// by place. `None` where the values lie elsewhere or a gradient is wanted: then Burn moves them, along six axes, which takes
/// longer.
fn moved_on_host(
    from: &Tensor<4>,
    [height, width]: [usize; 2],
    shape: [usize; 4],
    move_value: impl Fn(&[f32], &mut [f32], Place),
) -> Option<Tensor<4>> {
    let host = HostTensor::new(from.clone())?;
    let values = host.values();
    let mut moved = vec![0.0; values.len()];
    let channel = (height * width).max(1);
    let channels = values.chunks_exact(channel);
    for (from, to) in channels.zip(moved.chunks_exact_mut(channel)) {
        for row in 0..height {
            let map_row = row % BLOCK * BLOCK * (height / BLOCK) + row / BLOCK;
            for column in 0..width {
                let map = map_row + column % BLOCK * (height / BLOCK);
                let place = Place {
                    image: row * width + column,
                    map: map * (width / BLOCK) + column / BLOCK,
                };
                move_value(from, to, place);
            }
        }
    }
    let moved = TensorData::new(moved, shape);
    Some(Tensor::from_data(moved, &from.device()))
}

/// The images, each moved down and to the right by so many pixels; what comes in at an edge repeats it.
///
/// # Shapes
/// - `images`, output: `[batch, channels, height, width]`
/// - `shifts`: for each image of the batch, rows and columns
pub(crate) fn shifted(images: Tensor<4>, shifts: &[(isize, isize)]) -> Tensor<4> {
    if shifts.iter().all(|shift| *shift == (0, 0)) {
        return images;
    }
    let shape @ [_, channels, height, width] = images.dims();
    let inside = |place: usize, shift: isize, side: usize| {
        (place as isize - shift).clamp(0, side as isize - 1) as usize
    };
    let mut places: Vec<i32> = Vec::with_capacity(shape.iter().product());
    for (image, &(down, right)) in shifts.iter().enumerate() {
        for channel in 0..channels {
            for row in 0..height {
                let first =
                    ((image * channels + channel) * height + inside(row, down, height)) * width;
                places
                    .extend((0..width).map(|column| (first + inside(column, right, width)) as i32));
            }
        }
    }
    let values = places.len();
    let places = Tensor::<1, Int>::from_data(TensorData::new(places, [values]), &images.device());
    images.reshape([values]).select(0, places).reshape(shape)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn images(shape: [usize; 4]) -> Tensor<4> {
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|v: usize| v as f32)
            .collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    /// On the host and by Burn, which differentiates it.
    fn same(moved: impl Fn(Tensor<4>) -> Tensor<4>, images: Tensor<4>) -> Vec<f32> {
        let tracked = Tensor::from_data(images.to_data(), &images.device().autodiff());
        let expected = values(moved(tracked.require_grad()));
        let found = values(moved(images));
        assert_eq!(found, expected);
        found
    }

    fn values(tensor: Tensor<4>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    /// `torch.pixel_unshuffle(torch.arange(16.).reshape(1, 1, 4, 4), 2)`.
    #[test]
    fn blocks_become_channels_and_come_back() {
        let maps = space_to_depth(images([1, 1, 4, 4]));
        assert_eq!(maps.dims(), [1, 4, 2, 2]);
        assert_eq!(
            values(maps),
            [
                0.0, 2.0, 8.0, 10.0, 1.0, 3.0, 9.0, 11.0, 4.0, 6.0, 12.0, 14.0, 5.0, 7.0, 13.0,
                15.0
            ]
        );
        let many = images([3, 2, 6, 4]);
        let blocks = same(space_to_depth, many.clone());
        let blocks = Tensor::from_data(TensorData::new(blocks, [3, 8, 3, 2]), &Device::flex());
        assert_eq!(same(depth_to_space, blocks), values(many.clone()));
        let back = depth_to_space(space_to_depth(many.clone()));
        assert_eq!(values(back), values(many));
    }

    #[test]
    fn images_move_and_repeat_their_edges() {
        let moved = shifted(images([2, 1, 2, 3]), &[(1, -1), (0, 0)]);
        assert_eq!(
            values(moved),
            [1.0, 2.0, 2.0, 1.0, 2.0, 2.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
        );
        let far = shifted(images([1, 1, 2, 2]), &[(-9, 9)]);
        assert_eq!(values(far), [2.0, 2.0, 2.0, 2.0]);
    }
}

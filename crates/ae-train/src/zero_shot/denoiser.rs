//! Training on one noisy picture, and what is left of it then.

use std::sync::{Mutex, PoisonError};

use ae_kernels::KernelError;

use crate::error::TrainError;
use crate::setting_checks::{at_least_one, refuse};
use crate::zero_shot::network::{MARGIN, Network};
use crate::zero_shot::objective::{Losses, share, targets};
use crate::zero_shot::pair::{half, pair_of};
use crate::zero_shot::tiles::Tiles;
use crate::zero_shot::windows::Windows;

/// The usual side of a tile, in pixels: of 256x256 pixels there are four, as many as the kernels' parts of a batch, so that smaller ones
/// would keep no more threads busy. Tiles of 68 overlap more and take 6 per cent more processor time.
const TILE: usize = 132;
/// The least side of a picture: a half of it is then as large as what the network sees.
const LEAST_SIDE: usize = 2 * (2 * MARGIN + 1);

/// How [`ZeroShot`] trains.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ZeroShotSettings {
    /// Steps of training.
    pub steps: usize,
    /// The learning rate of the first half of the steps; half of it after that.
    pub learning_rate: f64,
    /// What the first weights are drawn from, and the windows of large pictures.
    pub seed: u64,
    /// The most pixels of a side of the tiles that pictures are cut into on their way through the network, at least
    /// [`LEAST_TILE`](Self::LEAST_TILE). Changes time and memory, and of the result the rounding alone.
    pub tile: usize,
}

impl ZeroShotSettings {
    /// The least side of a tile.
    pub const LEAST_TILE: usize = 16;
}

impl Default for ZeroShotSettings {
    /// Those of the paper: 2,000 steps, a learning rate of 0.001 that is halved after 1,000.
    fn default() -> Self {
        Self {
            steps: 2000,
            learning_rate: 1e-3,
            seed: 1,
            tile: TILE,
        }
    }
}

/// Zero-Shot Noise2Noise: removes noise by a small network that is trained on nothing but the noisy picture.
///
/// The picture is halved in two ways whose noise is independent, and the network learns to tell one half from the other, in
/// which only the noise differs. So it takes for noise what is independent from pixel to pixel, and keeps noise that
/// neighbors have in common, as scanners and JPEG make it.
///
/// Computes on the CPU, by the kernels; the same bits for any number of threads. A picture of over 393,216 pixels is trained
/// on in windows of 512 x 512, another one each step, which the paper does not say anything of: time and memory then do not
/// grow with the picture but for the last pass.
///
/// # References
/// Y. Mansour and R. Heckel (2023), *Zero-Shot Noise2Noise: Efficient Image Denoising without any Data*, CVPR.
#[derive(Clone, Copy, Debug)]
pub struct ZeroShot {
    settings: ZeroShotSettings,
}

impl ZeroShot {
    /// A denoiser that trains by these settings.
    #[must_use]
    pub fn new(settings: ZeroShotSettings) -> Self {
        Self { settings }
    }

    /// Trains on a picture, and removes its noise; what comes out is not clipped. `progress` is told the steps that are
    /// done.
    ///
    /// # Shapes
    /// - `values`, output: `shape`, `[channels, height, width]`, in `[0, 1]` but for the noise
    ///
    /// # Errors
    /// [`TrainError::Config`] for no steps, [`TrainError::SmallPicture`] where the picture is too small, and where there is no
    /// memory.
    ///
    /// # Panics
    /// When `values` are not as many as `shape` says.
    pub fn denoise(
        &self,
        shape: [usize; 3],
        values: &[f32],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<f32>, TrainError> {
        let [channels, height, width] = shape;
        assert_eq!(
            values.len(),
            channels * height * width,
            "values of a picture"
        );
        at_least_one("steps", self.settings.steps)?;
        if self.settings.tile < ZeroShotSettings::LEAST_TILE {
            return Err(refuse("tile", self.settings.tile, "must be at least 16"));
        }
        if height.min(width) < LEAST_SIDE {
            return Err(TrainError::SmallPicture {
                height,
                width,
                least: LEAST_SIDE,
            });
        }
        let mut network = Network::new(channels, self.settings.seed).map_err(failed)?;
        let windows = Windows::new(shape);
        let mut lesson = None;
        for step in 0..self.settings.steps {
            let lesson: &Lesson = match &mut lesson {
                Some(lesson) if windows.is_whole() => lesson,
                other => {
                    let window = windows.cut(values, self.settings.seed, step as u64);
                    other.insert(Lesson::new(window, windows.shape(), self.settings.tile))
                }
            };
            lesson
                .step(&mut network, self.learning_rate(step))
                .map_err(failed)?;
            progress(step + 1);
        }
        let noise = network
            .predict(&Tiles::new(shape, self.settings.tile, MARGIN), values)
            .map_err(failed)?;
        let denoised = values
            .iter()
            .zip(&noise)
            .map(|(value, noise)| value - noise);
        Ok(denoised.collect())
    }

    /// The paper's is halved after 1,000 of 2,000 steps; fewer or more are divided alike.
    fn learning_rate(&self, step: usize) -> f64 {
        let ZeroShotSettings {
            steps,
            learning_rate,
            ..
        } = self.settings;
        match 2 * step < steps {
            true => learning_rate,
            false => 0.5 * learning_rate,
        }
    }
}

/// What a step is taken on: a picture, its halves, and how the two are cut into tiles.
struct Lesson {
    picture: Vec<f32>,
    halves: Vec<f32>,
    targets: Vec<f32>,
    tiles: Tiles,
    tiles_of_halves: Tiles,
}

impl Lesson {
    fn new(picture: Vec<f32>, shape: [usize; 3], tile: usize) -> Self {
        let [channels, height, width] = shape;
        let halves = pair_of(&picture, shape);
        Self {
            targets: targets(&halves),
            tiles: Tiles::new(shape, tile, MARGIN),
            tiles_of_halves: Tiles::new([channels, half(height), half(width)], tile, MARGIN),
            picture,
            halves,
        }
    }

    fn step(&self, network: &mut Network, learning_rate: f64) -> Result<(), KernelError> {
        let of_halves = network.predict(&self.tiles_of_halves, &self.halves)?;
        let by_halves = Mutex::new(vec![0.0; of_halves.len()]);
        let mut gradients =
            network.gradients_of_tiles(&self.tiles, &self.picture, |first, said, gradient| {
                gradient.fill(0.0);
                let values = self.tiles.tile_values();
                let tiles = said
                    .chunks_exact(values)
                    .zip(gradient.chunks_exact_mut(values));
                let mut by_halves = by_halves.lock().unwrap_or_else(PoisonError::into_inner);
                for (tile, (said, gradient)) in tiles.enumerate() {
                    self.differentiate(first + tile, said, &of_halves, gradient, &mut by_halves);
                }
            })?;
        let by_halves = by_halves
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let more = network.gradients(&self.tiles_of_halves, &self.halves, &by_halves)?;
        for (sum, more) in gradients.iter_mut().flatten().zip(more.iter().flatten()) {
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        }
        network.step(gradients, learning_rate)
    }

    /// The gradient of the losses by what the network says of the squares of 2x2 pixels that a tile is there for, and at their
    /// places in the halves by what it says of those.
    fn differentiate(
        &self,
        tile: usize,
        said: &[f32],
        of_halves: &[f32],
        gradient: &mut [f32],
        by_halves: &mut [f32],
    ) {
        let half = of_halves.len() / 2;
        let share = share(of_halves.len());
        let both = |values: &[f32], place: usize| [values[place], values[half + place]];
        self.tiles.for_each_square(tile, |place, [upper, lower]| {
            // As `pair_of` makes the halves.
            let of_picture = [
                0.5 * (said[upper + 1] + said[lower]),
                0.5 * (said[upper] + said[lower + 1]),
            ];
            let losses = Losses::at(
                both(of_halves, place),
                both(&self.targets, place),
                of_picture,
            );
            let [first, second] = losses.by_picture.map(|slope| 0.5 * share * slope);
            gradient[upper..upper + 2].copy_from_slice(&[second, first]);
            gradient[lower..lower + 2].copy_from_slice(&[first, second]);
            let [first, second] = losses.by_halves.map(|slope| share * slope);
            by_halves[place] = first;
            by_halves[half + place] = second;
        });
    }
}

fn failed(error: KernelError) -> TrainError {
    TrainError::Device {
        action: "training on the picture",
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose};

    use super::*;
    use crate::zero_shot::objective::tests::loss;

    /// Smooth waves with an edge.
    fn clean([channels, height, width]: [usize; 3]) -> Vec<f32> {
        let mut values = Vec::with_capacity(channels * height * width);
        for channel in 0..channels {
            for y in 0..height {
                for x in 0..width {
                    let wave = ((x + 3 * channel) as f32 * 0.15).sin() * (y as f32 * 0.11).cos();
                    let edge = if x + y > width { 0.15 } else { -0.15 };
                    values.push(0.5 + 0.2 * wave + edge);
                }
            }
        }
        values
    }

    fn noisy(clean: &[f32], sigma: f32) -> Vec<f32> {
        let draw = Draw {
            seed: 11,
            purpose: Purpose::Noise,
            epoch: 0,
            index: 0,
        };
        let mut noise = vec![0.0; clean.len()];
        draw.stream().fill_standard_normal(&mut noise);
        let pairs = clean.iter().zip(&noise);
        pairs.map(|(value, noise)| value + sigma * noise).collect()
    }

    fn psnr(a: &[f32], b: &[f32]) -> f64 {
        let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
        -10.0 * (squares.sum::<f64>() / a.len() as f64).log10()
    }

    fn of_steps(steps: usize) -> ZeroShot {
        ZeroShot::new(ZeroShotSettings {
            steps,
            ..ZeroShotSettings::default()
        })
    }

    /// Losses and results as `tests/reference/zs_n2n.py --golden` prints them, of PyTorch 2.15.0.
    #[test]
    fn steps_are_those_of_the_authors_program() {
        const LOSSES: [f64; 6] = [
            0.136_722_83,
            0.125_581_95,
            0.117_354_25,
            0.110_862_32,
            0.107_918_49,
            0.104_987_79,
        ];
        const DENOISED: [f32; 13] = [
            0.089_492_4,
            0.448_616_56,
            0.785_889_9,
            0.257_506_4,
            0.649_695_04,
            0.024_753_314,
            0.465_392_92,
            0.796_424_57,
            0.296_506_9,
            0.764_724_2,
            0.194_836_74,
            0.585_045_3,
            0.856_701_25,
        ];
        let shape = [3, 15, 18];
        let fraction = |place: usize, factor: usize, modulus: usize| {
            (place * factor % modulus) as f64 / modulus as f64
        };
        let noisy: Vec<f32> = (0..3 * 15 * 18)
            .map(|place| fraction(place, 31, 97) as f32)
            .collect();
        let mut network = Network::new(3, 1).unwrap();
        network.set_weights(|layer, is_bias, place| {
            let inputs: f64 = [27.0, 432.0, 48.0][layer];
            let factor = if is_bias { 104_729 } else { 7919 } + layer;
            ((2.0 * fraction(place, factor, 1009) - 1.0) / inputs.sqrt()) as f32
        });
        let zero_shot = of_steps(6);
        let lesson = Lesson::new(noisy.clone(), shape, 24);
        for (step, expected) in LOSSES.into_iter().enumerate() {
            let of_halves = network
                .predict(&lesson.tiles_of_halves, &lesson.halves)
                .unwrap();
            let of_picture = network.predict(&lesson.tiles, &noisy).unwrap();
            let found = loss(&of_halves, &of_picture, &lesson.targets, shape).value;
            assert!(
                (found / expected - 1.0).abs() < 1e-5,
                "step {step}: {found}, expected {expected}"
            );
            lesson
                .step(&mut network, zero_shot.learning_rate(step))
                .unwrap();
        }
        let noise = network.predict(&lesson.tiles, &noisy).unwrap();
        for (index, expected) in DENOISED.into_iter().enumerate() {
            let place = index * (noisy.len() / 12);
            let found = noisy[place] - noise[place];
            assert!(
                (found - expected).abs() < 2e-5,
                "{place}: {found}, expected {expected}"
            );
        }
    }

    #[test]
    fn noise_goes_and_the_picture_stays() {
        let shape = [3, 48, 62];
        let clean = clean(shape);
        let noisy = noisy(&clean, 0.1);
        let mut told = 0;
        let denoised = of_steps(200)
            .denoise(shape, &noisy, |step| {
                assert_eq!(step, told + 1);
                told = step;
            })
            .unwrap();
        assert_eq!(told, 200);
        let (before, after) = (psnr(&clean, &noisy), psnr(&clean, &denoised));
        assert!(after > before + 6.0, "{before} -> {after}");
    }

    #[test]
    fn the_seed_decides_and_threads_do_not() {
        let shape = [1, 33, 40];
        let noisy = noisy(&clean(shape), 0.1);
        let run = |seed, threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let settings = ZeroShotSettings {
                steps: 5,
                seed,
                ..ZeroShotSettings::default()
            };
            pool.install(|| {
                ZeroShot::new(settings)
                    .denoise(shape, &noisy, |_| ())
                    .unwrap()
            })
        };
        assert_eq!(run(1, 1), run(1, 3));
        assert_ne!(run(1, 1), run(2, 1));
    }

    #[test]
    fn tiles_change_the_rounding_alone() {
        let shape = [1, 70, 50];
        let noisy = noisy(&clean(shape), 0.1);
        let [small, large] = [24, 500].map(|tile| {
            let settings = ZeroShotSettings {
                steps: 10,
                tile,
                ..ZeroShotSettings::default()
            };
            ZeroShot::new(settings)
                .denoise(shape, &noisy, |_| ())
                .unwrap()
        });
        assert!(psnr(&small, &large) > 80.0, "{}", psnr(&small, &large));
        let settings = ZeroShotSettings {
            tile: 15,
            ..ZeroShotSettings::default()
        };
        let refused = ZeroShot::new(settings).denoise(shape, &noisy, |_| ());
        assert_eq!(
            refused.unwrap_err().to_string(),
            "tile = 15: must be at least 16"
        );
    }

    #[test]
    fn what_cannot_be_trained_on_is_refused() {
        let of_picture = |shape: [usize; 3], steps| {
            let values = vec![0.5; shape.iter().product()];
            let error = of_steps(steps).denoise(shape, &values, |_| ()).unwrap_err();
            error.to_string()
        };
        let small = "9x40 pixels are too few to train on: a side has at least 10";
        assert_eq!(of_picture([1, 40, 9], 1), small);
        assert_eq!(of_picture([1, 40, 40], 0), "steps = 0: must be at least 1");
        assert!(
            of_steps(1)
                .denoise([1, 10, 10], &[0.5; 100], |_| ())
                .is_ok()
        );
    }
}

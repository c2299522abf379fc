//! Bands: lines of some images of a buffer, which one task writes while others write theirs.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::layout::buffer::{Blocked, Frame};
use crate::simd::Row;

/// Where a band lies: its images, and its lines in each of them.
pub(crate) type Place = (Range<usize>, Range<usize>);

/// Lines of some images, in all blocks of channels.
pub(crate) struct Band<'a> {
    pub(crate) frame: Frame,
    pub(crate) blocks: usize,
    pub(crate) images: Range<usize>,
    pub(crate) lines: Range<usize>,
    /// Those of each image in each block, `[block][image]`.
    rows: Vec<&'a mut [Row]>,
}

impl Band<'_> {
    /// Where the rows from pixel `x` of line `y` on lie in those of [`Band::image_mut`].
    #[inline(always)]
    pub(crate) fn at(&self, y: usize, x: usize) -> usize {
        (y - self.lines.start) * self.frame.pitch + x + 1
    }

    /// The band's rows of an image.
    #[inline(always)]
    pub(crate) fn image_mut(&mut self, block: usize, image: usize) -> &mut [Row] {
        self.rows[block * self.images.len() + image - self.images.start]
    }
}

impl Blocked {
    /// Its bands at `places`, which follow each other down every image and do not meet.
    pub(crate) fn bands(&mut self, places: &[Place]) -> Vec<Band<'_>> {
        let (frame, blocks, images) = (self.frame, self.blocks, self.images);
        let frames = self.rows.chunks_exact_mut(frame.area.max(1));
        let mut rest: Vec<(usize, &mut [Row])> = frames.map(|rows| (0, rows)).collect();
        let band = |(of_images, lines): &Place| {
            let (start, end) = (
                (lines.start + 1) * frame.pitch,
                (lines.end + 1) * frame.pitch,
            );
            let mut rows = Vec::with_capacity(blocks * of_images.len());
            for block in 0..blocks {
                for image in of_images.clone() {
                    let (position, left) = &mut rest[block * images + image];
                    let (_, from_start) = std::mem::take(left).split_at_mut(start - *position);
                    let (taken, below) = from_start.split_at_mut(end - start);
                    (*position, *left) = (end, below);
                    rows.push(taken);
                }
            }
            Band {
                frame,
                blocks,
                images: of_images.clone(),
                lines: lines.clone(),
                rows,
            }
        };
        places.iter().map(band).collect()
    }

    /// Some images in bands for `threads` threads: some for each, lest one waits for another, or whole images for one.
    pub(crate) fn bands_for(&mut self, images: Range<usize>, threads: usize) -> Vec<Band<'_>> {
        const BANDS: usize = 4;
        let height = self.frame.height;
        let lines = match threads {
            0 | 1 => height,
            threads => height.div_ceil(BANDS * threads),
        };
        let of_image = |image: usize| {
            let starts = (0..height).step_by(lines.max(1));
            starts.map(move |y| (image..image + 1, y..(y + lines).min(height)))
        };
        let places: Vec<Place> = images.flat_map(of_image).collect();
        self.bands(&places)
    }
}

/// Does `work` with every item, on as many threads as there are `tools`, each of which serves one of them.
pub(crate) fn share_out<I: Send, T: Send>(
    items: Vec<I>,
    tools: &mut [T],
    work: impl Fn(I, &mut T) + Sync,
) {
    if let [tool] = tools {
        items.into_iter().for_each(|item| work(item, tool));
        return;
    }
    let queue = Mutex::new(items.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    tools.par_iter_mut().for_each(|tool| {
        while let Some(item) = next() {
            work(item, tool);
        }
    });
}

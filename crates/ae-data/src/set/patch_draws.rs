//! How square patches are cut from pictures of any sizes.

use std::sync::Arc;

use ae_random::{Draw, Purpose};

use crate::image::ImageShape;

/// Which patches of its pictures a set's images are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PatchDraws {
    /// Rows and columns of a patch.
    pub(crate) side: usize,
    pub(crate) place: PatchPlace,
}

/// Where the patches lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PatchPlace {
    /// One in the center of each picture: of a set that was just opened.
    Center,
    /// At places that are drawn.
    Drawn(DrawnPatches),
}

/// Patches at places that are drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DrawnPatches {
    pub(crate) seed: u64,
    /// Whether each epoch has others, flipped and turned; else they are those of epoch 0, upright.
    pub(crate) anew: bool,
    pub(crate) epoch: u64,
    /// Patches in an epoch.
    pub(crate) count: usize,
    /// Those of them that are the set's; `None` for all.
    pub(crate) chosen: Option<Arc<[usize]>>,
}

impl DrawnPatches {
    /// Patches of the set in an epoch.
    pub(crate) fn len(&self) -> usize {
        self.chosen
            .as_ref()
            .map_or(self.count, |chosen| chosen.len())
    }

    /// A patch's number within the epoch.
    pub(crate) fn number(&self, index: usize) -> usize {
        self.chosen.as_ref().map_or(index, |chosen| chosen[index])
    }

    /// The picture of patch `number`, of so many: they take turns, also from epoch to epoch, so that none is drawn more
    /// than once more often than another.
    pub(crate) fn picture(&self, number: usize, pictures: usize) -> usize {
        let before = u128::from(self.epoch) * self.count as u128;
        ((before + number as u128) % pictures as u128) as usize
    }
}

impl PatchDraws {
    /// Cuts the patch of `index` out of a picture.
    ///
    /// # Shapes
    /// - `picture`: `[channels, height, width]` of `shape`, no side shorter than the patch's
    /// - `patch`: `[channels, side, side]`
    pub(crate) fn cut(&self, index: usize, shape: ImageShape, picture: &[u8], patch: &mut [u8]) {
        let side = self.side;
        let room = [shape.height - side, shape.width - side];
        let Cut {
            top,
            left,
            is_flipped,
            quarter_turns,
        } = match &self.place {
            PatchPlace::Center => Cut {
                top: room[0] / 2,
                left: room[1] / 2,
                is_flipped: false,
                quarter_turns: 0,
            },
            PatchPlace::Drawn(drawn) => Cut::drawn(drawn, index, room),
        };
        let planes = picture.chunks_exact(shape.pixels());
        for (plane, patch) in planes.zip(patch.chunks_exact_mut(side * side)) {
            for (row, values) in patch.chunks_exact_mut(side).enumerate() {
                for (column, value) in values.iter_mut().enumerate() {
                    let (row, column) = match quarter_turns {
                        0 => (row, column),
                        1 => (column, side - 1 - row),
                        2 => (side - 1 - row, side - 1 - column),
                        _ => (side - 1 - column, row),
                    };
                    let column = match is_flipped {
                        true => side - 1 - column,
                        false => column,
                    };
                    *value = plane[(top + row) * shape.width + left + column];
                }
            }
        }
    }
}

/// Where a patch lies and how it is turned: flipped from left to right, then counterclockwise.
struct Cut {
    top: usize,
    left: usize,
    is_flipped: bool,
    quarter_turns: u64,
}

impl Cut {
    /// Each place is as likely as any other, and so is each of the square's eight symmetries.
    fn drawn(drawn: &DrawnPatches, index: usize, room: [usize; 2]) -> Self {
        let draw = Draw {
            seed: drawn.seed,
            purpose: match drawn.anew {
                true => Purpose::Patch,
                false => Purpose::MeasuredPatch,
            },
            epoch: drawn.epoch,
            index: drawn.number(index) as u64,
        };
        let mut stream = draw.stream();
        let mut place = |room: usize| stream.uniform_below(room as u64 + 1) as usize;
        let (top, left) = (place(room[0]), place(room[1]));
        let symmetry = match drawn.anew {
            true => stream.uniform_below(8),
            false => 0,
        };
        Self {
            top,
            left,
            is_flipped: symmetry >= 4,
            quarter_turns: symmetry % 4,
        }
    }
}

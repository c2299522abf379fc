//! What codes an autoencoder's indices: checked, and named by its hash.

use ae_random::Draw;

use super::code::IndexCode;
use super::coding;
use super::tree::Tree;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;

/// The tables by which the indices of an autoencoder's codewords are written in few bits, and by which new ones are drawn.
///
/// A digit's table is chosen by questions about the digits before it: those of the places to the left and above, and at its
/// own place; and about the place. Every machine chooses the same, so what one has encoded the others decode.
///
/// Made by [`measure`](Self::measure) or [`read`](Self::read).
#[derive(Debug, Clone, PartialEq)]
pub struct IndexTables {
    pub(super) shape: ImageShape,
    pub(super) code: IndexCode,
    /// Names the autoencoder whose indices these are.
    pub(super) network: [u8; 8],
    /// One for each digit.
    pub(super) trees: Vec<Tree>,
    pub(super) hash: ModelHash,
}

impl IndexTables {
    /// The shape of the images that the indices are of.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The indices' grid, and what they are written as.
    #[must_use]
    pub fn code(&self) -> &IndexCode {
        &self.code
    }

    /// What names the autoencoder, as [`measure`](Self::measure) was given it.
    #[must_use]
    pub fn network(&self) -> [u8; 8] {
        self.network
    }

    /// What names them and the autoencoder: files that were coded with them hold the same.
    #[must_use]
    pub fn hash(&self) -> ModelHash {
        self.hash
    }

    /// How many tables there are.
    #[must_use]
    pub fn tables(&self) -> usize {
        self.trees.iter().map(Tree::tables).sum()
    }

    /// The indices of a new image, by rows: each drawn as often as its table says, after those before it. The same `draw`
    /// gives the same on every machine.
    #[must_use]
    pub fn sample(&self, draw: Draw) -> Vec<u16> {
        let mut stream = draw.stream();
        let mut digits = vec![0; self.code.symbols()];
        coding::walk(&self.code, &self.trees, 1, |index, table| {
            // Below 65,536.
            let position = stream.uniform_below(crate::FrequencyTable::TOTAL.into()) as u32;
            digits[index] = table.symbol_at(position) as u8;
            digits[index]
        });
        let indices = self.code.indices_of(&digits);
        indices.expect("a table has the values of its digit, and each combination is a codeword")
    }
}

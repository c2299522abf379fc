//! Models whose codes are indices into a list of codewords.

use burn::tensor::{Int, Tensor};

/// A model that has, for each place of a grid, one of a list of codewords: what it says of an image are their indices.
///
/// Indices are written in few bits by tables of how often each is there, and new images are made by drawing them.
pub trait DiscreteCodes {
    /// Rows and columns of places.
    fn grid(&self) -> [usize; 2];

    /// How many codewords there are, at most 65,536.
    fn codewords(&self) -> usize;

    /// The levels of each of the numbers that a codeword consists of, where each combination of them is a codeword: the
    /// index is the sum of each number's level times the product of the levels before it. `None` for codewords that are
    /// vectors in no order.
    fn levels(&self) -> Option<&[usize]>;

    /// The codewords themselves.
    ///
    /// # Shapes
    /// - output: `[codewords, channels]`
    fn codeword_vectors(&self) -> Tensor<2>;

    /// The indices of images' codewords.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, of [`Trainable::input_shape`](crate::Trainable::input_shape)
    /// - output: `[batch, places]`, by rows
    ///
    /// # Panics
    /// May panic when `images` have another shape.
    fn indices(&self, images: Tensor<4>) -> Tensor<2, Int>;

    /// The images that codewords stand for.
    ///
    /// # Shapes
    /// - `indices`: `[batch, places]`, each below [`codewords`](Self::codewords)
    /// - output: `[batch, channels, height, width]`, of [`Trainable::input_shape`](crate::Trainable::input_shape)
    ///
    /// # Panics
    /// May panic when `indices` have another shape, or one is too large.
    fn decode_indices(&self, indices: Tensor<2, Int>) -> Tensor<4>;

    /// The bits of one image's indices, each codeword being as likely as any other: they are written as one number.
    fn index_bits(&self) -> u64 {
        let [rows, columns] = self.grid();
        let places = (rows * columns) as f64;
        (places * (self.codewords() as f64).log2()).ceil() as u64
    }
}

//! What a grid of labeled rows is made from.

use ae_data::Image;

/// A picture of labeled rows.
#[derive(Clone, Debug, Default)]
pub struct GridRequest {
    /// The picture's title; empty for none.
    pub title: String,
    /// A quieter line below the title; empty for none.
    pub subtitle: String,
    /// One label above each column, or none at all.
    pub column_labels: Vec<String>,
    /// The rows, from top to bottom.
    pub rows: Vec<GridRow>,
}

/// One row of a [`GridRequest`].
#[derive(Clone, Debug)]
pub struct GridRow {
    /// What the row shows, in bold to its left; empty for none.
    pub label: String,
    /// Quieter lines below the label, separated by `\n`; empty for none.
    pub note: String,
    /// What stands in the row's columns.
    pub cells: Cells,
    /// One caption below each cell, or none at all.
    pub captions: Vec<String>,
}

impl GridRow {
    /// A row of images without note and captions.
    #[must_use]
    pub fn images(label: impl Into<String>, images: Vec<Image>) -> Self {
        Self {
            label: label.into(),
            note: String::new(),
            cells: Cells::Images(images),
            captions: Vec::new(),
        }
    }

    /// A row of codes without note and captions; see [`Cells::Codes`].
    #[must_use]
    pub fn codes(label: impl Into<String>, values: Vec<f32>, shape: Vec<usize>) -> Self {
        Self {
            label: label.into(),
            note: String::new(),
            cells: Cells::Codes { values, shape },
            captions: Vec::new(),
        }
    }
}

/// What stands in the columns of a row.
#[derive(Clone, Debug)]
pub enum Cells {
    /// Images of one shape, gray or color. A row may have fewer of them than others.
    Images(Vec<Image>),
    /// Codes, drawn as [`code_tiles`](crate::code_tiles()) over one range, which a color bar beside the row names.
    ///
    /// # Shapes
    /// - `values`: `[codes, product of shape]`
    /// - `shape`: `[maps, height, width]`, `[height, width]` or `[values]`
    Codes {
        /// The codes' values, one code after the other.
        values: Vec<f32>,
        /// The shape of one code.
        shape: Vec<usize>,
    },
}

//! Images as the symbols that a container has, a byte each, and back.

use ae_codec::{ImageShape, LossyTables};
use ae_data::{Image, Size};
use ae_infer::BATCH_SIZE;
use ae_random::{Draw, Purpose};

use super::model::TransformModel;
use crate::codec::images::shape_of;
use crate::error::{CliError, Status};

impl TransformModel {
    /// How many images are brought to symbols at once.
    pub(crate) fn batch_size(&self) -> usize {
        match self.is_of_pictures() {
            true => 1,
            false => BATCH_SIZE,
        }
    }

    /// The symbols of images, each with its own, at a quality counted from 1.
    ///
    /// # Errors
    /// The device fails.
    pub(crate) fn symbols(
        &self,
        images: &[Image],
        quality: usize,
    ) -> Result<Vec<Vec<u8>>, CliError> {
        let lacks_quality = || {
            let reason = format!("it has no quality {quality}");
            CliError::failure(Status::Model, self.name(), reason)
        };
        if let LossyTables::Pictures(tables) = &self.tables {
            let coder = tables.coder(quality).ok_or_else(lacks_quality)?;
            let symbols = images.iter().map(|image| {
                let size = image.shape().size();
                let codes = self
                    .model
                    .picture_codes(image.pixels(), size, quality - 1)?;
                let shape = shape_of(self.name(), image)?;
                Ok(bytes_of(&coder.quantized(&codes, shape)))
            });
            return symbols.collect();
        }
        let pixels: Vec<u8> = images.iter().flat_map(Image::pixels).copied().collect();
        let symbols = match &self.tables {
            LossyTables::Indices(tables) => {
                let digits = tables.code().digits_of(&self.model.indices(&pixels)?);
                digits.ok_or_else(|| self.no_codeword())?
            }
            LossyTables::Images(tables) => {
                let coder = tables.coder(quality).ok_or_else(lacks_quality)?;
                bytes_of(&coder.quantized(&self.model.codes_of(&pixels, quality - 1)?))
            }
            _ => return Err(lacks_quality()),
        };
        let of_image = (symbols.len() / images.len().max(1)).max(1);
        Ok(symbols.chunks_exact(of_image).map(<[u8]>::to_vec).collect())
    }

    /// The pixels of images of these shapes, one after the other, whose symbols these are.
    ///
    /// # Errors
    /// The device fails.
    pub(crate) fn pixels_of(
        &self,
        symbols: &[u8],
        shapes: &[ImageShape],
        quality: usize,
    ) -> Result<Vec<u8>, CliError> {
        if let LossyTables::Indices(tables) = &self.tables {
            let indices = tables.code().indices_of(symbols);
            let indices = indices.ok_or_else(|| self.no_codeword())?;
            return Ok(self.model.pixels_of_indices(&indices)?);
        }
        let symbols: Vec<i8> = symbols.iter().map(|symbol| symbol.cast_signed()).collect();
        if !self.is_of_pictures() {
            return Ok(self.model.pixels_of(&symbols, quality - 1)?);
        }
        let block = self.model.symbol_block()?;
        let mut left = &symbols[..];
        let mut pixels = Vec::with_capacity(shapes.iter().map(|shape| shape.pixels()).sum());
        for shape in shapes {
            let size = Size {
                height: shape.height(),
                width: shape.width(),
            };
            let (of_picture, rest) = left.split_at(block.symbols(size));
            left = rest;
            pixels.extend(self.model.picture_of(of_picture, size, quality - 1)?);
        }
        Ok(pixels)
    }

    /// Images whose codewords are drawn by the tables, one after the other. An image depends on `seed` and its number alone.
    ///
    /// # Errors
    /// The model's codes are no indices, or the device fails.
    pub(crate) fn drawn(&self, count: usize, seed: u64) -> Result<Vec<Image>, CliError> {
        let LossyTables::Indices(tables) = &self.tables else {
            return Err(self.no_codeword());
        };
        let draws = (0..count as u64).map(|index| Draw {
            seed,
            purpose: Purpose::Display,
            epoch: 0,
            index,
        });
        let indices: Vec<u16> = draws.flat_map(|draw| tables.sample(draw)).collect();
        let pixels = self.model.pixels_of_indices(&indices)?;
        let shape = self.model.image_shape();
        let images = pixels.chunks_exact(shape.values());
        Ok(images
            .map(|pixels| Image::new(shape, pixels.to_vec()))
            .collect::<Result<_, _>>()?)
    }

    fn no_codeword(&self) -> CliError {
        CliError::failure(Status::Data, self.name(), "an index is of no codeword")
    }
}

fn bytes_of(symbols: &[i8]) -> Vec<u8> {
    symbols
        .iter()
        .map(|symbol| symbol.cast_unsigned())
        .collect()
}

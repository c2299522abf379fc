//! What a TIFF file says of a picture beside its pixels: camera, date, author, and how it was taken.

use std::io::{Read, Seek};

use crate::picture::exif::{EXIF_DIRECTORY, ExifField, ExifFields, GPS_DIRECTORY};
use crate::picture::reading::tiff::directory::{Directory, TiffFile};

/// The most bytes of one field that are kept.
const MAX_FIELD_BYTES: usize = 1 << 20;

/// The most bytes of all fields.
const MAX_BYTES: usize = 16 << 20;

impl<R: Read + Seek> TiffFile<R> {
    /// The fields of a page that describe what is seen. What is damaged, or too large to be a description, is left out.
    pub(crate) fn described(&mut self, page: &Directory) -> ExifFields {
        let mut budget = MAX_BYTES;
        let mut main = self.fields(page, &mut budget);
        main.retain(|field| !field.is_of_pixels());
        let mut below = |tag| {
            let place = self.number(page, tag).ok().flatten();
            let directory = place.and_then(|place| self.directory(place).ok());
            directory.map_or_else(Vec::new, |(directory, _)| {
                self.fields(&directory, &mut budget)
            })
        };
        let (exif, gps) = (below(EXIF_DIRECTORY), below(GPS_DIRECTORY));
        ExifFields { main, exif, gps }
    }

    fn fields(&mut self, directory: &Directory, budget: &mut usize) -> Vec<ExifField> {
        let is_big_endian = self.form.big_endian;
        let mut fields = Vec::new();
        for tag in directory.tags() {
            let Ok(Some((kind, _, bytes))) = self.raw(directory, tag) else {
                continue;
            };
            let fits = bytes.len() <= MAX_FIELD_BYTES && bytes.len() <= *budget;
            if let Some(field) = ExifField::new(tag, kind, bytes, is_big_endian).filter(|_| fits) {
                *budget -= field.bytes.len();
                fields.push(field);
            }
        }
        fields
    }
}

//! A picture file as a set: of one image, or of its pages.

use std::path::Path;

use crate::error::DataError;
use crate::image::Decoded;
use crate::picture::{Depths, PictureReader, has_name_of, recognize};
use crate::set::Dataset;
use crate::sources::files::{Beside, Collector, FileImages, Overflow};
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// A picture file: recognized by its content, or by its name where its format has no signature.
pub(crate) const SINGLE_IMAGE: SingleImage = SingleImage;

pub(crate) struct SingleImage;

impl Format for SingleImage {
    fn title(&self) -> &'static str {
        "an image"
    }

    fn summary(&self) -> &'static str {
        "a set of one, or of its pages or frames; `scans.tif[3]` is one page, counted from 0"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        Ok(match &place.content {
            // A picture that cannot be read is one, too: its error says what could.
            Content::Plain(start) => {
                recognize(start).is_some() || has_name_of(place.path).is_some()
            }
            Content::Folder | Content::Gzipped(_) => false,
        })
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        let folder = place.path.parent().unwrap_or(Path::new(""));
        let file = Path::new(place.path.file_name().unwrap_or(place.path.as_os_str()));
        let open = || PictureReader::open_raw(place.path, &options.image.limits);
        let mut known = Depths::default();
        loop {
            let overflow = Overflow::DecodeAgain(folder.to_owned());
            let mut collector = Collector::new(folder, options, overflow, known);
            let mut reader = open()?;
            let pages = reader.page_count();
            let images = match pages {
                // Of one image alone, what is wrong with it is the error.
                1 => {
                    let page = reader.raw_page(0)?;
                    FileImages::One(Ok(Decoded::of_page(
                        &page,
                        &collector.ranges(),
                        &options.image,
                    )))
                }
                pages => FileImages::Several(pages),
            };
            collector.add_file(file.to_owned(), images, || Ok(reader))?;
            if let Some(more) = collector.outgrown() {
                known = more;
                continue;
            }
            let mut dataset = collector.finish(&place.name, Beside::default())?;
            dataset.layout.recognized = match pages {
                1 => String::new(),
                pages => format!("a picture file of {pages} pages, which are images"),
            };
            return Ok(dataset);
        }
    }
}

//! What pictures lose where they are brought to one size and to channels.

use crate::image::Image;
use crate::image::shape::{Channels, Fit, Size};

/// What pictures lose on their way to images of one shape.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fitted {
    /// Whether any picture is cut off at two sides.
    pub(crate) crops: bool,
    /// Whether any picture in color becomes gray.
    pub(crate) drops_color: bool,
}

impl Fitted {
    /// What an image loses that is brought to a size and channels.
    pub(crate) fn of(
        image: &Image,
        size: Option<Size>,
        fit: Fit,
        channels: Option<Channels>,
    ) -> Self {
        let is_cropped = |size| fit == Fit::Crop && image.is_cropped_to(size);
        Self {
            crops: size.is_some_and(is_cropped),
            drops_color: channels == Some(Channels::Gray) && image.has_color(),
        }
    }

    /// Adds what another loses.
    pub(crate) fn add(&mut self, other: Self) {
        self.crops |= other.crops;
        self.drops_color |= other.drops_color;
    }

    /// It in words, a sentence each.
    pub(crate) fn notes(self) -> impl Iterator<Item = String> {
        let crops = self.crops.then_some(
            "pictures of other proportions are cropped to their middle; --fit pad or stretch keeps all of them",
        );
        let drops_color = self
            .drops_color
            .then_some("pictures in color are read as gray");
        [crops, drops_color]
            .into_iter()
            .flatten()
            .map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::shape::ImageShape;

    #[test]
    fn what_is_cut_off_or_loses_its_color_is_found() {
        let of = |image: &Image, fit| {
            let size = "28x28".parse().ok();
            let Fitted { crops, drops_color } = Fitted::of(image, size, fit, Some(Channels::Gray));
            (crops, drops_color)
        };
        let gray = |width| {
            let shape = ImageShape::new(3, 100, width);
            Image::new(shape, vec![90; shape.values()]).unwrap()
        };
        // One column of a hundred is rounding.
        for (width, crops) in [
            (100, false),
            (101, false),
            (103, true),
            (300, true),
            (50, true),
        ] {
            assert_eq!(of(&gray(width), Fit::Crop), (crops, false), "{width}");
            assert_eq!(of(&gray(width), Fit::Pad), (false, false), "{width}");
        }
        let mut pixels = gray(100).into_pixels();
        let shape = gray(100).shape();
        pixels[517] += 16;
        let nearly = Image::new(shape, pixels.clone()).unwrap();
        assert_eq!(of(&nearly, Fit::Crop), (false, false));
        pixels[517] += 1;
        let color = Image::new(shape, pixels).unwrap();
        assert_eq!(of(&color, Fit::Crop), (false, true));
        assert_eq!(Fitted::of(&color, None, Fit::Crop, None), Fitted::default());
    }
}

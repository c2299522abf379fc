//! The same map as a page: one file without a network, whose images show under the pointer.

use std::fmt::Write as _;

use crate::drawing::picture::Picture;
use crate::error::ReportError;
use crate::maps::points::{MapRequest, check, class_color, class_shape, unit_places};

/// Thumbnails in a row of the page's one image.
const COLUMNS: usize = 50;
/// The most pixels that all thumbnails may have.
const MOST_PIXELS: usize = 64 << 20;
/// The longer side of a thumbnail, in pixels.
const THUMBNAIL: usize = 64;

const PAGE: &str = include_str!("page.html");

/// Makes a page of a map: HTML with its data inside. The wheel zooms, dragging moves, a click on a class hides it.
///
/// # Errors
/// [`ReportError::NoImages`] without points, [`ReportError::ShapeMismatch`] when the images differ in shape,
/// [`ReportError::UnsupportedChannels`], [`ReportError::TooManyImages`].
pub fn map_html(request: &MapRequest) -> Result<String, ReportError> {
    check(request)?;
    let mut thumbnails = Vec::with_capacity(request.points.len());
    for point in &request.points {
        let picture = Picture::from_image(&point.image)?;
        let longer = picture.width().max(picture.height()).max(1);
        let size = |side: usize| (side * THUMBNAIL.min(longer) / longer).max(1);
        thumbnails.push(picture.shrink(size(picture.width()), size(picture.height())));
    }
    let (width, height) = (thumbnails[0].width(), thumbnails[0].height());
    let columns = COLUMNS.min(thumbnails.len());
    let rows = thumbnails.len().div_ceil(columns);
    if columns * width * rows * height > MOST_PIXELS {
        return Err(ReportError::PictureSize {
            width: columns * width,
            height: rows * height,
        });
    }
    let mut atlas = vec![0; columns * width * rows * height * 3];
    for (index, thumbnail) in thumbnails.iter().enumerate() {
        let (left, top) = (index % columns * width, index / columns * height);
        for (row, pixels) in thumbnail.pixels().chunks_exact(width * 3).enumerate() {
            let start = ((top + row) * columns * width + left) * 3;
            atlas[start..start + pixels.len()].copy_from_slice(pixels);
        }
    }
    let atlas = Picture::from_pixels(columns * width, rows * height, atlas).encode_png()?;

    let mut points = String::new();
    for (point, [x, y]) in request.points.iter().zip(unit_places(&request.points)) {
        let label = point.label.map_or(-1, i64::from);
        let _ = write!(points, "[{x:.5},{y:.5},{label}],");
    }
    let mut classes = String::new();
    for (label, class) in request.classes.iter().enumerate() {
        let [red, green, blue] = class_color(u32::try_from(label).ok());
        let _ = write!(
            classes,
            "[\"{}\",\"#{red:02x}{green:02x}{blue:02x}\",{}],",
            script_text(class),
            class_shape(u32::try_from(label).ok())
        );
    }
    Ok(PAGE
        .replace("{{title}}", &page_text(&request.title))
        .replace("{{subtitle}}", &page_text(&request.subtitle))
        .replace("{{classes}}", &classes)
        .replace("{{points}}", &points)
        .replace("{{columns}}", &columns.to_string())
        .replace("{{width}}", &width.to_string())
        .replace("{{height}}", &height.to_string())
        .replace("{{atlas}}", &base64(&atlas)))
}

/// Text that stands in a page as it is.
fn page_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('{', "&#123;")
}

/// Text that stands in a script's string as it is: whatever could end the string or the script by its number.
fn script_text(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || byte == b' ' => {
                char::from(byte).to_string()
            }
            _ => format!("\\u{unit:04x}"),
        })
        .collect()
}

/// # References
/// S. Josefsson (2006), *The Base16, Base32, and Base64 data encodings*, RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            text.push(if place <= chunk.len() {
                char::from(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use ae_data::{Image, ImageShape};

    use super::*;
    use crate::maps::points::MapPoint;

    #[test]
    fn base64_is_that_of_the_standard() {
        let check = |text: &str, expected: &str| assert_eq!(base64(text.as_bytes()), expected);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
    }

    #[test]
    fn a_page_needs_no_network_and_no_name_breaks_it() {
        let shape = ImageShape::new(1, 2, 3);
        let request = MapRequest {
            title: "</script><b>{{points}}".to_owned(),
            subtitle: String::new(),
            classes: vec!["\"];alert(1)//</script>".to_owned()],
            points: vec![MapPoint {
                place: [1.0, 2.0],
                label: Some(0),
                image: Image::new(shape, vec![9; 6]).unwrap(),
            }],
        };
        let page = map_html(&request).unwrap();
        assert!(page.contains("[0.50000,0.50000,0],"));
        assert!(!page.contains("{{"), "every place is filled");
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(!page.contains("alert(1)"));
        for word in ["http://", "https://", "src=\"//"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}

//! Files that several tests need, those in `tests/sources` too.

use std::io::Cursor;

use flate2::Crc;

/// A folder that vanishes with its guard.
pub(crate) fn temporary_folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A gray PNG all of one value.
pub(crate) fn encoded_png(width: u32, height: u32, value: u8) -> Vec<u8> {
    let image = ::image::GrayImage::from_pixel(width, height, ::image::Luma([value]));
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ::image::ImageFormat::Png)
        .expect("an image that can be encoded");
    bytes.into_inner()
}

/// A PNG whose header claims a size that its few bytes of data don't have.
pub(crate) fn huge_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    for (kind, data) in [
        (b"IHDR", &header[..]),
        (b"IDAT", b"\x78\x9c\x03\x00\x00\x00\x00\x01"),
        (b"IEND", b""),
    ] {
        let mut checksum = Crc::new();
        checksum.update(kind);
        checksum.update(data);
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend(checksum.sum().to_be_bytes());
    }
    bytes
}

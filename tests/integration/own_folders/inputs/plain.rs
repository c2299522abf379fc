//! Portable gray maps and pixmaps (PGM, PPM), and Windows bitmaps.

use super::picture::Picture;

impl Picture {
    /// PGM or PPM, binary, of 8 or 16 bits.
    ///
    /// # Panics
    /// It has alpha, or holds floats.
    pub(crate) fn pnm(&self) -> Vec<u8> {
        let kind = match self.channels {
            1 => "P5",
            3 => "P6",
            _ => panic!("a PNM file has no alpha"),
        };
        let most = match self.samples.bits() {
            8 => 255,
            16 => 65_535,
            _ => panic!("a PNM file holds no floats"),
        };
        let mut file = format!("{kind}\n{} {}\n{most}\n", self.width, self.height).into_bytes();
        file.extend(self.samples.big_endian());
        file
    }

    /// BMP of 24 bits a pixel; gray is written as color.
    ///
    /// # Panics
    /// It is of more than 8 bits, or has alpha.
    pub(crate) fn bmp(&self) -> Vec<u8> {
        let padding = (4 - self.width * 3 % 4) % 4;
        let size = (self.width * 3 + padding) * self.height;
        let mut file = b"BM".to_vec();
        for number in [54 + size, 0, 54, 40, self.width, self.height] {
            file.extend((number as u32).to_le_bytes());
        }
        file.extend([1, 0, 24, 0]);
        for number in [0, size as u32, 2835, 2835, 0, 0] {
            file.extend(number.to_le_bytes());
        }
        let row = self.width * self.channels;
        for values in self.bytes().chunks_exact(row).rev() {
            for pixel in values.chunks_exact(self.channels) {
                match *pixel {
                    [gray] => file.extend([gray; 3]),
                    [red, green, blue] => file.extend([blue, green, red]),
                    _ => panic!("this BMP has no alpha"),
                }
            }
            file.extend(vec![0; padding]);
        }
        file
    }
}

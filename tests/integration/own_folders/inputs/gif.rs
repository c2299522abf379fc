//! Animated GIF files (GIF89a) of gray frames, without compression: a clear code before the codes would grow.

use super::picture::Picture;

/// An animation whose frames, gray and all of one size, follow each other every tenth of a second.
pub(crate) fn animated_gif(frames: &[Picture]) -> Vec<u8> {
    let size = |picture: &Picture| {
        let sides = [picture.width as u16, picture.height as u16];
        sides.map(u16::to_le_bytes).concat()
    };
    let mut file = b"GIF89a".to_vec();
    file.extend(size(&frames[0]));
    file.extend([0xf7, 0, 0]);
    file.extend((0..=255_u8).flat_map(|gray| [gray; 3]));
    file.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0");
    for frame in frames {
        assert_eq!(frame.channels, 1, "a gray frame");
        file.extend([0x21, 0xf9, 4, 0, 10, 0, 0, 0]);
        file.extend([0x2c, 0, 0, 0, 0]);
        file.extend(size(frame));
        file.extend([0, 8]);
        for block in codes(frame.bytes()).chunks(255) {
            file.push(block.len() as u8);
            file.extend(block);
        }
        file.push(0);
    }
    file.push(0x3b);
    file
}

/// Codes of nine bits, the lowest bit first: each byte as it is, cleared every 250.
fn codes(bytes: &[u8]) -> Vec<u8> {
    const CLEAR: u16 = 256;
    const END: u16 = 257;
    let mut codes = Vec::new();
    for run in bytes.chunks(250) {
        codes.push(CLEAR);
        codes.extend(run.iter().map(|&byte| u16::from(byte)));
    }
    codes.push(END);
    let mut packed = vec![0; (codes.len() * 9).div_ceil(8)];
    for (number, code) in codes.into_iter().enumerate() {
        for bit in (0..9).filter(|bit| code >> bit & 1 == 1) {
            let place = number * 9 + bit;
            packed[place / 8] |= 1 << (place % 8);
        }
    }
    packed
}

//! Zip archives (APPNOTE 6.3), their members deflated.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// An archive of named members, in this order.
pub(crate) fn zip<N: AsRef<str>>(members: &[(N, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in members {
        let name = name.as_ref().as_bytes();
        let place = (file.len() as u32).to_le_bytes();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).expect("in memory");
        let packed = encoder.finish().expect("in memory");
        let mut sum = flate2::Crc::new();
        sum.update(content);
        // Version, flags, method, time, date, checksum, both sizes, the name's length, no extra field.
        let mut fields = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
        fields.extend(sum.sum().to_le_bytes());
        fields.extend((packed.len() as u32).to_le_bytes());
        fields.extend((content.len() as u32).to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        file.extend(b"PK\x03\x04");
        file.extend(&fields);
        file.extend(name);
        file.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(place);
        directory.extend(name);
    }
    let place = (file.len() as u32).to_le_bytes();
    let count = (members.len() as u16).to_le_bytes();
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count, count].concat());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(place);
    file.extend([0, 0]);
    file
}

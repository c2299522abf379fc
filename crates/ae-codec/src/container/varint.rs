//! Integers in as few bytes as they need: seven bits each, the lowest first, the eighth bit says that more follow.

/// Bytes of the longest.
pub(super) const LONGEST: usize = 10;

/// Writes `value`.
pub(super) fn write(mut value: u64, to: &mut Vec<u8>) {
    while value >= 128 {
        to.push(value as u8 | 128);
        value >>= 7;
    }
    to.push(value as u8); // below 128
}

/// Takes a value from the beginning of `bytes`. Nothing where they end too early, or where it has more bytes than it needs
/// or more than 64 bits.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..LONGEST {
        let byte = *bytes.split_off_first()?;
        let bits = u64::from(byte & 127);
        if place == LONGEST - 1 && bits > 1 {
            return None;
        }
        value |= bits << (7 * place);
        if byte < 128 {
            return (byte > 0 || place == 0).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_the_bytes_they_need() {
        let table = [
            (0, 1),
            (127, 1),
            (128, 2),
            (16_383, 2),
            (16_384, 3),
            (u64::from(u32::MAX), 5),
            (u64::MAX >> 1, 9),
            (u64::MAX, 10),
        ];
        for (value, length) in table {
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            assert_eq!(bytes.len(), length, "{value}");
            for end in 0..length {
                assert_eq!(take(&mut &bytes[..end]), None);
            }
            bytes.push(77);
            let mut left = &bytes[..];
            assert_eq!(take(&mut left), Some(value));
            assert_eq!(left, [77]);
        }
        // The example of the DWARF standard, version 5, table 7.7.
        assert_eq!(take(&mut &[0x80, 0x81, 0x01][..]), Some(16_512));
    }

    #[test]
    fn a_value_has_one_form() {
        for bytes in [
            &[0x80, 0x00][..],
            &[0xff, 0x80, 0x00],
            &[0xff; 10],
            &[0xff; 11],
        ] {
            assert_eq!(take(&mut &*bytes), None, "{bytes:x?}");
        }
        let mut too_large = [0x80; 10];
        too_large[9] = 0x02;
        assert_eq!(take(&mut &too_large[..]), None);
    }
}

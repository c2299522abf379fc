//! The names of a chunk's images, each written as what differs from the one before.

use super::varint;

/// Bytes of the longest name.
pub(super) const LONGEST: usize = 4096;

/// The bytes that stand for `names`: for each, how many bytes it shares with the one before, how many follow, and those.
pub(super) fn packed<'a>(names: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = "";
    for name in names {
        let pairs = before.bytes().zip(name.bytes());
        let shared = pairs.take_while(|(one, other)| one == other).count();
        varint::write(shared as u64, &mut bytes);
        varint::write((name.len() - shared) as u64, &mut bytes);
        bytes.extend(&name.as_bytes()[shared..]);
        before = name;
    }
    bytes
}

/// The `count` names for which `bytes` stand, or nothing where they are no such names.
pub(super) fn unpacked(mut bytes: &[u8], count: usize) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for _ in 0..count {
        let before = names.last().map_or(&[][..], |name| name.as_bytes());
        let shared = usize::try_from(varint::take(&mut bytes)?).ok()?;
        let rest = usize::try_from(varint::take(&mut bytes)?).ok()?;
        if shared.checked_add(rest)? > LONGEST {
            return None;
        }
        let name = [before.get(..shared)?, bytes.split_off(..rest)?].concat();
        names.push(String::from_utf8(name).ok()?);
    }
    bytes.is_empty().then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_share_what_they_have_in_common() {
        let names = [
            "A/first.png",
            "A/fist.png",
            "",
            "B/é.png",
            "B/è.png",
            "B/è.png",
        ];
        let bytes = packed(names.into_iter());
        assert!(bytes.len() < names.concat().len());
        assert_eq!(unpacked(&bytes, 6).unwrap(), names);
        assert_eq!(unpacked(&bytes, 5), None);
        assert_eq!(unpacked(&bytes, 7), None);
        for end in 0..bytes.len() {
            assert_eq!(unpacked(&bytes[..end], 6), None);
        }
    }

    #[test]
    fn impossible_names_are_none() {
        // Shares more than there is; is no text; is too long.
        assert_eq!(unpacked(&[0, 1, b'a', 2, 0], 2), None);
        assert_eq!(unpacked(&[0, 1, 0xff], 1), None);
        let mut long = vec![0];
        varint::write(LONGEST as u64 + 1, &mut long);
        long.resize(LONGEST + 100, b'a');
        assert_eq!(unpacked(&long, 1), None);
    }
}

//! The names of a chunk's images, each written as what differs from the one before.

use super::varint;

/// Bytes of the longest name.
pub(super) const LONGEST: usize = 4096;
/// Bytes that stand for a name at least: its two numbers.
pub(super) const LEAST: usize = 2;
/// What a name takes in memory besides its bytes.
const OVERHEAD: usize = 24;

/// What a name of so many bytes takes in memory.
pub(super) const fn memory(bytes: usize) -> usize {
    bytes.saturating_add(OVERHEAD)
}

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

/// The `count` names for which `bytes` stand.
///
/// # Errors
/// What is wrong: they are no such names, or take more than `limit` bytes of memory, as a few bytes stand for a long name that is
/// nearly the one before.
pub(super) fn unpacked(
    mut bytes: &[u8],
    count: usize,
    limit: usize,
) -> Result<Vec<String>, &'static str> {
    const DAMAGED: &str = "its names are damaged";
    let mut names: Vec<String> = Vec::new();
    let mut left = limit;
    for _ in 0..count {
        let name = next(&mut bytes, names.last().map_or("", String::as_str)).ok_or(DAMAGED)?;
        left = left
            .checked_sub(memory(name.len()))
            .ok_or("its names take more memory than is allowed")?;
        names.push(name);
    }
    match bytes.is_empty() {
        true => Ok(names),
        false => Err(DAMAGED),
    }
}

/// Takes the name after another one.
fn next(bytes: &mut &[u8], before: &str) -> Option<String> {
    let shared = usize::try_from(varint::take(bytes)?).ok()?;
    let rest = usize::try_from(varint::take(bytes)?).ok()?;
    if shared.checked_add(rest)? > LONGEST {
        return None;
    }
    let shared = before.as_bytes().get(..shared)?;
    String::from_utf8([shared, bytes.split_off(..rest)?].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAMAGED: Result<Vec<String>, &str> = Err("its names are damaged");

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
        assert!(bytes.len() >= names.len() * LEAST);
        assert_eq!(unpacked(&bytes, 6, 1000).unwrap(), names);
        assert_eq!(unpacked(&bytes, 5, 1000), DAMAGED);
        assert_eq!(unpacked(&bytes, 7, 1000), DAMAGED);
        for end in 0..bytes.len() {
            assert_eq!(unpacked(&bytes[..end], 6, 1000), DAMAGED);
        }
        let memory = names.iter().map(|name| memory(name.len())).sum();
        assert_eq!(unpacked(&bytes, 6, memory).unwrap(), names);
        let reason = "its names take more memory than is allowed";
        assert_eq!(unpacked(&bytes, 6, memory - 1), Err(reason));
    }

    #[test]
    fn impossible_names_are_none() {
        // Shares more than there is; is no text; is too long.
        assert_eq!(unpacked(&[0, 1, b'a', 2, 0], 2, 1000), DAMAGED);
        assert_eq!(unpacked(&[0, 1, 0xff], 1, 1000), DAMAGED);
        let mut long = vec![0];
        varint::write(LONGEST as u64 + 1, &mut long);
        long.resize(LONGEST + 100, b'a');
        assert_eq!(unpacked(&long, 1, usize::MAX), DAMAGED);
    }
}

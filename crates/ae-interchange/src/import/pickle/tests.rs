//! Pickles written by hand, an instruction after the other.

use super::values::NumberType;
use super::*;

/// `name` as torch.save describes a tensor of two by three numbers, from place 4 of the storage `key`.
fn tensor(name: &str, storage: &str, key: &str) -> Vec<u8> {
    [
        &text_of(name)[..],
        b"ctorch._utils\n_rebuild_tensor_v2\n((",
        &text_of("storage"),
        format!("ctorch\n{storage}\n").as_bytes(),
        &text_of(key),
        &text_of("cpu"),
        b"K\x0atQK\x04K\x02K\x03\x86K\x03K\x01\x86\x89ccollections\nOrderedDict\n)RtR",
    ]
    .concat()
}

fn text_of(text: &str) -> Vec<u8> {
    let length = (text.len() as u32).to_le_bytes();
    [b"X", &length[..], text.as_bytes()].concat()
}

/// A `state_dict` of these tensors, with the attribute `_metadata`.
fn state_dict(tensors: &[Vec<u8>]) -> Vec<u8> {
    [
        b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(",
        &tensors.concat()[..],
        b"u}q\x02",
        &text_of("_metadata"),
        b"h\x00)Rq\x03sb.",
    ]
    .concat()
}

fn refused(bytes: &[u8], part: &str) {
    let error = read_pickle(bytes).unwrap_err();
    assert!(error.contains(part), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn tensors_of_a_state_dict_are_found() {
    let bytes = state_dict(&[
        tensor("encoder.0.weight", "FloatStorage", "0"),
        tensor("b", "BFloat16Storage", "17"),
    ]);
    let entries = read_pickle(&bytes).unwrap();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["encoder.0.weight", "b"]);
    let first = &entries[0].tensor;
    assert_eq!(
        (first.offset, &*first.shape, &*first.strides),
        (4, &[2, 3][..], &[3, 1][..])
    );
    assert_eq!(first.storage.numbers, NumberType::Float);
    assert_eq!(entries[1].tensor.storage.numbers, NumberType::BFloat16);
    assert_eq!(entries[1].tensor.storage.key, "17");
}

/// Pickles that have functions called, as exploits are written.
#[test]
fn code_is_refused_by_its_name() {
    for (bytes, name) in [
        (
            &b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."[..],
            "posix.system",
        ),
        (b"cos\nsystem\n(X\x04\x00\x00\x00truetR.", "os.system"),
        (
            b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
            "builtins.eval",
        ),
        (
            b"\x80\x02ctorch\n_utils._rebuild_tensor_v2\n.",
            "torch._utils._rebuild",
        ),
        (
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n.",
            "_reconstruct",
        ),
    ] {
        refused(bytes, name);
        refused(bytes, "nothing of it was executed");
    }
    // Behind good tensors, as an attribute, as a hook of a tensor.
    let good = tensor("a", "FloatStorage", "0");
    let item = [
        &text_of("b")[..],
        b"cposix\nsystem\nX\x04\x00\x00\x00true\x85R",
    ]
    .concat();
    refused(&state_dict(&[good.clone(), item]), "posix.system");
    let bytes = state_dict(&[good]);
    let attribute = [
        &bytes[..bytes.len() - 1],
        b"}(X\x01\x00\x00\x00aceval\nx\nub.",
    ]
    .concat();
    refused(&attribute, "eval.x");
    for instruction in [
        b'i', b'o', 0x81, 0x92, 0x82, 0x83, 0x84, b'P', 0x97, b'S', b'B',
    ] {
        refused(
            &[0x80, 2, instruction, b'.'],
            &format!("0x{instruction:02x}"),
        );
    }
}

#[test]
fn what_is_no_state_dict_is_said() {
    refused(b"", "cut off");
    refused(b"\x80\x02K\x01.", "a number and no dictionary");
    refused(b"\x80\x02)R.", "finds nothing");
    refused(
        b"\x80\x02}K\x01K\x02s.",
        "a number in place of a tensor's name",
    );
    let nested = [b"}", &text_of("model")[..], b"}s."].concat();
    refused(&nested, "`model` is a dictionary");
    let number = [b"}", &text_of("epoch")[..], b"K\x03s."].concat();
    refused(&number, "`epoch` is a number");
    let twice = tensor("a", "FloatStorage", "0");
    refused(&state_dict(&[twice.clone(), twice]), "`a` is there twice");
    refused(
        &state_dict(&[tensor("a", "FloatStorage", "../../x")]),
        "a storage called `../../x`",
    );
    // A dictionary put aside, and taken from there into itself.
    refused(b"}q\x00h\x00.", "occurs twice");
}

/// Small pickles that would become large or deep.
#[test]
fn bombs_do_not_go_off() {
    let deep = [b")".to_vec(), vec![0x85; 100_000], b".".to_vec()].concat();
    refused(&deep, "levels");
    // Each tuple holds the one before twice: 2^60 values, were they not shared.
    let mut doubling = b")q\x00".to_vec();
    for _ in 0..60 {
        doubling.extend(b"h\x00h\x00\x86q\x00");
    }
    doubling.push(b'.');
    refused(&doubling, "levels");
    refused(&vec![b'N'; (1 << 20) + 1], "instructions");
    refused(b"X\xff\xff\xff\xffa", "cut off");
    refused(b"\x8a\xff", "cut off");
}

#[test]
fn every_cut_and_every_flipped_bit_ends_in_a_sentence() {
    let whole = state_dict(&[tensor("weight", "FloatStorage", "0")]);
    for end in 0..whole.len() {
        read_pickle(&whole[..end]).unwrap_err();
    }
    for place in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[place / 8] ^= 1 << (place % 8);
        if let Err(error) = read_pickle(&bytes) {
            assert!(!error.is_empty() && !error.contains('\n'), "{error}");
        }
    }
}

#[test]
fn long_numbers_are_in_two_s_complement() {
    for (bytes, expected) in [
        (&b""[..], Some(0)),
        (b"\xff", Some(-1)),
        (b"\xff\x00", Some(255)),
        (b"\x00\x00\x00\x00\x00\x00\x00\x80", Some(i64::MIN)),
        (b"\x00\x00\x00\x00\x00\x00\x00\x80\x00", None),
        (b"\xff\xff\xff\xff\xff\xff\xff\x7f\x00", Some(i64::MAX)),
    ] {
        assert_eq!(long(bytes), expected, "{bytes:?}");
    }
}

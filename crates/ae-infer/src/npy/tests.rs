//! Files as NumPy writes them, and files that lie.

use ae_data::DataError;

use super::write::header;
use super::*;

/// `numpy.save(file, numpy.arange(6, dtype="<f4").reshape(2, 3))`, NumPy 2.3.
fn numpy_file() -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    bytes.extend(format!("{dictionary:<117}\n").bytes());
    bytes.extend((0_u8..6).flat_map(|value| f32::from(value).to_le_bytes()));
    bytes
}

#[test]
fn writes_what_numpy_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.npy");
    write_npy(&path, 2, &[3], |rows| {
        rows.push(&[0.0, 1.0, 2.0])?;
        assert!(!path.exists(), "a partial file has the final name");
        rows.push(&[3.0, 4.0, 5.0])
    })
    .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), numpy_file());
}

#[test]
fn numbers_begin_at_a_multiple_of_64_bytes() {
    for shape in [&[1][..], &[128, 7, 7], &[12_345; 11], &[9; 17]] {
        assert_eq!(header(100, shape).len() % 64, 0, "{shape:?}");
    }
}

#[test]
fn headers_are_those_of_numpy_whatever_the_numbers() {
    // `numpy.save` of NumPy 2.3 on `numpy.zeros((4,), "u1")`, `numpy.zeros((2, 1), "f8")`.
    for (number, shape, expected) in [
        (
            NpyNumber::Byte,
            &[4][..],
            "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }",
        ),
        (
            NpyNumber::Float64,
            &[2, 1],
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }",
        ),
    ] {
        let bytes = NpyHeader::to_bytes(number, shape);
        assert_eq!(&bytes[10..10 + expected.len()], expected.as_bytes());
        let read = NpyHeader::read(&mut bytes.as_slice()).unwrap();
        assert_eq!((read.number, read.begins), (number, bytes.len()));
        assert_eq!(read.shape, shape);
    }
    assert_eq!(NpyNumber::Byte.values(&[0, 255]), [0.0, 255.0]);
}

#[test]
fn a_failure_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.npy");
    let error = write_npy(&path, 2, &[1], |rows| {
        rows.push(&[0.0])?;
        Err(DataError::NotFound {
            path: "x.png".into(),
        })
    })
    .unwrap_err();
    assert!(error.to_string().contains("x.png"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn reads_what_it_wrote_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.npy");
    write_npy(&path, 3, &[2, 1], |rows| {
        [[0.1, -2.0], [f32::MAX, 1e-40], [3.0, 4.0]]
            .iter()
            .try_for_each(|row| rows.push(row))
    })
    .unwrap();
    let mut reader = NpyReader::open(&path).unwrap();
    assert_eq!(reader.shape(), [3, 2, 1]);
    assert_eq!(reader.read_row().unwrap(), [0.1, -2.0]);
    assert_eq!(reader.read_row().unwrap(), [f32::MAX, 1e-40]);
    assert_eq!(reader.read_row().unwrap(), [3.0, 4.0]);
}

#[test]
fn bad_files_are_refused_with_a_reason() {
    let good = numpy_file();
    let changed = |from: &str, to: &str| {
        let text: Vec<u8> = good.clone();
        let position = text
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .unwrap();
        let mut text = text;
        text[position..position + from.len()].copy_from_slice(to.as_bytes());
        text
    };
    let mut not_finite = good.clone();
    let end = not_finite.len();
    not_finite[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let table: [(&str, Vec<u8>, &str); 10] = [
        ("empty", Vec::new(), "not an .npy file"),
        ("text", b"hello, this is text".to_vec(), "not an .npy file"),
        (
            "cut",
            good[..good.len() - 1].to_vec(),
            "needs 24 bytes of numbers, but 23",
        ),
        (
            "long",
            [good.clone(), vec![0]].concat(),
            "needs 24 bytes of numbers, but 25",
        ),
        ("header cut", good[..40].to_vec(), "the header is cut short"),
        ("integers", changed("<f4", "<i4"), "of type '<i4'"),
        ("fortran", changed("False", "True "), "Fortran order"),
        ("lie", changed("(2, 3)", "(9, 9)"), "needs 324 bytes"),
        (
            "version",
            changed("\u{1}\u{0}v", "\u{9}\u{0}v"),
            "version 9",
        ),
        ("nan", not_finite, "number 2 of row 1 is NaN"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, expected) in table {
        let path = folder.path().join(format!("{name}.npy"));
        std::fs::write(&path, bytes).unwrap();
        let result = NpyReader::open(&path).and_then(|mut reader| {
            reader.read_row()?;
            reader.read_row()
        });
        let message = result.expect_err(name).to_string();
        assert!(message.contains(expected), "{name}: {message}");
        assert!(message.contains(&format!("{name}.npy")), "{message}");
    }
}

#[test]
fn a_shape_that_overflows_is_refused() {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.npy");
    std::fs::write(&path, bytes).unwrap();
    let message = NpyReader::open(&path).unwrap_err().to_string();
    assert!(message.contains("overflows"), "{message}");
}

//! NumPy's files (NEP 1): one array, or several in a zip archive.

use super::zip::zip;

/// An array in C order of the type `descr`, such as `|u1` or `<f4`, whose values' bytes are given.
pub(crate) fn npy(shape: &[usize], descr: &str, bytes: &[u8]) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}").into_bytes();
    header.resize((header.len() + 11).next_multiple_of(64) - 11, b' ');
    header.push(b'\n');
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header);
    file.extend(bytes);
    file
}

/// Named arrays, each a file as [`npy`] makes them.
pub(crate) fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<(String, Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| (format!("{name}.npy"), array.clone()))
        .collect();
    zip(&members)
}

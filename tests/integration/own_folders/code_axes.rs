//! Codes whose axes are in another order (G1): only the product was checked, and other images came of them.

use std::fs;

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, files_in, scratch};

use super::inputs::{npy, write};

/// The shape and the values' bytes of an npy file of float32, as `ae encode` writes it.
fn read(file: &[u8]) -> (Vec<usize>, Vec<[u8; 4]>) {
    let header = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    let text = String::from_utf8_lossy(&file[10..header]);
    let shape = text.split(['(', ')']).nth(1).expect("a shape");
    let axes = shape.split(',').filter_map(|axis| axis.trim().parse().ok());
    (axes.collect(), file[header..].as_chunks::<4>().0.to_vec())
}

#[test]
fn codes_are_taken_flat_or_in_exactly_their_shape() {
    let folder = scratch();
    let path = folder.path();
    let model = FIXTURE.argument("plain");
    let data = FIXTURE.argument("drawings");
    done(
        path,
        &format!("encode {model} --data {data} --limit 3 -o codes.npy"),
    );
    let (shape, values) = read(&fs::read(path.join("codes.npy")).expect("there"));
    let [images, maps, height, width] = shape[..] else {
        panic!("{shape:?}");
    };
    assert!(maps != height && height == width, "{shape:?}");
    let flat = values.as_flattened();
    write(
        path,
        "flat.npy",
        &npy(&[images, maps * height * width], "<f4", flat),
    );
    let pixels = |codes: &str| {
        let line = format!("decode {codes}.npy --model {model} -o {codes}");
        done(path, &line);
        let images = files_in(&path.join(codes)).into_iter();
        let images = images.map(|file| fs::read(path.join(codes).join(file)).expect("a file"));
        images.collect::<Vec<_>>()
    };
    assert_eq!(pixels("codes"), pixels("flat"));

    // Channels last, the images last, and a row of images as one code.
    let map = height * width;
    let last = (0..images * map).flat_map(|place| {
        let (image, place) = (place / map, place % map);
        (0..maps).map(move |channel| (image * maps + channel) * map + place)
    });
    let last: Vec<u8> = last.flat_map(|place| values[place]).collect();
    for (name, shape) in [
        ("last", vec![images, height, width, maps]),
        ("square", vec![images, maps, map]),
        ("swapped", vec![images, maps * height, width]),
        ("alone", vec![maps, height, width]),
    ] {
        let count: usize = shape.iter().product();
        write(
            path,
            format!("{name}.npy"),
            &npy(&shape, "<f4", &last[..4 * count]),
        );
        let line = format!("decode {name}.npy --model {model} -o {name}");
        let ended = ae(path, &line);
        assert_eq!(ended.code, 3, "{ended:#?}");
        let errors = ended.lines("error:");
        let said = format!("takes [{maps}, {height}, {width}] or {} values", maps * map);
        assert!(
            errors.len() == 1
                && errors[0].contains(&format!("{name}.npy"))
                && errors[0].replace(',', "").contains(&said.replace(',', "")),
            "{ended:#?}"
        );
        assert!(!path.join(name).exists(), "{name}");
    }
}

//! Containers that are damaged, or made to do damage.

use std::fs;
use std::path::Path;

use super::{pixels, trained};
use crate::command::{ae, done};
use crate::fixture::{SIDE, drawing, files_in, scratch};

#[test]
fn damage_is_named_and_the_rest_is_saved() {
    let folder = scratch();
    let path = folder.path();
    let first = trained("first");
    let data = trained("drawings/t10k-images-idx3-ubyte");
    let before = fs::read(&data).expect("the set");
    done(
        path,
        &format!("compress {data} --model {first} -o x.aez --group 2"),
    );
    let file = fs::read(path.join("x.aez")).expect("a file");
    let decompress = |out: &str, more: &str| {
        ae(
            path,
            &format!("decompress x.aez --model {first} -o {out} {more} --force"),
        )
    };
    // Truncated anywhere: an error, and no file.
    for end in (0..file.len()).step_by(file.len() / 12) {
        fs::write(path.join("x.aez"), &file[..end]).expect("written");
        let ended = decompress("x.npy", "");
        assert_eq!(
            (ended.code, ended.lines("error:").len()),
            (3, 1),
            "{end}: {ended:#?}"
        );
        assert!(ended.stderr.contains("x.aez: "), "{ended:#?}");
        assert!(!path.join("x.npy").exists());
    }
    // A wrong bit anywhere behind the header: an error that names the chunk, or the images.
    for (number, place) in (24..file.len()).step_by(file.len() / 12).enumerate() {
        let mut flipped = file.clone();
        flipped[place] ^= 1 << (number % 8);
        fs::write(path.join("x.aez"), &flipped).expect("written");
        let ended = decompress("x-idx3-ubyte", "");
        if ended.code == 0 {
            let now = fs::read(path.join("x-idx3-ubyte")).expect("images");
            assert!(now == before, "byte {place}");
        } else {
            assert_eq!(ended.code, 3, "{place}: {ended:#?}");
            assert!(ended.stderr.contains(" chunk "), "{place}: {ended:#?}");
        }
    }
    // The third of eight chunks is damaged in its payload.
    let mut flipped = file.clone();
    let middle = 24 + (file.len() - 24) * 5 / 16;
    flipped[middle] ^= 1;
    fs::write(path.join("x.aez"), &flipped).expect("written");
    let ended = decompress("kept", "--keep-going");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert_eq!(ended.lines("warning: ").len(), 1, "{ended:#?}");
    let kept = files_in(&path.join("kept"));
    assert_eq!(kept.len(), 14, "{kept:?}");
    for name in kept {
        let number: usize = name
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok())
            .expect("a number");
        let expected = &before[16 + number * SIDE * SIDE..][..SIDE * SIDE];
        assert!(
            pixels(&path.join("kept").join(&name)).as_raw() == expected,
            "{number}"
        );
    }
    let ended = decompress("kept.npy", "--keep-going");
    assert_eq!(ended.code, 3, "{ended:#?}");
    let stack = fs::read(path.join("kept.npy")).expect("a file");
    let stack = &stack[stack.len() - 16 * SIDE * SIDE..];
    let images = stack
        .chunks(SIDE * SIDE)
        .zip(before[16..].chunks(SIDE * SIDE));
    let missing = images.filter(|(now, before)| now != before);
    assert_eq!(
        missing.map(|(now, _)| now.iter().max()).collect::<Vec<_>>(),
        [Some(&0); 2]
    );
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let folder = scratch();
    let path = folder.path();
    let model = path.join("model.aepixel");
    fs::copy(Path::new(&trained("first")).join("model.aepixel"), &model).expect("copied");
    let opened = ae_codec::PixelModel::read(&mut fs::File::open(&model).expect("a file"));
    let model = opened.expect("a model");
    for names in [
        ["../out.png", "a.png"],
        ["/out.png", "a.png"],
        ["a.png", "a.png"],
    ] {
        let settings = ae_codec::EncoderSettings {
            has_names: true,
            ..ae_codec::EncoderSettings::default()
        };
        let mut encoder =
            ae_codec::Encoder::new(Vec::new(), &model, &settings).expect("an encoder");
        for name in names {
            encoder.push(&drawing(1), Some(name)).expect("taken");
        }
        fs::write(path.join("x.aez"), encoder.finish().expect("a file")).expect("written");
        let ended = ae(
            path,
            "decompress x.aez --model model.aepixel -o inner/out --force",
        );
        assert_eq!(ended.code, 3, "{names:?}: {ended:#?}");
        assert!(!path.join("out.png").exists() && !path.join("inner/out.png").exists());
    }
}

//! Files are what their content says, whole or unreadable; values mean what a set's values say.

use std::path::Path;

use super::inputs::{
    Alpha, Jpeg, Picture, Png, Samples, Tiff, animated_gif, cut, disc, npy, npz, scene, write,
    write_discs, zip,
};
use crate::command::{ae, done};
use crate::fixture::scratch;

/// The JSON of `ae data info`.
fn info(path: &Path, set: &str) -> serde_json::Value {
    done(path, &format!("data info {set} --json")).json()
}

/// The pictures' fingerprint by what a set's images are once they are bytes: mean and deviation.
fn moments(path: &Path, set: &str) -> (u64, f64, f64) {
    let info = info(path, set);
    let number = |name: &str| info["train"][name].as_f64().expect("a number");
    (
        info["train"]["images"].as_u64().expect("a number"),
        number("mean"),
        number("standard_deviation"),
    )
}

#[track_caller]
fn assert_same(path: &Path, one: &str, other: &str, tolerance: f64) {
    let (a, b) = (moments(path, one), moments(path, other));
    assert_eq!(a.0, b.0, "{one} {other}");
    assert!(
        (a.1 - b.1).abs() < tolerance && (a.2 - b.2).abs() < tolerance,
        "{one} {a:?}, {other} {b:?}"
    );
}

#[test]
fn truncated_pictures_of_every_format_are_unreadable() {
    let folder = scratch();
    let path = folder.path();
    let picture = scene(96, 64, 3, 0);
    let progressive = Jpeg {
        progressive: true,
        ..Jpeg::default()
    };
    let frames: Vec<Picture> = (0..4).map(disc).collect();
    let files = [
        ("base.jpg", picture.jpeg(90)),
        ("progressive.jpg", progressive.of(&picture)),
        ("plain.png", picture.png()),
        ("still.gif", animated_gif(&frames[..1])),
        ("moving.gif", animated_gif(&frames)),
        ("moving.png", Png::default().animated(&frames)),
        ("one.tif", picture.tiff()),
        ("pages.tif", Tiff::default().pages(&frames)),
        ("plain.bmp", picture.bmp()),
        ("plain.ppm", picture.pnm()),
    ];
    for (name, whole) in &files {
        write(path, format!("whole/{name}"), whole);
        done(path, &format!("data info whole/{name}"));
        // What follows the end is no matter.
        let followed = [whole, b"more bytes".as_slice()].concat();
        if !name.ends_with(".ppm") {
            write(path, format!("followed/{name}"), &followed);
            done(path, &format!("data info followed/{name}"));
        }
        for percent in [10, 50, 90, 99] {
            let name = format!("cut/{percent}-{name}");
            write(path, &name, &cut(whole, percent));
            let ended = ae(path, &format!("data info {name}"));
            assert_eq!(ended.code, 3, "{name}: {ended:#?}");
            assert!(
                ended.stderr.contains(&name) && ended.stderr.lines().count() <= 2,
                "{ended:#?}"
            );
        }
    }
}

#[test]
fn truncated_jpegs_in_a_folder_count_against_the_tolerance() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "set", 0..120);
    write(path, "set/cut.jpg", &cut(&scene(64, 64, 1, 0).jpeg(90), 90));
    let ended = done(path, "data info set --size 32 --json");
    let skipped = &ended.json()["skipped"];
    assert_eq!(skipped[0]["file"], "cut.jpg", "{skipped}");
    let reason = skipped[0]["reason"].as_str().expect("a text");
    assert!(reason.contains("truncated"), "{reason}");
    let strict = ae(path, "data info set --size 32 --strict");
    assert_eq!(strict.code, 3, "{strict:#?}");
    assert!(strict.stderr.contains("cut.jpg"), "{strict:#?}");
}

#[test]
fn the_content_decides_and_what_is_passed_over_is_counted() {
    let folder = scratch();
    let path = folder.path();
    for number in 0..12 {
        let picture = scene(32, 32, 1, number);
        let (extension, file) = match number % 6 {
            0 => ("png", picture.png()),
            1 => ("JPG", picture.jpeg(90)),
            2 => ("jpe", picture.jpeg(90)),
            3 => ("dat", picture.png()),
            4 => ("heic", picture.png()),
            _ => ("png", picture.jpeg(90)),
        };
        write(path, format!("set/c{number:02}.{extension}"), &file);
    }
    write(path, "set/notes.txt", b"nothing");
    write(path, "set/Thumbs.db", b"\0\x01junk");
    write(path, "set/.DS_Store", b"\0\x01junk");
    write(path, "set/real.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let info = info(path, "set");
    assert_eq!(info["train"]["images"], 12);
    let text = done(path, "data info set").stdout;
    for expected in [
        "1 .txt",
        "1 .db",
        "1 .heic (HEIC is not read: convert it to PNG, JPEG or TIFF)",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // The same in an archive.
    let members: Vec<(String, Vec<u8>)> = ["a.dat", "b.png", "notes.txt"]
        .into_iter()
        .zip([
            scene(32, 32, 1, 0).png(),
            scene(32, 32, 1, 1).png(),
            b"nothing".to_vec(),
        ])
        .map(|(name, file)| (format!("set/{name}"), file))
        .collect();
    write(path, "set.zip", &zip(&members));
    let text = done(path, "data info set.zip").stdout;
    assert!(text.contains("1 .txt"), "{text}");
    assert_eq!(moments(path, "set.zip").0, 2);
}

#[test]
fn a_name_that_lies_is_unreadable_and_the_message_says_what_could_be_read() {
    let folder = scratch();
    let path = folder.path();
    write(path, "phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    write(path, "text.png", b"not a picture at all");
    for (name, expected) in [
        (
            "phone.jpg",
            "HEIC is not read: convert it to PNG, JPEG or TIFF",
        ),
        (
            "text.png",
            "not a picture of a format that can be read (PNG, JPEG, TIFF",
        ),
    ] {
        let ended = ae(path, &format!("data info {name}"));
        assert_eq!(ended.code, 3, "{ended:#?}");
        assert!(ended.stderr.contains(expected), "{ended:#?}");
    }
}

#[test]
fn ten_twelve_and_fourteen_bits_are_recognized_over_the_whole_set() {
    let folder = scratch();
    let path = folder.path();
    for number in 0..10 {
        let picture = disc(number);
        write(path, format!("bytes/{number}.png"), &picture.png());
        for bits in [10, 12, 14, 16] {
            let top = (1_u32 << bits) - 1;
            let deep = picture.to_u16(|byte| ((u32::from(byte) * top + 127) / 255) as u16);
            // Some are darker than their bits by far: the set's range is theirs, too.
            write(path, format!("b{bits}/{number}.png"), &deep.png());
            write(path, format!("t{bits}/{number}.tif"), &deep.tiff());
        }
    }
    for bits in [10, 12, 14, 16] {
        assert_same(path, "bytes", &format!("b{bits}"), 0.003);
        assert_same(path, "bytes", &format!("t{bits}"), 0.003);
    }
    let text = done(path, "data info b12").stdout;
    assert!(
        text.contains("12 bits in 16: values 0..4095 span black to white"),
        "{text}"
    );
    // One dark picture among bright ones keeps the set's range, and --range is what was asked.
    let dark = disc(0).to_u16(u16::from);
    write(path, "mixed/0.png", &dark.png());
    write(
        path,
        "mixed/1.png",
        &disc(1).to_u16(|byte| u16::from(byte) * 16).png(),
    );
    let json = info(path, "mixed");
    assert_eq!(json["train"]["images"], 2);
    let by_hand = done(path, "data info mixed --range 0..4095 --json").json();
    assert_eq!(json["train"]["mean"], by_hand["train"]["mean"]);
    let other = done(path, "data info mixed --range 0..65535 --json").json();
    assert_ne!(json["train"]["mean"], other["train"]["mean"]);
}

#[test]
fn float_pictures_are_taken_by_their_range_or_refused() {
    let folder = scratch();
    let path = folder.path();
    for number in 0..5 {
        let picture = scene(24, 16, 3, number);
        write(path, format!("bytes/{number}.png"), &picture.png());
        let unit = picture.to_f32(|byte| f32::from(byte) / 255.0);
        write(path, format!("unit/{number}.tif"), &unit.tiff());
        let wide = picture.to_f32(|byte| f32::from(byte) + 0.25);
        write(path, format!("wide/{number}.tif"), &wide.tiff());
        let odd = picture.to_f32(|byte| f32::from(byte) / 50.0);
        write(path, format!("odd/{number}.tif"), &odd.tiff());
    }
    assert_same(path, "bytes", "unit", 1e-6);
    assert_same(path, "bytes", "wide", 0.002);
    let ended = ae(path, "data info odd");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(ended.stderr.contains("--range LOW..HIGH"), "{ended:#?}");
    let told = done(path, "data info odd --range 0..5.1 --json").json();
    assert_eq!(told["train"]["images"], 5);
    let negative = scene(24, 16, 1, 0).to_f32(|byte| f32::from(byte) / 127.5 - 1.0);
    write(path, "negative.tif", &negative.tiff());
    let text = done(path, "data info negative.tif").stdout;
    assert!(text.contains("values down to -0.3"), "{text}");
    for bad in [f32::NAN, f32::INFINITY] {
        let mut broken = scene(24, 16, 3, 0).to_f32(|byte| f32::from(byte) / 255.0);
        if let Samples::F32(values) = &mut broken.samples {
            values[5] = bad;
        }
        write(path, "broken.tif", &broken.tiff());
        let ended = ae(path, "data info broken.tif");
        assert_eq!(ended.code, 3, "{ended:#?}");
        assert!(ended.stderr.contains("NaN or infinite"), "{ended:#?}");
    }
}

#[test]
fn premultiplied_alpha_is_divided_out() {
    let folder = scratch();
    let path = folder.path();
    let picture = scene(32, 32, 3, 0);
    let straight = picture.with_alpha(|_, y| if y < 16 { 255 } else { 128 });
    let times = |pixel: &[u8]| {
        let alpha = u16::from(pixel[3]);
        let times = |value: u8| ((u16::from(value) * alpha + 127) / 255) as u8;
        [times(pixel[0]), times(pixel[1]), times(pixel[2]), pixel[3]]
    };
    let values = straight.bytes().chunks_exact(4).flat_map(times).collect();
    let premultiplied = Picture::new(32, 32, 4, values);
    let file = |alpha, picture: &Picture| {
        let tiff = Tiff {
            alpha: Some(alpha),
            ..Tiff::default()
        };
        tiff.pages(std::slice::from_ref(picture))
    };
    write(path, "straight.tif", &file(Alpha::Straight, &straight));
    write(
        path,
        "premultiplied.tif",
        &file(Alpha::Premultiplied, &premultiplied),
    );
    write(path, "wrong.tif", &file(Alpha::Straight, &premultiplied));
    assert_same(path, "straight.tif", "premultiplied.tif", 0.003);
    let (right, wrong) = (
        moments(path, "straight.tif").1,
        moments(path, "wrong.tif").1,
    );
    assert!((right - wrong).abs() > 0.02, "{right} {wrong}");
}

#[test]
fn pages_and_frames_are_images_with_numbers() {
    let folder = scratch();
    let path = folder.path();
    let pages: Vec<Picture> = (0..12).map(disc).collect();
    write(path, "scans.tif", &Tiff::default().pages(&pages));
    write(path, "moving.gif", &animated_gif(&pages));
    write(path, "moving.png", &Png::default().animated(&pages));
    write_discs(path, "single", 0..12);
    for file in ["scans.tif", "moving.gif", "moving.png"] {
        assert_same(path, "single", file, 1e-9);
    }
    write(path, "folder/scans.tif", &Tiff::default().pages(&pages));
    write_discs(path, "folder", 12..15);
    assert_eq!(moments(path, "folder").0, 15);
    write(path, "third.png", &pages[3].png());
    assert_same(path, "third.png", "scans.tif[3]", 1e-9);
    let ended = ae(path, "data info scans.tif[12]");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended
            .stderr
            .contains("no page 12: the file has 12 pages, counted from 0"),
        "{ended:#?}"
    );
}

#[test]
fn arrays_of_numpy_are_recognized_or_refused() {
    let folder = scratch();
    let path = folder.path();
    let pictures: Vec<Picture> = (0..12).map(|number| scene(20, 24, 3, number)).collect();
    for (number, picture) in pictures.iter().enumerate() {
        write(path, format!("single/{number:02}.png"), &picture.png());
    }
    let last: Vec<u8> = pictures.iter().flat_map(Picture::bytes).copied().collect();
    let first: Vec<u8> = pictures
        .iter()
        .flat_map(|picture| {
            (0..3).flat_map(|channel| picture.bytes().iter().skip(channel).step_by(3).copied())
        })
        .collect();
    let floats: Vec<u8> = last
        .iter()
        .flat_map(|&byte| (f32::from(byte) / 255.0).to_le_bytes())
        .collect();
    write(path, "last.npy", &npy(&[12, 24, 20, 3], "|u1", &last));
    write(path, "first.npy", &npy(&[12, 3, 24, 20], "|u1", &first));
    write(path, "floats.npy", &npy(&[12, 24, 20, 3], "<f4", &floats));
    for file in ["last.npy", "first.npy", "floats.npy"] {
        assert_same(path, "single", file, 1e-6);
    }
    let text = done(path, "data info first.npy").stdout;
    assert!(text.contains("(count, channels, height, width)"), "{text}");
    let labels: Vec<u8> = (0..12_u8).map(|number| number % 3).collect();
    let file = npz(&[
        ("x_train", npy(&[12, 24, 20, 3], "|u1", &last)),
        ("y_train", npy(&[12], "|u1", &labels)),
        ("x_test", npy(&[4, 24, 20, 3], "|u1", &last[..4 * 1_440])),
        ("y_test", npy(&[4], "|u1", &labels[..4])),
    ]);
    write(path, "set.npz", &file);
    let info = info(path, "set.npz");
    assert_eq!(info["train"]["images"], 12);
    assert_eq!(info["test"]["images"], 4);
    assert_eq!(info["train"]["classes"][2]["images"], 4, "{info}");
    for (name, file, reason) in [
        (
            "two.npy",
            npy(&[24, 20, 3], "|u1", &last[..1_440]),
            "could be 24 images",
        ),
        (
            "flat.npy",
            npy(&[12, 1_440], "|u1", &last),
            "is not that of images",
        ),
        (
            "long.npy",
            npy(&[12, 24, 20, 3], "<i8", &[0; 64]),
            "type <i8 is not read",
        ),
        (
            "cut.npy",
            npy(&[12, 24, 20, 3], "|u1", &last[..9_000]),
            "the file holds 9000 bytes",
        ),
    ] {
        write(path, name, &file);
        let ended = ae(path, &format!("data info {name}"));
        assert_eq!(ended.code, 3, "{ended:#?}");
        assert!(ended.stderr.contains(reason), "{ended:#?}");
    }
}

#[test]
fn a_zip_archive_is_the_folder_that_was_packed() {
    let folder = scratch();
    let path = folder.path();
    let mut members = Vec::new();
    for number in 0..10 {
        let name = format!("{}/{number}.png", ["a", "b"][number as usize % 2]);
        write(path, format!("set/{name}"), &disc(number).png());
        members.push((format!("set/{name}"), disc(number).png()));
    }
    write(path, "set.zip", &zip(&members));
    assert_same(path, "set", "set.zip", 1e-12);
    let info = info(path, "set.zip");
    assert_eq!(info["train"]["classes"][1]["class"], "b");
    write(path, "cut.zip", &cut(&zip(&members), 80));
    assert_eq!(ae(path, "data info cut.zip").code, 3);
}

#[test]
fn pictures_beyond_the_limit_are_refused_before_memory_is_taken() {
    let folder = scratch();
    let path = folder.path();
    write(path, "large.png", &scene(64, 64, 1, 0).png());
    let ended = ae(path, "data info large.png --max-pixels 1000");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended.stderr.contains("the limit is 1000 pixels"),
        "{ended:#?}"
    );
    done(path, "data info large.png --max-pixels 4096");
}

//! A file of several pages or frames: all of them are written, or nothing is.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::{AnimationDecoder as _, Frame};
use tiff::decoder::{Decoder, DecodingResult};

use super::inputs::{Picture, Png, Tiff, animated_gif, scene, write};
use crate::command::{ae, done};
use crate::fixture::{FIXTURE, files_in, scratch};

fn scenes(channels: usize) -> Vec<Picture> {
    (0..5)
        .map(|number| scene(48, 32, channels, number))
        .collect()
}

fn line(arguments: &str) -> String {
    format!(
        "denoise {arguments} --model {}",
        FIXTURE.argument("denoiser")
    )
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect("there")
}

fn gif_frames(bytes: &[u8]) -> Vec<Frame> {
    let decoder = GifDecoder::new(Cursor::new(bytes)).expect("a GIF");
    decoder.into_frames().collect_frames().expect("frames")
}

fn png_frames(bytes: &[u8]) -> Vec<Frame> {
    let decoder = PngDecoder::new(Cursor::new(bytes)).expect("a PNG");
    let decoder = decoder.apng().expect("animated");
    decoder.into_frames().collect_frames().expect("frames")
}

fn tiff_pages(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).expect("a TIFF");
    let mut pages = Vec::new();
    loop {
        match decoder.read_image().expect("a page") {
            DecodingResult::U8(values) => pages.push(values),
            other => panic!("{other:?}"),
        }
        if !decoder.more_images() {
            return pages;
        }
        decoder.next_image().expect("a page");
    }
}

/// What becomes of each picture when it comes alone.
fn alone(folder: &Path, pictures: &[Picture]) -> Vec<Vec<u8>> {
    let each = pictures.iter().map(|picture| {
        write(folder, "alone.tif", &picture.tiff());
        done(folder, &line("alone.tif -o alone.out.tif --force"));
        tiff_pages(&read(folder, "alone.out.tif")).remove(0)
    });
    each.collect()
}

#[test]
fn every_page_of_a_tiff_is_denoised() {
    let folder = scratch();
    for channels in [1, 3] {
        let pictures = scenes(channels);
        write(
            folder.path(),
            "scans.tif",
            &Tiff::default().pages(&pictures),
        );
        let ended = done(folder.path(), &line("scans.tif -o clean.tif --force"));
        assert!(ended.stdout.contains("5 pages"), "{ended:#?}");
        let pages = tiff_pages(&read(folder.path(), "clean.tif"));
        assert_eq!(pages, alone(folder.path(), &pictures));
        // In place, no page is lost.
        done(folder.path(), &line("scans.tif -o scans.tif --force"));
        assert_eq!(tiff_pages(&read(folder.path(), "scans.tif")), pages);
    }
}

#[test]
fn one_page_of_a_tiff_can_be_named() {
    let folder = scratch();
    let pictures = scenes(1);
    write(
        folder.path(),
        "scans.tif",
        &Tiff::default().pages(&pictures),
    );
    done(folder.path(), &line("scans.tif[3] -o page.png"));
    done(folder.path(), &line("scans.tif[3] -o pages/"));
    let page = image::open(folder.path().join("page.png")).expect("a picture");
    let expected = alone(folder.path(), &pictures[3..4]);
    assert_eq!(page.into_luma8().into_raw(), expected[0]);
    let pages = tiff_pages(&read(folder.path(), "pages/scans[3].tif"));
    assert_eq!(pages, expected);
    let ended = ae(folder.path(), &line("scans.tif[5] -o page.png --force"));
    assert_eq!(ended.code, 3, "{ended:#?}");
}

#[test]
fn every_frame_of_an_animation_is_denoised_and_shown_as_long() {
    let folder = scratch();
    let path = folder.path();
    write(path, "film.gif", &animated_gif(&scenes(1)));
    write(path, "film.png", &Png::default().animated(&scenes(3)));
    for (input, output) in [
        ("film.gif", "out.gif"),
        ("film.gif", "out.png"),
        ("film.png", "out2.png"),
        ("film.png", "out2.gif"),
    ] {
        done(path, &line(&format!("{input} -o {output}")));
        let bytes = read(path, output);
        let frames = match output.ends_with("gif") {
            true => gif_frames(&bytes),
            false => png_frames(&bytes),
        };
        assert_eq!(frames.len(), 5, "{input} {output}");
        for frame in frames {
            assert_eq!(frame.delay().numer_denom_ms(), (100, 1), "{input} {output}");
        }
    }
    let ended = done(path, &line("film.gif -o out.tif"));
    assert_eq!(tiff_pages(&read(path, "out.tif")).len(), 5);
    let warnings = ended.lines("warning: out.tif");
    assert!(
        warnings.concat().contains("the frames' times"),
        "{ended:#?}"
    );
}

#[test]
fn a_format_of_one_page_is_refused_before_anything_is_written() {
    let folder = scratch();
    let path = folder.path();
    write(path, "scans.tif", &Tiff::default().pages(&scenes(1)));
    write(path, "film.gif", &animated_gif(&scenes(1)));
    write(path, "there.jpg", b"what was there");
    for (input, output) in [
        ("scans.tif", "out.png"),
        ("scans.tif", "out.jpg"),
        ("scans.tif", "out.gif"),
        ("film.gif", "out.webp"),
        ("film.gif", "out.pgm"),
        ("film.gif", "there.jpg"),
    ] {
        let ended = ae(path, &line(&format!("{input} -o {output} --force")));
        assert_eq!(ended.code, 2, "{ended:#?}");
        let error = ended.lines("error:").concat();
        assert!(
            error.contains(output) && error.contains("a picture of 5"),
            "{error}"
        );
        assert!(error.contains("TIFF"), "{error}");
    }
    assert_eq!(read(path, "there.jpg"), b"what was there");
    let names: Vec<_> = files_in(path);
    assert_eq!(names.len(), 3, "{names:?}");
    // In a folder of others, the others are done.
    write(path, "some/film.gif", &animated_gif(&scenes(1)));
    fs::rename(path.join("some/film.gif"), path.join("some/film.webp")).expect("renamed");
    write(path, "some/one.png", &scene(40, 30, 1, 0).png());
    let ended = ae(path, &line("some -o clean"));
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(
        ended.lines("error:").concat().contains("some/film.webp"),
        "{ended:#?}"
    );
    assert_eq!(files_in(&path.join("clean")), [Path::new("one.png")]);
}

#[test]
fn figures_are_given_for_every_page() {
    let folder = scratch();
    write(
        folder.path(),
        "scans.tif",
        &Tiff::default().pages(&scenes(1)),
    );
    let json = done(
        folder.path(),
        &line("scans.tif -o clean.tif --noise gaussian:0.2 --json"),
    )
    .json();
    let pages = json["pictures"][0]["pages"]
        .as_array()
        .expect("pages")
        .clone();
    assert_eq!(pages.len(), 5);
    let before: Vec<_> = pages
        .iter()
        .map(|page| page["before"]["psnr"].as_f64().expect("a number"))
        .collect();
    // Each page has its own noise.
    assert!(
        before.windows(2).all(|pair| pair[0] != pair[1]),
        "{before:?}"
    );
    let ended = ae(
        folder.path(),
        &line("scans.tif -o c.tif --noise gaussian:0.2 --compare c.png"),
    );
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(!folder.path().join("c.tif").exists());
}

#[test]
fn texts_of_a_gif_are_said_to_be_left_out() {
    let folder = scratch();
    let path = folder.path();
    let mut gif = animated_gif(&[scene(32, 24, 1, 0)]);
    write(path, "plain.gif", &gif);
    let said = |name: &str| {
        let line = format!("denoise {name} -o out.gif --force --model median");
        done(path, &line).stderr
    };
    assert!(!said("plain.gif").contains("left out"));
    let trailer = gif.len() - 1;
    gif.splice(trailer..trailer, *b"\x21\xFE\x05hello\0");
    write(path, "told.gif", &gif);
    let told = said("told.gif");
    assert!(
        told.contains("told.gif: its comments and other texts are left out"),
        "{told}"
    );
}

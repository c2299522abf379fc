//! Results of several pictures: none is written over another, and one that fails stops no other.

use std::fs;
use std::path::Path;

use super::inputs::{cut, scene, write};
use crate::command::{ae, done};
use crate::fixture::{FIXTURE, files_in, scratch};

fn denoise(arguments: &str) -> String {
    format!(
        "denoise {arguments} --model {}",
        FIXTURE.argument("denoiser")
    )
}

#[test]
fn files_of_one_stem_are_told_apart() {
    let folder = scratch();
    let path = folder.path();
    for number in 0..3 {
        let picture = scene(28, 28, 3, number);
        let (name, bytes) = match number {
            0 => ("stem/x.png", picture.png()),
            1 => ("stem/x.jpg", picture.jpeg(95)),
            _ => ("stem/x.bmp", picture.bmp()),
        };
        write(path, name, &bytes);
    }
    write(path, "stem/y.png", &scene(28, 28, 3, 3).png());
    let run = FIXTURE.argument("plain");
    let line = format!("reconstruct {run} --data stem --size 28 --channels gray -o out/ --json");
    let json = done(path, &line).json();
    let images = json["images"].as_array().expect("images");
    let names = ["x.bmp.png", "x.jpg.png", "x.png.png", "y.png"];
    assert_eq!(files_in(&path.join("out")), names.map(Path::new));
    let said: Vec<_> = images.iter().map(|image| image["file"].as_str()).collect();
    assert_eq!(
        said,
        names
            .map(|name| format!("out/{name}"))
            .iter()
            .map(|name| Some(name.as_str()))
            .collect::<Vec<_>>()
    );
    // denoise keeps extensions, so nothing collides.
    done(path, &denoise("stem -o clean/"));
    let names = ["x.bmp", "x.jpg", "x.png", "y.png"];
    assert_eq!(files_in(&path.join("clean")), names.map(Path::new));
}

#[test]
fn results_of_one_name_are_refused_before_any_work() {
    let folder = scratch();
    let path = folder.path();
    for (number, name) in ["a/x.png", "b/x.png", "b/sub/x.png"].iter().enumerate() {
        write(path, name, &scene(40, 30, 1, number as u64).png());
    }
    for inputs in [
        "a b",
        "a/x.png b/x.png",
        "a b/sub",
        "a/x.png a/x.png",
        "b a",
    ] {
        let ended = ae(path, &denoise(&format!("{inputs} -o out/")));
        assert_eq!(ended.code, 2, "{inputs}: {ended:#?}");
        assert!(
            ended.lines("error:").concat().contains("out/x.png"),
            "{ended:#?}"
        );
        assert!(!path.join("out").exists(), "{inputs}");
    }
    // Folders keep their place, so those of one tree differ.
    done(path, &denoise(". -o out/"));
    let expected = ["a/x.png", "b/sub/x.png", "b/x.png"];
    assert_eq!(files_in(&path.join("out")), expected.map(Path::new));
    // The results are no pictures of the folder that they lie in.
    done(path, &denoise(". -o out/ --force"));
    assert_eq!(files_in(&path.join("out")), expected.map(Path::new));
}

#[test]
fn a_picture_that_fails_is_named_and_the_others_are_done() {
    let folder = scratch();
    let path = folder.path();
    let picture = scene(64, 48, 3, 0);
    write(path, "set/a.png", &picture.png());
    write(path, "set/b.png", &cut(&picture.png(), 50));
    write(path, "set/c.jpg", b"no picture at all");
    write(path, "set/d.jpg", &picture.jpeg(90));
    write(path, "set/notes.txt", b"no picture, and none by its name");
    write(path, "set/e.dat", &picture.png());
    for line in [
        "set -o out --force",
        "set/a.png set/b.png set/c.jpg set/d.jpg -o out --force",
    ] {
        let ended = ae(path, &denoise(line));
        assert_eq!(ended.code, 3, "{ended:#?}");
        let error = ended.lines("error:").concat();
        assert!(error.contains("set/b.png, set/c.jpg"), "{error}");
        let failed = ended.lines("warning: failed:");
        assert_eq!(failed.len(), 2, "{ended:#?}");
        for (line, name) in failed.iter().zip(["set/b.png", "set/c.jpg"]) {
            assert!(line.contains(name), "{line}");
        }
        assert!(path.join("out/a.png").exists() && path.join("out/d.jpg").exists());
        assert!(!path.join("out/b.png").exists() && !path.join("out/c.jpg").exists());
    }
    // By content: what is called otherwise is a picture too, and what is passed over is counted.
    assert!(path.join("out/e.dat.png").exists());
    fs::remove_file(path.join("set/b.png")).expect("there");
    fs::remove_file(path.join("set/c.jpg")).expect("there");
    let ended = done(path, &denoise("set -o out --force"));
    assert!(
        ended.stderr.contains("passed over, no pictures: 1 .txt"),
        "{ended:#?}"
    );
}

#[test]
fn what_would_be_compared_with_nothing_is_refused() {
    let folder = scratch();
    write(folder.path(), "in.png", &scene(40, 30, 1, 0).png());
    let line = denoise("in.png -o out.png --noise none --compare shown.png");
    let ended = ae(folder.path(), &line);
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(
        ended.lines("error:").concat().contains("--compare"),
        "{ended:#?}"
    );
    assert_eq!(files_in(folder.path()), [Path::new("in.png")]);
}

#[test]
fn tiles_below_the_field_of_view_are_refused() {
    let folder = scratch();
    write(folder.path(), "in.png", &scene(90, 70, 1, 0).png());
    // Two poolings: 34 pixels.
    for (tile, code) in [(1, 2), (8, 2), (33, 2), (34, 0), (64, 0)] {
        let line = denoise(&format!("in.png -o out.png --force --tile {tile}"));
        let ended = ae(folder.path(), &line);
        assert_eq!(ended.code, code, "{tile}: {ended:#?}");
        let error = ended.lines("error:").concat();
        assert_eq!(error.contains("34"), code == 2, "{error}");
    }
    // A model of one size takes tiles of that, and says so.
    let model = FIXTURE.argument("narrow");
    let ended = done(
        folder.path(),
        &format!("denoise in.png -o n.png --tile 8 --model {model}"),
    );
    assert!(ended.stderr.contains("--tile is not used"), "{ended:#?}");
}

//! The codec `transform` on pictures of any sizes: `ae train --model transform --patch`, `ae compress` and `ae decompress` by
//! what it trains, and `ae eval --rate-distortion`.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::command::{ae, done};
use crate::fixture::{files_in, scratch};

/// The folder `photos`, of gray pictures of different sizes, and the run `row`, of two qualities, that was trained on patches.
static TRAINED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = scratch();
    write_photos(&folder.path().join("photos"), 16, false);
    let line = "train --model transform --patch 16 --data photos --widths 4,8 --code-channels 12 --lambda 0.02,0.002 \
                --steps 60 --patches-per-epoch 128 --batch-size 8 --learning-rate 0.003 --seed 3 --backend flex -o row --quiet";
    done(folder.path(), line);
    folder
});

/// Pictures with slopes, edges and grain, in folders.
fn write_photos(folder: &Path, count: u32, in_color: bool) {
    fs::create_dir_all(folder.join("in")).expect("a folder");
    for number in 0..count {
        let (width, height) =
            [(40, 24), (17, 33), (32, 32), (19 + number, 21)][number as usize % 4];
        let mut state = number + 1;
        let photo = image::GrayImage::from_fn(width, height, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let edge = if x + number < 2 * y { 50 } else { 0 };
            image::Luma([(20 + x + 2 * y + edge + (state >> 29)) as u8])
        });
        let file = folder.join(match number % 2 {
            0 => format!("{number}.png"),
            _ => format!("in/{number}.png"),
        });
        match in_color {
            true => image::DynamicImage::from(photo).to_rgb8().save(file),
            false => photo.save(file),
        }
        .expect("written");
    }
}

fn path_of(name: &str) -> String {
    TRAINED.path().join(name).display().to_string()
}

/// The size and the pixels of every picture below a folder, by name.
fn pictures(folder: &Path) -> Vec<(String, image::GrayImage)> {
    let files = files_in(folder).into_iter();
    let files = files.filter(|name| folder.join(name).is_file());
    files
        .map(|name| {
            let picture = image::open(folder.join(&name)).expect("a picture");
            (name.display().to_string(), picture.to_luma8())
        })
        .collect()
}

#[test]
fn qualities_are_files_of_pictures_in_their_sizes_and_with_their_names() {
    let folder = scratch();
    let path = folder.path();
    let (photos, row) = (path_of("photos"), path_of("row"));
    let originals = pictures(&TRAINED.path().join("photos"));
    let mut last = (0.0, 0.0);
    for quality in [1, 2] {
        let line = format!(
            "compress {photos} --model {row} --quality {quality} -o {quality}.aez --json --quiet"
        );
        let told = done(path, &line).json();
        assert_eq!(told["images"], 16, "{told}");
        assert!(told["width"].is_null());
        assert_eq!(told["group"], 1);
        let bytes = fs::metadata(path.join(format!("{quality}.aez")))
            .expect("a file")
            .len();
        let pixels: u32 = originals
            .iter()
            .map(|(_, photo)| photo.width() * photo.height())
            .sum();
        let bits = bytes as f64 * 8.0 / f64::from(pixels);
        assert_eq!(told["bits_per_pixel"].as_f64(), Some(bits));

        done(
            path,
            &format!("decompress {quality}.aez --model {row} -o {quality}/ --quiet"),
        );
        let decoded = pictures(&path.join(quality.to_string()));
        let names = |pictures: &[(String, image::GrayImage)]| -> Vec<String> {
            pictures.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&decoded), names(&originals));
        let mut squares = 0.0;
        for ((name, one), (_, other)) in decoded.iter().zip(&originals) {
            assert_eq!(one.dimensions(), other.dimensions(), "{name}");
            let pairs = one.as_raw().iter().zip(other.as_raw());
            squares += pairs
                .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2))
                .sum::<f64>();
        }
        let psnr = 10.0 * (255.0_f64.powi(2) * f64::from(pixels) / squares).log10();
        let found = told["psnr"].as_f64().expect("a number");
        assert!((found - psnr).abs() < 0.02, "{found} {psnr}");
        assert!(bits > last.0 && psnr > last.1, "{told}");
        last = (bits, psnr);
    }
    // What a cosine transform of blocks alone makes of slopes and edges is more than this.
    assert!(last.1 > 28.0, "{last:?}");

    let info = done(path, "info 2.aez --json").json();
    assert_eq!(info["codec"], "picture-transform");
    assert_eq!(info["quality"], 2);
    assert_eq!(info["bits_per_pixel"].as_f64(), Some(last.0));
}

#[test]
fn threads_groups_and_pipes_change_no_picture() {
    let folder = scratch();
    let path = folder.path();
    let (photos, row) = (path_of("photos"), path_of("row"));
    let line = |rest: &str| format!("compress {photos} --model {row} --quality 2 --quiet {rest}");
    done(path, &line("--threads 1 -o one.aez"));
    done(path, &line("--threads 4 -o four.aez"));
    done(path, &line("--group 5 -o five.aez"));
    let read = |name: &str| fs::read(path.join(name)).expect("a file");
    assert_eq!(read("one.aez"), read("four.aez"));
    assert!(read("five.aez").len() < read("one.aez").len());
    let piped = crate::command::command(path, &line("-o -"))
        .output()
        .expect("it runs");
    assert_eq!(piped.stdout, read("one.aez"));
    for name in ["one", "five"] {
        done(
            path,
            &format!("decompress {name}.aez --model {row} -o {name}/ --quiet"),
        );
    }
    assert!(pictures(&path.join("one")) == pictures(&path.join("five")));
}

#[test]
fn what_does_not_go_is_refused() {
    let folder = scratch();
    let path = folder.path();
    let row = path_of("row");
    write_photos(&path.join("colored"), 12, true);
    let check = |line: &str, status: i32, expected: &[&str]| {
        let ended = ae(path, line);
        assert_eq!(ended.code, status, "{line}: {}", ended.stderr);
        for expected in expected {
            assert!(ended.stderr.contains(expected), "{line}: {}", ended.stderr);
        }
    };
    let gray = ["3 channels", "--channels gray"];
    check(
        "train --model transform --patch 16 --data colored -o x",
        3,
        &gray,
    );
    check(
        &format!("compress colored --model {row} --quality 1 -o x.aez"),
        3,
        &gray,
    );
    check(
        "train --model transform --patch 12 --data colored --channels gray -o x",
        2,
        &["patches of sides that 8 divides"],
    );
    check(
        "train --model transform --patch 64 --data colored --channels gray -o x",
        2,
        &["--patch"],
    );
    check(
        &format!("compress colored --channels gray --model {row} -o x.aez"),
        2,
        &["--quality: required", "1 to 2"],
    );
    assert!(!path.join("x.aez").exists());
    let line = format!("compress colored --channels gray --model {row} --quality 1 -o x.aez");
    done(path, &line);

    // What would help elsewhere would not here: there are no codes to fit a mixture to.
    let ended = ae(path, &format!("generate {row} -o new.png"));
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let error = "a model of kind picture-transform has no codes";
    assert!(ended.stderr.contains(error), "{}", ended.stderr);
    assert!(!ended.stderr.contains("--mixture"), "{}", ended.stderr);

    // A file that ends too early, or another model's.
    let bytes = fs::read(path.join("x.aez")).expect("a file");
    fs::write(path.join("short.aez"), &bytes[..bytes.len() / 2]).expect("written");
    check(
        &format!("decompress short.aez --model {row} -o short/"),
        3,
        &["chunk"],
    );
    check(
        "decompress x.aez -o out/",
        4,
        &["no run under runs/ has the"],
    );
}

#[test]
fn bits_and_losses_are_drawn_beside_files_of_whole_pictures() {
    let folder = scratch();
    let path = folder.path();
    let (photos, row) = (path_of("photos"), path_of("row"));
    let line =
        format!("eval {row} --rate-distortion --data {photos} --part all -o curves --json --quiet");
    let told = done(path, &line).json();
    assert_eq!(told["images"], 16, "{told}");
    assert_eq!(told["curve"]["points"].as_array().expect("points").len(), 2);
    let peers = told["peers"].as_array().expect("peers").iter();
    let names: Vec<&str> = peers
        .map(|peer| peer["name"].as_str().expect("a name"))
        .collect();
    // A mosaic has images of one size.
    assert_eq!(names, ["JPEG", "WebP", "PNG"]);
    for picture in ["curves.png", "images.png"] {
        image::open(path.join("curves").join(picture)).expect("a picture");
    }
    let line = format!("compress {photos} --model {row} --quality 2 -o x.aez --json --quiet");
    let written = done(path, &line).json();
    let point = &told["curve"]["points"][1];
    // Names are what the file has beside.
    assert!(
        point["bytes"].as_u64() < written["bytes"].as_u64(),
        "{point} {written}"
    );
    let (one, other) = (point["psnr"].as_f64(), written["psnr"].as_f64());
    assert_eq!(one, other);
}

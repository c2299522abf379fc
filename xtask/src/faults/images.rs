//! Pictures that cannot be read, or look as if they could not.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use super::bench::Bench;
use super::bytes::{self, PngKind, SIDE, png, png_of};
use super::case::Case;
use super::process::held_to_permissions;
use super::trouble::{Trouble, broken};

const FAMILY: &str = "images";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = broken_pictures();
    cases.extend(unusual_pictures());
    cases.extend(folders());
    cases
}

fn good() -> Vec<u8> {
    png(SIDE, SIDE, &bytes::drawing(1))
}

/// A picture that every command refuses by its name; then a good one of the same name.
fn refused(
    name: &'static str,
    file: &'static str,
    reason: &'static str,
    content: fn() -> Vec<u8>,
) -> Case {
    Case::new(FAMILY, name, move |bench| {
        bench.write(file, &content())?;
        let run = bench.run();
        let commands: [&[&str]; 3] = [
            &["denoise", file, "-o", "out.png", "--model", &run],
            &["encode", &run, "--data", file, "-o", "codes.npy"],
            &["data", "show", file, "-o", "out.png"],
        ];
        for arguments in commands {
            let command = bench.ae(arguments).address_space(1024);
            bench.refuses(command, 3, &[file, reason])?;
        }
        bench.write(file, &good())?;
        let denoise = ["denoise", file, "-o", "out.png", "--backend", "flex"];
        Ok(bench
            .ae(denoise)
            .args(["--model", &run])
            .run()
            .check_done()?)
    })
}

fn broken_pictures() -> Vec<Case> {
    vec![
        refused("zero bytes", "x.png", "empty", Vec::new),
        refused("text with a picture's name", "x.png", "x.png", || {
            b"this is no picture".to_vec()
        }),
        refused("a wrong checksum in the pixels", "x.png", "CRC", || {
            let mut bytes = good();
            let end = bytes.len();
            // The last of IDAT's checksum, before the twelve bytes of IEND.
            bytes[end - 13] ^= 1;
            bytes
        }),
        refused("a wrong checksum in the header", "x.png", "x.png", || {
            let mut bytes = good();
            bytes[30] ^= 1;
            bytes
        }),
        refused("a header of 60,000 x 60,000", "x.png", "too large", || {
            let kind = gray(8);
            png_of(60_000, 60_000, &kind, &[0; 100])
        }),
        refused(
            "a header of four thousand million pixels a side",
            "x.png",
            "x.png",
            || png_of(u32::MAX, u32::MAX, &gray(8), &[0; 100]),
        ),
        refused("no pixels across", "x.png", "x.png", || {
            png_of(0, 8, &gray(8), &[0; 8])
        }),
        refused("a JPEG's first bytes alone", "x.jpg", "x.jpg", || {
            b"\xff\xd8\xff\xe0\x00\x10JFIF".to_vec()
        }),
        refused("a BMP of negative gigabytes", "x.bmp", "x.bmp", || {
            let mut bytes =
                b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00".to_vec();
            bytes.extend(i32::MAX.to_le_bytes());
            bytes.extend(i32::MIN.to_le_bytes());
            bytes.extend(b"\x01\x00\x18\x00");
            bytes.extend([0; 24]);
            bytes
        }),
        Case::telling(FAMILY, "a PNG cut at 24 places", |bench| {
            let whole = good();
            let mut refused = 0;
            for part in 0..24 {
                let cut = part * (whole.len() - 12) / 24;
                bench.write("x.png", &whole[..cut])?;
                let show = bench.ae(["data", "show", "x.png", "-o", "out.png"]);
                bench.refuses(show, 3, &["x.png"])?;
                refused += 1;
            }
            Ok(format!("{refused} refused"))
        }),
    ]
}

fn gray(bits: u8) -> PngKind {
    PngKind {
        bits,
        color: 0,
        interlaced: false,
        palette: Vec::new(),
    }
}

/// A picture of an unusual kind, which is read like any other.
fn taken(name: &'static str, file: &'static str, content: fn() -> Vec<u8>) -> Case {
    Case::new(FAMILY, name, move |bench| {
        bench.write(file, &content())?;
        bench
            .ae(["data", "show", file, "-o", "out.png"])
            .run()
            .check_done()?;
        let run = bench.run();
        let denoise = ["denoise", file, "-o", "clean.png", "--backend", "flex"];
        Ok(bench
            .ae(denoise)
            .args(["--model", &run])
            .run()
            .check_done()?)
    })
}

fn unusual_pictures() -> Vec<Case> {
    vec![
        taken("a PNG of 16 bits", "x.png", || {
            let rows: Vec<u8> = (0..8).flat_map(|_| [&[0][..], &[3; 16]].concat()).collect();
            png_of(8, 8, &gray(16), &rows)
        }),
        taken("a PNG of one bit", "x.png", || {
            let rows: Vec<u8> = (0..8).flat_map(|_| [0, 0b1010_0110]).collect();
            png_of(8, 8, &gray(1), &rows)
        }),
        taken("a PNG with a palette", "x.png", || {
            let kind = PngKind {
                bits: 8,
                color: 3,
                interlaced: false,
                palette: vec![0, 0, 0, 200, 200, 200],
            };
            let rows: Vec<u8> = (0..8).flat_map(|_| [0, 0, 1, 0, 1, 1, 1, 0, 0]).collect();
            png_of(8, 8, &kind, &rows)
        }),
        taken("a PNG with alpha", "x.png", || {
            let kind = PngKind {
                color: 4,
                ..gray(8)
            };
            let rows: Vec<u8> = (0..8)
                .flat_map(|_| [&[0][..], &[99; 16]].concat())
                .collect();
            png_of(8, 8, &kind, &rows)
        }),
        taken("an interlaced PNG", "x.png", || {
            // Adam7 of 8 x 8: the passes' widths and heights (PNG, third edition, section 8.1).
            let passes = [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)];
            let rows: Vec<u8> = passes
                .into_iter()
                .flat_map(|(width, height)| {
                    (0..height).flat_map(move |_| [vec![0], vec![77; width]].concat())
                })
                .collect();
            let kind = PngKind {
                interlaced: true,
                ..gray(8)
            };
            png_of(8, 8, &kind, &rows)
        }),
        taken("a JPEG that is called .png", "x.png", || {
            jpeg_bytes(false, jpeg_encoder::ColorType::Luma)
        }),
        taken("a progressive JPEG", "x.jpg", || {
            jpeg_bytes(true, jpeg_encoder::ColorType::Luma)
        }),
        taken("a JPEG of 1 x 1", "x.jpg", || {
            let mut bytes = Vec::new();
            jpeg_encoder::Encoder::new(&mut bytes, 90)
                .encode(&[50], 1, 1, jpeg_encoder::ColorType::Luma)
                .expect("a pixel is a picture");
            bytes
        }),
        Case::new(
            FAMILY,
            "a JPEG in cyan, magenta, yellow and black",
            |bench| {
                bench.write("x.jpg", &jpeg_bytes(false, jpeg_encoder::ColorType::Cmyk))?;
                let show = bench.ae(["data", "show", "x.jpg", "-o", "out.png"]);
                Ok(show.run().check_done()?)
            },
        ),
    ]
}

fn jpeg_bytes(progressive: bool, color: jpeg_encoder::ColorType) -> Vec<u8> {
    let channels = match color {
        jpeg_encoder::ColorType::Luma => 1,
        _ => 4,
    };
    let pixels: Vec<u8> = (0..SIDE * SIDE * channels)
        .map(|value| (value * 7) as u8)
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.set_progressive(progressive);
    encoder
        .encode(&pixels, SIDE as u16, SIDE as u16, color)
        .expect("a small picture can be encoded");
    bytes
}

/// Writes a folder of good pictures.
fn write_pictures(bench: &Bench<'_>, count: u32) -> Result<(), Trouble> {
    (0..count).try_for_each(|number| {
        let picture = png(SIDE, SIDE, &bytes::drawing(number));
        bench.write(format!("set/{number:04}.png"), &picture)
    })
}

fn folders() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "a name that is no UTF-8", |bench| {
            write_pictures(bench, 12)?;
            let name = std::ffi::OsStr::from_bytes(b"set/\xff\xfe.png");
            bench.write(name, &good())?;
            bench.ae(["data", "info", "set"]).run().check_done()?;
            let run = bench.run();
            let out = ["reconstruct", &run, "--data", "set", "-o", "out"];
            Ok(bench
                .ae(out)
                .args(["--backend", "flex"])
                .run()
                .check_done()?)
        }),
        Case::new(FAMILY, "a loop of links", |bench| {
            write_pictures(bench, 12)?;
            let set = bench.path().join("set");
            for (from, to) in [("set", "round"), ("b.png", "a.png"), ("a.png", "b.png")] {
                let from = if from == "set" {
                    set.clone()
                } else {
                    from.into()
                };
                std::os::unix::fs::symlink(from, set.join(to)).map_err(broken(&set))?;
            }
            // Two links that lead to each other are two pictures that cannot be read, of fourteen.
            let show = bench.ae(["data", "show", "set", "-o", "out.png"]);
            bench.refuses(show, 3, &["set", "a.png"])?;
            for name in ["a.png", "b.png"] {
                fs::remove_file(set.join(name)).map_err(broken(&set))?;
            }
            Ok(bench.ae(["data", "info", "set"]).run().check_done()?)
        }),
        Case::new(FAMILY, "a FIFO with a picture's name", |bench| {
            write_pictures(bench, 12)?;
            let path = bench.path().join("set/pipe.png");
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            if !made.is_ok_and(|status| status.success()) {
                return Err(Trouble::Skipped("mkfifo is not there".to_owned()));
            }
            let info = bench
                .ae(["data", "info", "set"])
                .time(Duration::from_secs(10));
            info.run().check_done()?;
            let one = bench.ae(["data", "show", "set/pipe.png", "-o", "out.png"]);
            let ended = one.time(Duration::from_secs(10)).run();
            Ok(ended.check_error(3, &["set/pipe.png", "not a regular file"])?)
        }),
        Case::new(FAMILY, "an unreadable picture", |bench| {
            unreadable(bench, "set/0003.png", 0o000)
        }),
        Case::new(FAMILY, "an unreadable folder", |bench| {
            unreadable(bench, "set", 0o000)
        }),
        Case::new(FAMILY, "a folder of folders without end", |bench| {
            let deep: String = (0..60).map(|_| "d/").collect();
            bench.write(format!("set/{deep}x.png"), &good())?;
            let show = bench.ae(["data", "show", "set", "-o", "out.png"]);
            bench.refuses(show, 3, &["set", "deeper"])
        }),
        Case::new(FAMILY, "one unreadable picture of three", |bench| {
            write_pictures(bench, 2)?;
            bench.write("set/broken.png", b"not a picture")?;
            let show = bench.ae(["data", "show", "set", "-o", "out.png"]);
            bench.refuses(show, 3, &["set", "broken.png"])
        }),
        Case::new(FAMILY, "pictures of two sizes", |bench| {
            write_pictures(bench, 2)?;
            bench.write("set/wide.png", &png(16, 8, &[5; 128]))?;
            let show = bench.ae(["data", "show", "set", "-o", "out.png"]);
            bench.refuses(show, 2, &["wide.png", "16x8"])?;
            let sized = ["data", "show", "set", "--size", "8", "-o", "out.png"];
            Ok(bench.ae(sized).run().check_done()?)
        }),
        Case::new(
            FAMILY,
            "pictures that vanish while they are read",
            |bench| {
                write_pictures(bench, 1500)?;
                let started = bench
                    .ae(["data", "info", "set"])
                    .time(Duration::from_secs(30))
                    .start();
                for number in (0..1500).rev() {
                    // The reader may have left the folder to us already.
                    let _ = fs::remove_file(bench.path().join(format!("set/{number:04}.png")));
                }
                let ended = started.wait();
                match ended.code {
                    Some(0) => Ok(ended.check_done()?),
                    // Too many are gone, or all of them.
                    _ => Ok(ended.check_error(3, &["set"])?),
                }
            },
        ),
    ]
}

/// A file that the user may not read: the error names it, and it is no reason to take fewer pictures.
fn unreadable(bench: &Bench<'_>, name: &str, mode: u32) -> Result<(), Trouble> {
    use std::os::unix::fs::PermissionsExt as _;
    write_pictures(bench, 12)?;
    let path = bench.path().join(name);
    let set_mode =
        |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(broken(&path));
    set_mode(mode)?;
    let command = bench.ae(["data", "show", "set", "--strict", "-o", "/dev/null"]);
    let ended = held_to_permissions(command)?.run();
    set_mode(0o755)?;
    let (code, part) = if name == "set" {
        (5, "set")
    } else {
        (3, "0003.png")
    };
    ended.check_error(code, &[part, "ermission denied"])?;
    Ok(bench.ae(["data", "info", "set"]).run().check_done()?)
}

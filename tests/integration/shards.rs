//! Sets in shards: written, read as one set, and gone through a shard at a time by several processes.

use std::fs;
use std::path::Path;

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, files_in, scratch};
use crate::ranks::as_rank;

const RANKS: [[(&str, &str); 2]; 2] = [
    [("SLURM_PROCID", "0"), ("SLURM_STEP_NUM_TASKS", "2")],
    [("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "2")],
];

/// The 128 drawings in 5 shards.
fn write_shards(folder: &Path) {
    let line = format!(
        "data shard {} --images-per-shard 30 -o shards",
        FIXTURE.argument("drawings")
    );
    let written = done(folder, &format!("{line} --json")).json();
    assert_eq!(
        (written["images"].as_u64(), written["shards"].as_u64()),
        (Some(128), Some(5))
    );
    assert_eq!(written["has_labels"], true);
    let refused = ae(folder, &line);
    assert_eq!(refused.code, 5, "{refused:#?}");
}

/// The values behind the header of a `.npy` file.
fn values(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).expect("codes");
    let header = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    bytes[10 + header..].to_vec()
}

#[test]
fn a_set_comes_back_from_its_shards() {
    let folder = scratch();
    write_shards(folder.path());
    let drawings = FIXTURE.argument("drawings");
    for source in [
        "shards",
        "shards/*.tar",
        "shards/shard-{000000..000004}.tar",
    ] {
        let read = done(folder.path(), &["data", "info", source, "--json"]).json();
        let text = read.to_string();
        assert!(text.contains("\"5 shards\""), "{text}");
        assert!(text.contains("\"128\"") || text.contains(":128"), "{text}");
    }
    // The same images, whatever holds them: their codes say so.
    let encode = |source: &str, out: &str| {
        let model = FIXTURE.argument("narrow");
        done(
            folder.path(),
            &[
                "encode",
                &model,
                "--data",
                source,
                "--part",
                "all",
                "-o",
                out,
                "--backend",
                "flex",
            ],
        );
    };
    encode(&drawings, "whole.npy");
    encode("shards", "codes");
    let shards: Vec<u8> = (0..5)
        .flat_map(|number| values(&folder.path().join(format!("codes/shard-{number:06}.npy"))))
        .collect();
    assert_eq!(shards, values(&folder.path().join("whole.npy")));
}

#[test]
fn ranks_share_the_shards_out_and_none_is_made_twice() {
    let folder = scratch();
    write_shards(folder.path());
    let line = FIXTURE.fill("encode {narrow} --data 'shards/*.tar' -o codes --backend flex");
    let first = as_rank(folder.path(), &line, &RANKS[0]);
    assert_eq!(first.code, 0, "{first:#?}");
    assert!(
        first
            .stdout
            .contains("rank 0 of 2: codes: 3 of 5 shards written, 0 passed over"),
        "{first:#?}"
    );
    // Killed: one result is missing, another unfinished under its temporary name.
    fs::remove_file(folder.path().join("codes/shard-000002.npy")).unwrap();
    let kept = fs::metadata(folder.path().join("codes/shard-000000.npy"))
        .unwrap()
        .modified()
        .unwrap();
    let again = as_rank(folder.path(), &line, &RANKS[0]);
    assert!(
        again
            .stdout
            .contains("1 of 5 shards written, 2 passed over"),
        "{again:#?}"
    );
    assert!(
        again
            .stderr
            .contains("shards/shard-000000.tar: passed over, codes/shard-000000.npy is there"),
        "{again:#?}"
    );
    let now = fs::metadata(folder.path().join("codes/shard-000000.npy"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(now, kept);
    let second = as_rank(folder.path(), &line, &RANKS[1]);
    assert!(
        second
            .stdout
            .contains("rank 1 of 2: codes: 2 of 5 shards written"),
        "{second:#?}"
    );
    let files = files_in(&folder.path().join("codes"));
    let names: Vec<_> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let expected: Vec<_> = (0..5)
        .map(|number| format!("shard-{number:06}.npy"))
        .chain(["shards.json".to_owned()])
        .collect();
    assert_eq!(names, expected);
    // Another model's results do not belong here.
    let other = ae(folder.path(), &line.replace("narrow", "plain"));
    assert_eq!(other.code, 5, "{other:#?}");
    assert_eq!(
        other.lines("error:"),
        ["error: codes: holds results of another model"]
    );
}

#[test]
fn every_command_over_shards_gives_a_file_for_each() {
    let folder = scratch();
    write_shards(folder.path());
    done(
        folder.path(),
        "train --model pixel --data shards --steps 20 --quiet --out coder",
    );
    for (line, ending) in [
        ("compress 'shards/*.tar' --model coder -o results", "aez"),
        (
            "anomaly {narrow} --data shards --normal {drawings} --csv results --backend flex",
            "csv",
        ),
        ("denoise shards --model median -o results", "tar"),
    ] {
        done(folder.path(), &FIXTURE.fill(line));
        for number in 0..5 {
            let result = format!("results/shard-{number:06}.{ending}");
            assert!(folder.path().join(&result).is_file(), "{line}: {result}");
        }
        let again = done(folder.path(), &FIXTURE.fill(line));
        assert!(
            again
                .stdout
                .contains("0 of 5 shards written, 5 passed over"),
            "{again:#?}"
        );
        if ending == "tar" {
            let info = done(folder.path(), "data info results/shard-000000.tar --json").json();
            assert!(info.to_string().contains("30"), "{info}");
        }
        fs::remove_dir_all(folder.path().join("results")).unwrap();
    }
    // One archive is a set of one shard.
    let of_shards = "denoise shards --model median -o of-shards";
    done(folder.path(), of_shards);
    done(
        folder.path(),
        "denoise shards/shard-000002.tar --model median -o alone",
    );
    let [alone, of_shards] = ["alone", "of-shards"]
        .map(|name| fs::read(folder.path().join(name).join("shard-000002.tar")).unwrap());
    assert!(alone == of_shards);
}

#[test]
fn what_is_wrong_with_shards_is_said() {
    let folder = scratch();
    write_shards(folder.path());
    let path = folder.path();
    for (line, code, expected) in [
        (
            "encode {narrow} --data 'shards/shard-{000000..000009}.tar' -o codes",
            5,
            "shard-000005.tar",
        ),
        (
            "encode {narrow} --data 'shards/x*.tar' -o codes",
            5,
            "x*.tar",
        ),
        (
            "encode {narrow} --data shards -o codes.npy",
            2,
            "in a folder",
        ),
        ("compress shards -o results", 2, "name it"),
        (
            "anomaly {narrow} --data shards -o heat.png",
            2,
            "--csv names their folder",
        ),
    ] {
        let ended = ae(path, &FIXTURE.fill(line));
        assert_eq!(ended.code, code, "{ended:#?}");
        assert!(ended.lines("error:")[0].contains(expected), "{ended:#?}");
    }
    fs::create_dir(path.join("empty")).unwrap();
    assert_eq!(ae(path, "data shard empty -o made").code, 3);
    assert!(!path.join("made").exists());
    // A damaged shard fails by name; those before it stay.
    let shard = path.join("shards/shard-000003.tar");
    let content = fs::read(&shard).unwrap();
    fs::write(&shard, &content[..content.len() / 2]).unwrap();
    let ended = ae(
        path,
        &FIXTURE.fill("encode {narrow} --data shards -o codes --backend flex"),
    );
    assert_eq!(ended.code, 3, "{ended:#?}");
    let error = ended.lines("error:")[0];
    assert_eq!(error.matches("shard-000003.tar").count(), 1, "{error}");
    assert!(
        error.starts_with("error: cannot decode shards/shard-000003.tar: "),
        "{error}"
    );
    assert!(path.join("codes/shard-000002.npy").is_file());
    assert!(!path.join("codes/shard-000003.npy").exists());
}

/// A shard of gray pictures, and of what is none.
fn write_tar(path: &Path, members: &[(&str, Vec<u8>)]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut archive = tar::Builder::new(fs::File::create(path).expect("a file"));
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive
            .append_data(&mut header, name, &bytes[..])
            .expect("written");
    }
    archive.finish().expect("written");
}

fn png(image: impl Into<image::DynamicImage>) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .into()
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("encoded");
    bytes.into_inner()
}

fn gray(level: u8) -> Vec<u8> {
    png(image::GrayImage::from_pixel(28, 28, image::Luma([level])))
}

#[test]
fn results_of_other_images_are_no_results() {
    let folder = scratch();
    let path = folder.path();
    for (set, level) in [("one", 10), ("other", 200)] {
        let shard = path.join(set).join("shard-000000.tar");
        write_tar(&shard, &[("0.png", gray(level)), ("1.png", gray(level))]);
    }
    let encode = |source: &str| {
        let line = "encode {narrow} --data SOURCE -o codes --backend flex";
        ae(path, &FIXTURE.fill(&line.replace("SOURCE", source)))
    };
    assert_eq!(encode("'one/*.tar'").code, 0);
    let before = values(&path.join("codes/shard-000000.npy"));
    let refused = encode("'other/*.tar'");
    assert_eq!(refused.code, 5, "{refused:#?}");
    assert!(
        refused
            .stderr
            .contains("codes: holds a result of another shard-000000.tar"),
        "{refused:#?}"
    );
    assert_eq!(values(&path.join("codes/shard-000000.npy")), before);
    // More shards of the set may come; those that moved are the same.
    fs::rename(path.join("one"), path.join("moved")).expect("moved");
    write_tar(&path.join("moved/shard-000001.tar"), &[("2.png", gray(3))]);
    let more = encode("'moved/*.tar'");
    assert!(
        more.stdout.contains("1 of 2 shards written, 1 passed over"),
        "{more:#?}"
    );
}

#[test]
fn a_shard_gives_all_of_its_images_or_an_error() {
    let folder = scratch();
    let path = folder.path();
    let mut members: Vec<(String, Vec<u8>)> = (0..20)
        .map(|number| (format!("{number:02}.png"), gray(number * 9)))
        .collect();
    members[7].1.truncate(20);
    let members: Vec<(&str, Vec<u8>)> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone()))
        .collect();
    write_tar(&path.join("bad/a.tar"), &members);
    let ended = ae(
        path,
        &FIXTURE.fill("encode {narrow} --data 'bad/*.tar' -o codes --backend flex"),
    );
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended.stderr.contains("bad/a.tar") && ended.stderr.contains("07.png"),
        "{ended:#?}"
    );
    assert!(!path.join("codes/a.npy").exists());

    // The folder that it is unpacked into is nobody's business.
    let ended = ae(path, "denoise 'bad/*.tar' --model median -o clean");
    assert_eq!(ended.code, 3, "{ended:#?}");
    let error = ended.lines("error:")[0];
    assert!(error.contains("bad/a.tar: 07.png"), "{error}");
    assert!(!ended.stderr.contains("noisy"), "{ended:#?}");
}

#[test]
fn an_archive_s_files_come_back_with_its_pictures_denoised() {
    let folder = scratch();
    let path = folder.path();
    let mut speck = image::GrayImage::from_pixel(9, 9, image::Luma([90]));
    speck.put_pixel(4, 4, image::Luma([255]));
    let mut bitmap = b"P4\n8 8\n".to_vec();
    bitmap.extend([0, 0, 0, 0b0000_1000, 0, 0, 0, 0]);
    let members = [
        ("a/1.png", png(speck.clone())),
        ("a/1", b"beside".to_vec()),
        ("a/1.cls", b"0".to_vec()),
        ("2.pbm", bitmap.clone()),
        (".hidden.png", png(speck)),
    ];
    write_tar(&path.join("set.tar"), &members);
    let ended = done(path, "denoise set.tar --model median -o clean");
    assert_eq!(
        ended.lines("warning: "),
        ["warning: set.tar: kept as they are, no pictures: .hidden.png"],
        "{ended:#?}"
    );
    let mut archive = tar::Archive::new(fs::File::open(path.join("clean/set.tar")).unwrap());
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        found.push((name, bytes));
    }
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["a/1.png", "a/1", "a/1.cls", "2.pbm.pgm", ".hidden.png"]
    );
    let decoded = |index: usize| image::load_from_memory(&found[index].1).unwrap().to_luma8();
    assert!(decoded(0).pixels().all(|pixel| pixel.0 == [90]));
    assert!(decoded(3).pixels().all(|pixel| pixel.0 == [255]));
    for index in [1, 2, 4] {
        assert_eq!(found[index].1, members[index].1, "{}", found[index].0);
    }
    // Two files of one name would be one.
    write_tar(
        &path.join("twice.tar"),
        &[("1.png", gray(1)), ("1.png", gray(2))],
    );
    let ended = ae(path, "denoise twice.tar --model median -o clean");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended.stderr.contains("1.png: two files have this name"),
        "{ended:#?}"
    );
    // What cannot be unpacked, or has nothing to denoise, leaves nothing behind and is named as it is.
    write_tar(
        &path.join("empty.tar"),
        &[("note.txt", b"no picture".to_vec())],
    );
    let ended = ae(path, "denoise empty.tar --model median -o clean");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert_eq!(
        ended.lines("error: "),
        ["error: empty.tar: no pictures in it"],
        "{ended:#?}"
    );
    for name in ["twice", "empty"] {
        assert!(!path.join(format!("clean/.{name}")).exists(), "{name}");
    }
}

#[test]
fn deep_pictures_have_one_range_in_all_shards() {
    let folder = scratch();
    let path = folder.path();
    for (shard, level) in [("a", 900_u16), ("b", 60_000)] {
        let deep = image::ImageBuffer::<image::Luma<u16>, Vec<u16>>::from_pixel(
            28,
            28,
            image::Luma([level]),
        );
        let file = path.join("deep").join(shard).with_extension("tar");
        write_tar(&file, &[("0.png", png(deep))]);
    }
    let line = FIXTURE.fill("encode {narrow} --data 'deep/*.tar' -o codes --backend flex");
    let ended = ae(path, &line);
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended.stderr.contains("the same for all shards") && ended.stderr.contains("--range"),
        "{ended:#?}"
    );
    let ended = ae(path, &format!("{line} --range 0..65535"));
    assert_eq!(ended.code, 0, "{ended:#?}");
    let ended = ae(path, "data info 'deep/*.tar'");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended.stderr.contains("deep/b.tar") && ended.stderr.contains("--range LOW..HIGH"),
        "{ended:#?}"
    );
    done(path, "data info 'deep/*.tar' --range 0..65535");
}

#[test]
fn labels_are_in_all_shards_or_in_none() {
    let folder = scratch();
    let path = folder.path();
    let labeled = [("0.png", gray(1)), ("0.cls", b"0".to_vec())];
    write_tar(&path.join("mixed/a.tar"), &labeled);
    write_tar(&path.join("mixed/b.tar"), &labeled[..1]);
    let ended = ae(path, "data info 'mixed/*.tar'");
    assert_eq!(ended.code, 3, "{ended:#?}");
    let told = "mixed/b.tar: it has no .cls files beside its images, as shards before it have";
    assert!(ended.stderr.contains(told), "{ended:#?}");
}

#[test]
fn what_shards_lose_is_told_once() {
    let folder = scratch();
    let path = folder.path();
    let half = || {
        png(image::GrayAlphaImage::from_pixel(
            28,
            28,
            image::LumaA([9, 128]),
        ))
    };
    for shard in ["a", "b"] {
        let file = path.join("half").join(shard).with_extension("tar");
        write_tar(&file, &[("0.png", half()), ("notes.txt", b"x".to_vec())]);
    }
    let text = done(path, "data info 'half/*.tar'").stdout;
    assert_eq!(text.matches("alpha is not kept").count(), 1, "{text}");
    assert!(text.contains("2 .txt"), "{text}");
}

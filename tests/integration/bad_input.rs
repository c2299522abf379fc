//! What cannot work: one `error:` line that names the file and the reason, the documented exit code, nothing left behind.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::command::ae;
use crate::fixture::{FIXTURE, idx, scratch, write_set};
use crate::refusal::{check, check_all};

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// A PNG file without pixels that claims a size.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 0, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&chunk);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(chunk);
    bytes.extend(crc.sum().to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    bytes.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

#[test]
fn options_that_make_no_sense() {
    let folder = scratch();
    check_all(
        folder.path(),
        "
                                                          | 2 | ae: no command given
        tarin                                             | 2 | tarin: no such command
        data                                              | 2 | no command given
        train --epoch 1                                   | 2 | --epoch: unknown option
        train --epochs 0                                  | 2 | --epochs: '0': must be at least 1
        train --batch-size 0                              | 2 | --batch-size: '0': must be at least 1
        train --batch-size many                           | 2 | --batch-size: 'many'
        train --latent 0                                  | 2 | --latent: 0: must be at least 1
        train --widths 8,0                                | 2 | --widths: 0: must be at least 1
        train --learning-rate -1                          | 2 | --learning-rate: '-1': must be above 0
        train --learning-rate nan                         | 2 | --learning-rate
        train --noise fog:0.5                             | 2 | --noise: 'fog:0.5'
        train --noise gaussian:-0.5                       | 2 | --noise: 'gaussian:-0.5'
        train --noise gaussian:0.6..0.1                   | 2 | --noise ; upwards
        train --size 0                                    | 2 | --size: '0'
        train --fit squash                                | 2 | --fit: 'squash' is not one of crop, pad, stretch
        train --test-share 1                              | 2 | --test-share: '1': must be above 0 and below 1
        train --seed 99999999999999999999                 | 2 | --seed
        train --seed 18446744073709551615                 | 2 | seed ; at most
        train --model transformer                         | 2 | --model: 'transformer' is not one of conv, dense, vae, sparse, contractive, unet
        train --model vae --latent 0                      | 2 | --latent: 0: must be at least 1
        train --model vae --beta -1                       | 2 | --beta: -1: must be at least 0
        train --beta 2                                    | 2 | --beta: not for a model of kind conv
        train --model vae --loss mse                      | 2 | --loss: not for a model of kind vae
        train --model vae --likelihood poisson            | 2 | --likelihood: unknown likelihood `poisson`
        train --model sparse --sparsity l1:-1             | 2 | --sparsity ; -1: must be a finite number of at least 0
        train --model sparse --sparsity top-k:99          | 2 | sparsity: `top-k:99`: the code has only 32 numbers
        train --model vae --importance-samples 5 --beta 2 | 2 | importance_samples
        train --backend cuda                              | 2 | --backend: 'cuda': not one of auto, flex
        train --threads 0                                 | 2 | --threads: '0'
        train --loader-threads 100000                     | 2 | loader_threads ; at most 256
        train --resume x --out y                          | 2 | --resume: cannot be used with --out <DIR>
        train --resume x --seed 3                         | 2 | --seed: cannot be changed while resuming x
        denoise x.png                                     | 2 | --out <PATH>: required
        denoise -o x.png                                  | 2 | <PICTURE>...: required
        denoise a.png -o b.png --tile 0                   | 2 | --tile
        completions tcsh                                  | 2 | 'tcsh' is not one of
        train --widths 1000000000                         | 2 | widths
        ",
    );
}

#[test]
fn data_that_cannot_be_read() {
    let folder = scratch();
    let path = folder.path();
    let small = idx(&[2, 4, 4], &[7; 32]);
    let zipped = gzipped(&idx(&[200, 28, 28], &[9; 200 * 28 * 28]));
    let files: [(&str, Vec<u8>); 9] = [
        ("cut-idx3-ubyte.gz", zipped[..zipped.len() / 2].to_vec()),
        ("lies-idx3-ubyte", idx(&[1000, 28, 28], &[0; 784])),
        ("huge-idx3-ubyte", idx(&[u32::MAX, u32::MAX, u32::MAX], &[])),
        ("empty.png", Vec::new()),
        ("wide.png", png_header(60_000, 60_000)),
        ("broken.jpg", b"\xff\xd8\xff\xe0 and no more".to_vec()),
        ("notes.txt", b"not an image".to_vec()),
        ("one-idx3-ubyte", idx(&[1, 4, 4], &[7; 16])),
        ("small-idx3-ubyte", small),
    ];
    for (name, bytes) in files {
        fs::write(path.join(name), bytes).expect("written");
    }
    fs::create_dir(path.join("nothing")).expect("made");
    let train = |data: &str| format!("train --epochs 1 --backend flex --out run --data {data}");
    for (data, code, parts) in [
        (
            "nowhere/images.gz",
            5,
            &["nowhere/images.gz", "no such file"][..],
        ),
        ("lettres", 2, &["lettres", "neither a known name"]),
        ("cut-idx3-ubyte.gz", 3, &["cut-idx3-ubyte.gz"]),
        ("lies-idx3-ubyte", 3, &["lies-idx3-ubyte"]),
        ("huge-idx3-ubyte", 3, &["huge-idx3-ubyte"]),
        ("empty.png", 3, &["empty.png"]),
        ("wide.png", 3, &["wide.png", "too large", "60000x60000"]),
        ("broken.jpg", 3, &["broken.jpg"]),
        ("notes.txt", 3, &["notes.txt", "neither an IDX file"]),
        ("nothing", 3, &["no images in nothing"]),
        ("one-idx3-ubyte", 3, &["one", "need at least 3"]),
        ("notmnist-large", 5, &["notmnist-large is not in"]),
    ] {
        check(path, (&train(data), code, parts));
        if code != 2 && data != "one-idx3-ubyte" {
            check(path, (&format!("data info {data}"), code, parts));
        }
    }
    check_all(
        path,
        "
        encode {plain} --data wide.png -o c.npy       | 3 | wide.png ; too large
        eval {plain} --data small-idx3-ubyte --size 5 | 3 | 5x5x1 ; takes 28x28x1
        denoise broken.jpg -o x.png --model {plain}   | 3 | broken.jpg
        denoise wide.png -o x.png --model {plain}     | 3 | wide.png ; too large
        denoise gone.png -o x.png --model {plain}     | 5 | gone.png ; no such file
        denoise nothing -o x --model {plain}          | 3 | nothing: no pictures
        data glyphs --fonts gone -o out               | 5 | gone
        data glyphs --fonts nothing -o out            | 3 | nothing
        ",
    );
}

#[test]
fn models_that_are_none() {
    let folder = scratch();
    let path = folder.path();
    let plain = fs::read(FIXTURE.path().join("plain/model.safetensors")).expect("there");
    let foreign = {
        let header = br#"{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend([0; 4]);
        bytes
    };
    let files: [(&str, Vec<u8>); 6] = [
        ("text.safetensors", b"this is not a model at all".to_vec()),
        (
            "pickle.pt",
            b"\x80\x02}q\x00X\x05\x00\x00\x00statesomething longer".to_vec(),
        ),
        ("empty.safetensors", Vec::new()),
        ("cut.safetensors", plain[..plain.len() - 10].to_vec()),
        ("claims.safetensors", u64::MAX.to_le_bytes().to_vec()),
        ("foreign.safetensors", foreign),
    ];
    for (name, bytes) in &files {
        fs::write(path.join(name), bytes).expect("written");
    }
    fs::create_dir(path.join("no-run")).expect("made");
    fs::write(path.join("x.png"), png_header(10, 10)).expect("written");
    for (name, _) in &files {
        check(path, (&format!("info {name}"), 4, &[name]));
        check(path, (&format!("eval {name} --data x.png"), 4, &[name]));
        check(
            path,
            (
                &format!("denoise x.png -o y.png --model {name}"),
                4,
                &[name],
            ),
        );
    }
    check_all(
        path,
        "
        info                                    | 4 | no trained model under runs/
        denoise x.png -o y.png                  | 3 | x.png
        info gone                               | 5 | gone ; no such file
        info no-run                             | 4 | no-run ; no model.safetensors
        info x --model y                        | 2 | cannot be used with
        train --resume gone                     | 5 | gone
        train --resume no-run                   | 4 | no-run
        show text.safetensors --losses -o l.png | 2 | text.safetensors
        ",
    );
    if let Some(line) = check(path, ("info gone", 5, &[])).lines("hint:").first() {
        assert!(line.contains("ae train"), "{line}");
    }
}

#[test]
fn results_that_have_no_place() {
    let folder = scratch();
    let path = folder.path();
    fs::create_dir_all(path.join("a-folder")).expect("made");
    fs::write(path.join("a-file"), "mine").expect("written");
    fs::write(path.join("there.npy"), "mine").expect("written");
    fs::create_dir_all(path.join("thesis")).expect("made");
    fs::write(path.join("thesis/chapter.tex"), "mine").expect("written");
    check_all(
        path,
        "
        train --epochs 1 --backend flex --limit 4 --out thesis --data {drawings} | 5 | thesis is not empty and holds no run
        train --epochs 1 --backend flex --limit 4 --out a-file --data {drawings} | 5 | a-file
        encode {plain} --data {drawings} -o there.npy              | 5 | there.npy: exists already
        encode {plain} --data {drawings} -o a-folder               | 2 | a-folder: a folder
        encode {plain} --data {drawings} -o gone/c.npy             | 5 | gone/c.npy: its folder does not exist
        show {plain} --data {drawings} -o gone/x.png               | 5 | gone/x.png
        reconstruct {plain} --data {drawings} -o one.png           | 2 | one.png ; one file for 32 pictures
        reconstruct {plain} --data {drawings} -o a-file            | 2 | a-file: a file
        data show {drawings} -o a-folder                           | 2 | a-folder: a folder
        decode a-folder -o out                                     | 3 | a-folder
        decode a-file -o out --model {plain}                       | 3 | a-file: not an .npy file
        decode gone.npy -o out --model {plain}                     | 5 | gone.npy
        ",
    );
    assert_eq!(fs::read(path.join("there.npy")).expect("there"), b"mine");
}

#[test]
fn configurations_that_cannot_be_run() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 8, 4);
    let table: [(&str, &[&str]); 7] = [
        ("[data]\nsource = \"x\"\n", &["missing field `model`"]),
        (
            "[data]\n[model]\nkind = \"conv\"\n[train]\nepoch = 3\n",
            &["line 5", "unknown field `epoch`"],
        ),
        (
            "[data]\n[model]\nkind = \"conv\"\n[train]\nbatch_size = 0\n",
            &["batch_size = 0: must be at least 1"],
        ),
        (
            "[data]\n[model]\nkind = \"conv\"\n[train]\nnoise = \"fog:1\"\n",
            &["line 5", "fog"],
        ),
        (
            "[data]\n[model]\nkind = \"transformer\"\n",
            &["transformer"],
        ),
        (
            "[data]\nsource = \"drawings\"\n[model]\nkind = \"conv\"\nwidths = []\n",
            &["widths"],
        ),
        ("this is no configuration", &["line 1"]),
    ];
    for (number, (text, parts)) in table.iter().enumerate() {
        let name = format!("{number}.toml");
        fs::write(path.join(&name), text).expect("written");
        check(
            path,
            (
                &format!("train --config {name} --backend flex --out run"),
                2,
                parts,
            ),
        );
    }
    check(
        path,
        (
            "train --config gone.toml",
            2,
            &["gone.toml", "no such file"],
        ),
    );
    check(path, ("train --config .", 2, &[".", "cannot read"]));
}

#[cfg(unix)]
#[test]
fn names_cannot_play_tricks_on_the_terminal() {
    let folder = scratch();
    let name = "evil\u{1b}[31m\nerror: injected.png";
    let ended = ae(folder.path(), &["data", "info", name]);
    assert_eq!(ended.lines("error:").len(), 1, "{ended:#?}");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:#?}");
}

//! Models out to other programs, and weights back.

use std::fs;

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch};
use crate::refusal::{check, check_all};

#[test]
fn a_run_goes_out_to_pytorch_and_back_and_is_the_same_model() {
    let folder = scratch();
    let path = folder.path();
    for run in ["plain", "narrow"] {
        let line = format!("export {{{run}}} --to pytorch -o {run}-out --json");
        let json = done(path, &FIXTURE.fill(&line)).json();
        assert_eq!(json["format"], "pytorch");
        let text = fs::read_to_string(path.join(format!("{run}-out/model.py"))).expect("written");
        assert!(text.contains("strict=True"), "{text}");
        let line = format!(
            "import {run}-out/model.safetensors --config {run}-out/model.toml -o {run}-in --json"
        );
        assert_eq!(done(path, &line).json()["kind"], "conv");
        // Its own set is known, too, and the same images give the same figures.
        let figures = |model: &str| {
            let line = FIXTURE.fill(&format!("eval {model} --backend flex --json"));
            done(path, &line).json()["model"]["mse"].clone()
        };
        assert_eq!(
            figures(&format!("{run}-in")),
            figures(&format!("{{{run}}}"))
        );
        let info = done(path, &format!("info {run}-in --json")).json();
        assert_eq!(info["kind"], "conv");
        done(
            path,
            &format!("encode {run}-in -o codes.npy --force --backend flex"),
        );
        done(
            path,
            &format!("reconstruct {run}-in -o {run}-images --limit 3 --backend flex"),
        );
    }
    // An imported model is not written over by the way, and a trained run never.
    let import = "import plain-out/model.safetensors --config plain-out/model.toml";
    let ended = ae(path, &format!("{import} -o plain-in"));
    assert_eq!(ended.code, 5, "{ended:#?}");
    done(path, &format!("{import} -o plain-in --force"));
    let run = FIXTURE.argument("plain");
    let ended = ae(path, &format!("{import} -o {run} --force"));
    assert!(
        ended.stderr.contains("a run that was trained here"),
        "{ended:#?}"
    );
}

#[test]
fn weights_that_nothing_else_is_known_of_open_as_a_run() {
    let folder = scratch();
    let path = folder.path();
    done(path, &FIXTURE.fill("export {denoiser} --to pytorch -o out"));
    let configuration = "\
input_shape = [1, 28, 28]
noise = \"gaussian:0.3\"

[model]
kind = \"conv\"
widths = [8, 16, 16]
";
    fs::write(path.join("by-hand.toml"), configuration).expect("written");
    done(
        path,
        "import out/model.safetensors --config by-hand.toml -o run",
    );
    let drawings = FIXTURE.argument("drawings");
    let mse = |line: &str| {
        let json = done(path, line).json();
        json["model"]["mse"].as_f64().expect("a number")
    };
    let more = format!("--data {drawings} --part test --backend flex --json");
    let again = mse(&format!("eval run {more}"));
    let first = mse(&FIXTURE.fill(&format!("eval {{denoiser}} {more}")));
    // The images come in another order where the set is not known to be its own.
    assert!((again - first).abs() < 1e-6 * first, "{again} {first}");
    image::GrayImage::from_fn(40, 33, |x, y| image::Luma([(x * 5 + y) as u8]))
        .save(path.join("in.png"))
        .expect("written");
    done(path, "denoise in.png -o out.png --model run --backend flex");
    assert_eq!(
        done(path, "info run --json").json()["noise"],
        "gaussian:0.3"
    );
    done(path, "export run -o again.onnx");
    // Without a set, nothing says which images were its own.
    check(path, ("eval run --backend flex", 2, &["run"]));
}

#[test]
fn a_file_of_onnx_says_what_goes_in_and_out() {
    let folder = scratch();
    let path = folder.path();
    let shapes = |line: &str| {
        let json = done(path, &FIXTURE.fill(line)).json();
        let shape = |value: &serde_json::Value| {
            let sides = value["shape"].as_array().expect("sides");
            let sides: Vec<&str> = sides
                .iter()
                .map(|side| side.as_str().expect("text"))
                .collect();
            format!(
                "{} {}",
                value["name"].as_str().expect("a name"),
                sides.join("x")
            )
        };
        let outputs = json["outputs"].as_array().expect("outputs");
        let outputs: Vec<String> = outputs.iter().map(shape).collect();
        format!("{} > {}", shape(&json["input"]), outputs.join(", "))
    };
    for (line, expected) in [
        (
            "export {plain} -o a.onnx --json",
            "image batchx1xheightxwidth > reconstruction batchx1xheightxwidth, code batchx32xcode_heightxcode_width",
        ),
        (
            "export {narrow} -o b.onnx --json",
            "image batchx1x28x28 > reconstruction batchx1x28x28, code batchx12",
        ),
        (
            "export {narrow} -o c.onnx --half encoder --json",
            "image batchx1x28x28 > code batchx12",
        ),
        (
            "export {plain} -o d.ONNX --half decoder --json",
            "code batchx32x7x7 > reconstruction batchx1x28x28",
        ),
        (
            "export photo -o e.onnx --json",
            "image batchx1xheightxwidth > reconstruction batchx1xheightxwidth",
        ),
    ] {
        assert_eq!(shapes(line), expected, "{line}");
    }
    // The same model gives the same bytes, into a file or a device.
    done(path, &FIXTURE.fill("export {plain} -o again.onnx"));
    let read = |name: &str| fs::read(path.join(name)).expect("there");
    assert!(read("a.onnx") == read("again.onnx"));
    done(path, &FIXTURE.fill("export {plain} -o /dev/null"));
    let text = done(path, &FIXTURE.fill("export {plain} -o a.onnx --force")).stdout;
    assert!(text.contains("ONNX of opset 17"), "{text}");
}

#[test]
fn what_cannot_be_exported_or_imported_is_refused() {
    let folder = scratch();
    let path = folder.path();
    let file = |name: &str, content: &[u8]| fs::write(path.join(name), content).expect("written");
    file(
        "model.toml",
        b"input_shape = [1, 28, 28]\n[model]\nkind = \"conv\"\nwidths = [8, 16, 32]\n",
    );
    file(
        "other.toml",
        b"input_shape = [1, 28, 28]\n[model]\nkind = \"dense\"\n",
    );
    file("run.toml", b"[model]\nkind = \"conv\"\n");
    file(
        "noise.toml",
        b"input_shape = [1, 28, 28]\nnoise = \"fog:1\"\n[model]\nkind = \"conv\"\n",
    );
    file(
        "data.toml",
        b"input_shape = [1, 28, 28]\n[model]\nkind = \"conv\"\n[data]\nfit = 3\n",
    );
    file("there.onnx", b"mine");
    file("text.pt", b"these are no weights");
    file("empty.safetensors", b"");
    file(
        "code.pt",
        b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.",
    );
    file("model.aepixel", b"\x89AEPIXEL");
    fs::create_dir_all(path.join("pixel")).expect("made");
    file("pixel/model.aepixel", b"\x89AEPIXEL");
    done(
        path,
        "train --model unet --widths 4,4 --data glyphs --limit 16 --epochs 1 --out unet --backend flex --quiet",
    );
    check_all(
        path,
        "
        export gone -o a.onnx | 5 | gone ; no such file
        export {plain} -o a.pt | 2 | --out a.pt ; named .onnx
        export {plain} -o a | 2 | --out a ; named .onnx
        export {plain} -o there.onnx | 5 | there.onnx ; exists already
        export {plain} -o gone/a.onnx | 5 | gone/a.onnx ; folder does not exist
        export {plain} -o a.onnx --half middle | 2 | --half ; 'middle' is not one of encoder, decoder, both
        export {plain} -o a --to pytorch --half encoder | 2 | --half ; --to pytorch
        export {plain} -o a.pt --to pytorch | 2 | a.pt ; a folder
        export {plain} -o there.onnx --to pytorch | 2 | there.onnx ; a folder
        export {plain} -o {plain} --to pytorch --force | 5 | plain ; a run that was trained here
        export {plain} -o a.onnx --to keras | 2 | --to ; onnx, pytorch
        export unet -o a.onnx --half encoder | 2 | a model of kind unet has no codes, and so no encoder
        export pixel -o a.onnx | 2 | pixel ; kind pixel cannot be exported
        export glyphs -o a.onnx | 2 | glyphs ; kind pixel cannot be exported
        export model.aepixel -o a.onnx | 2 | model.aepixel ; kind pixel cannot be exported
        export text.pt -o a.onnx | 4 | text.pt
        import gone.pt --config model.toml -o run | 5 | gone.pt ; o such file
        import {plain}/model.safetensors --config gone.toml -o run | 5 | gone.toml ; o such file
        import {plain}/model.safetensors --config run.toml -o run | 2 | run.toml ; missing field `input_shape`
        import {plain}/model.safetensors --config noise.toml -o run | 2 | noise.toml ; noise ; fog
        import {plain}/model.safetensors --config data.toml -o run | 2 | data.toml ; [data]
        import {plain}/model.safetensors --config other.toml -o run | 4 | encoder.0.weight has shape [8, 1, 3, 3], the model needs [128, 784] ; and 5 more shapes
        import {narrow}/model.safetensors --config model.toml -o run | 4 | unexpected: from_code.bias ; [16, 16, 3, 3]
        import {plain}/model.safetensors --config model.toml -o there.onnx | 2 | there.onnx ; a file
        import text.pt --config model.toml -o run | 4 | text.pt ; neither safetensors nor what torch.save writes
        import code.pt --config model.toml -o run | 4 | code.pt ; neither safetensors nor
        import empty.safetensors --config model.toml -o run | 4 | empty.safetensors ; an empty file
        import pixel --config model.toml -o run | 4 | pixel ; not a file
        ",
    );
    let ended = ae(path, "import text.pt --config model.toml -o run");
    assert!(ended.stderr.contains("weights_only=True"), "{ended:#?}");
}

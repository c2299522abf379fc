//! Model files that are none, or another one's.

use std::fs;

use super::bench::Bench;
use super::bytes::safetensors;
use super::case::Case;
use super::trouble::{Trouble, broken};

const FAMILY: &str = "model files";
const FILE: &str = "x.safetensors";

/// The good model's header and numbers, for the change that a case makes.
struct Parts {
    header: serde_json::Value,
    data: Vec<u8>,
}

impl Parts {
    fn read(bench: &Bench<'_>) -> Result<Self, Trouble> {
        let path = std::path::Path::new(&bench.run()).join("model.safetensors");
        let bytes = fs::read(&path).map_err(broken(&path))?;
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap_or_default()) as usize;
        let header = serde_json::from_slice(&bytes[8..8 + length])
            .map_err(|error| Trouble::Failed(format!("harness: {error}")))?;
        Ok(Self {
            header,
            data: bytes[8 + length..].to_vec(),
        })
    }

    fn bytes(&self) -> Vec<u8> {
        safetensors(&self.header.to_string(), &self.data)
    }

    /// The name of the tensor whose bytes come first.
    fn first(&self) -> String {
        let tensors = self.header.as_object().into_iter().flatten();
        let mut named: Vec<_> = tensors
            .filter(|(name, _)| *name != "__metadata__")
            .map(|(name, tensor)| (tensor["data_offsets"][0].as_u64(), name.clone()))
            .collect();
        named.sort();
        named
            .first()
            .map(|(_, name)| name.clone())
            .unwrap_or_default()
    }
}

/// A model file made of the good one, which every command refuses with exit code 4.
fn refused(
    name: &'static str,
    part: &'static str,
    make: impl Fn(Parts) -> Vec<u8> + 'static,
) -> Case {
    Case::new(FAMILY, name, move |bench| {
        bench.write(FILE, &make(Parts::read(bench)?))?;
        let photo = bench.photo();
        let commands: [&[&str]; 3] = [
            &["denoise", &photo, "-o", "out.png", "--model", FILE],
            &["encode", FILE, "--data", &photo, "-o", "codes.npy"],
            &["eval", FILE, "--data", &photo],
        ];
        for arguments in commands {
            let command = bench
                .ae(arguments)
                .args(["--backend", "flex"])
                .address_space(1024);
            bench.refuses(command, 4, &[FILE, part])?;
        }
        bench.write(FILE, &Parts::read(bench)?.bytes())?;
        let good = ["denoise", &photo, "-o", "out.png", "--model", FILE];
        Ok(bench
            .ae(good)
            .args(["--backend", "flex"])
            .run()
            .check_done()?)
    })
}

/// Changes the good header's JSON.
fn changed(name: &'static str, part: &'static str, change: impl Fn(&mut Parts) + 'static) -> Case {
    refused(name, part, move |mut parts| {
        change(&mut parts);
        parts.bytes()
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = headers();
    cases.extend(tensors());
    cases.extend(cards());
    cases.push(Case::telling(FAMILY, "cut at 32 places", |bench| {
        let whole = Parts::read(bench)?.bytes();
        for part in 0..32 {
            bench.write(FILE, &whole[..part * whole.len() / 32])?;
            let info = bench.ae(["info", FILE]).address_space(1024);
            bench.refuses(info, 4, &[FILE])?;
        }
        Ok("32 refused".to_owned())
    }));
    cases.push(
        Case::telling(
            FAMILY,
            "a bit flipped at every byte of the header",
            |bench| {
                // A flipped bit may give another sound header (a name's letter in the card), but never a panic or an abort.
                let whole = Parts::read(bench)?.bytes();
                let end =
                    8 + u64::from_le_bytes(whole[..8].try_into().unwrap_or_default()) as usize;
                let (mut refused, mut taken) = (0, 0);
                for place in 0..end {
                    let mut bytes = whole.clone();
                    bytes[place] ^= 1 << (place % 8);
                    bench.write(FILE, &bytes)?;
                    let ended = bench.ae(["info", FILE]).address_space(1024).run();
                    match ended.code {
                        Some(0) => {
                            ended.check_done()?;
                            taken += 1;
                        }
                        _ => {
                            ended.check_error(4, &[FILE])?;
                            refused += 1;
                        }
                    }
                }
                Ok(format!("{refused} refused, {taken} harmless"))
            },
        )
        .slow(),
    );
    cases
}

fn headers() -> Vec<Case> {
    vec![
        refused("an empty file", FILE, |_| Vec::new()),
        refused("text", FILE, |_| b"no model, and no header either".to_vec()),
        refused("a pickle, as PyTorch saves", FILE, |_| {
            b"\x80\x02}q\x00X\x05\x00\x00\x00stateq\x01cposix\nsystem\nq\x02.".to_vec()
        }),
        refused("a ZIP archive, as PyTorch saves", FILE, |_| {
            [&b"PK\x03\x04\x00\x00\x08\x08"[..], &[0; 64]].concat()
        }),
        refused("a header longer than the file", "header", |parts| {
            let mut bytes = parts.bytes();
            bytes[..8].copy_from_slice(&500_000_u64.to_le_bytes());
            bytes
        }),
        refused("a header of 2^64 bytes", "header", |parts| {
            let mut bytes = parts.bytes();
            bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
            bytes
        }),
        refused("a header that is no JSON", "header", |parts| {
            safetensors("{\"a\": [1, 2", &parts.data)
        }),
        refused("a header nested without end", "header", |parts| {
            safetensors(&"[".repeat(100_000), &parts.data)
        }),
        refused("a header without a card", FILE, |_| {
            safetensors(
                r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                &[0; 4],
            )
        }),
        refused("bytes after the end", "file", |parts| {
            [parts.bytes(), vec![0; 16]].concat()
        }),
    ]
}

fn tensors() -> Vec<Case> {
    vec![
        changed("tensors that overlap", FILE, |parts| {
            let first = parts.first();
            let offsets = &mut parts.header[&first]["data_offsets"];
            *offsets = serde_json::json!([4, offsets[1]]);
        }),
        changed("a tensor beyond the end", FILE, |parts| {
            let first = parts.first();
            parts.header[&first]["data_offsets"] = serde_json::json!([0, 1_u64 << 40]);
        }),
        changed("a shape whose product overflows", FILE, |parts| {
            let first = parts.first();
            parts.header[&first]["shape"] = serde_json::json!([u64::MAX, u64::MAX, 2, 2]);
        }),
        changed("a shape of negative numbers", "header", |parts| {
            let first = parts.first();
            parts.header[&first]["shape"] = serde_json::json!([-1]);
        }),
        refused("a name that comes twice", "twice", |parts| {
            let first = parts.first();
            let again = format!("{{\"{first}\":{},", parts.header[&first]);
            let text = parts.header.to_string().replacen('{', &again, 1);
            safetensors(&text, &parts.data)
        }),
        changed("a tensor missing", FILE, |parts| {
            let first = parts.first();
            let bytes = parts.header[&first]["data_offsets"][1]
                .as_u64()
                .unwrap_or(0);
            let header = parts.header.as_object_mut();
            if let Some(header) = header {
                header.remove(&first);
                for (_, tensor) in header
                    .iter_mut()
                    .filter(|(name, _)| *name != "__metadata__")
                {
                    for side in 0..2 {
                        let offset = tensor["data_offsets"][side].as_u64().unwrap_or(0);
                        tensor["data_offsets"][side] = (offset - bytes).into();
                    }
                }
            }
            parts.data.drain(..bytes as usize);
        }),
        changed("a tensor too many", "extra", |parts| {
            let end = parts.data.len();
            parts.header["extra"] =
                serde_json::json!({"dtype": "F32", "shape": [2], "data_offsets": [end, end + 8]});
            parts.data.extend([0; 8]);
        }),
        changed("another type of number", "F32", |parts| {
            let first = parts.first();
            parts.header[&first]["dtype"] = "I32".into();
        }),
        changed("half as precise numbers", FILE, |parts| {
            let first = parts.first();
            parts.header[&first]["dtype"] = "F16".into();
        }),
        changed("a NaN among the weights", "NaN", |parts| {
            parts.data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        }),
        changed("an infinity among the weights", "inf", |parts| {
            parts.data[8..12].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
        }),
    ]
}

fn cards() -> Vec<Case> {
    let card = |name: &'static str, part: &'static str, key: &'static str, value: &'static str| {
        changed(name, part, move |parts| {
            parts.header["__metadata__"][key] = value.into();
        })
    };
    vec![
        card("a later format", "format_version", "format_version", "3"),
        card(
            "an architecture that is not known",
            FILE,
            "model",
            r#"{"kind":"transformer"}"#,
        ),
        card("a card that is no JSON", "model", "model", "{conv"),
        card(
            "another architecture",
            FILE,
            "model",
            r#"{"kind":"dense","widths":[4],"latent":2}"#,
        ),
        card(
            "other widths than the tensors'",
            FILE,
            "model",
            r#"{"kind":"conv","widths":[8,8]}"#,
        ),
        card(
            "widths beyond any memory",
            FILE,
            "model",
            r#"{"kind":"conv","widths":[1000000000,1000000000]}"#,
        ),
        card(
            "images of no pixels",
            "input_shape",
            "input_shape",
            "[1,0,8]",
        ),
        card(
            "images of more pixels than there are",
            FILE,
            "input_shape",
            "[1,4000000000,4000000000]",
        ),
        Case::new(FAMILY, "a noise that is not known", |bench| {
            let mut parts = Parts::read(bench)?;
            parts.header["__metadata__"]["noise"] = "fog:0.5".into();
            bench.write(FILE, &parts.bytes())?;
            let eval = bench.ae(["eval", FILE, "--data", &bench.set(), "--backend", "flex"]);
            bench.refuses(eval, 4, &[FILE, "fog"])
        }),
        Case::new(FAMILY, "a directory, a device and nothing", |bench| {
            bench.write("run/notes.txt", b"no run")?;
            let codes = ["-o", "codes.npy", "--backend", "flex"];
            let folder = bench.ae(["encode", "run"]).args(codes);
            bench.refuses(folder, 4, &["run", "no model.safetensors"])?;
            let device = bench.ae(["encode", "/dev/zero"]).args(codes);
            bench.refuses(device, 4, &["/dev/zero", "not a file"])?;
            let nothing = bench.ae(["encode", "gone.safetensors"]).args(codes);
            bench.refuses(nothing, 5, &["gone.safetensors", "no such file"])
        }),
        Case::new(FAMILY, "the newest run where there is none", |bench| {
            bench.refuses(bench.ae(["info"]), 4, &["no trained model"])
        }),
    ]
}

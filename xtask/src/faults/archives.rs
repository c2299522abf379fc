//! Archives and IDX files that are not what they say.

use super::bench::{Bench, SIDE, TRAIN_IMAGES};
use super::bytes::{self, TarEntry, gzip, gzip_zeros, idx, idx_images, tar};
use super::{Case, Trouble};

const FAMILY: &str = "archives";
/// Address space for what must not unpack: far below what it claims to hold.
const LITTLE_MEMORY_MEBIBYTES: u64 = 1024;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = whole_files();
    cases.extend(truncations());
    cases.extend(label_cases());
    cases.extend(tar_cases());
    cases
}

/// A file that is refused by its name with a reason, and a good one of the same name that is taken.
fn refused(
    name: &'static str,
    file: &'static str,
    code: i32,
    reason: &'static str,
    content: impl Fn() -> Vec<u8> + 'static,
) -> Case {
    Case::new(FAMILY, name, move |bench| {
        bench.write(file, &content())?;
        check_refused(bench, file, code, reason)?;
        let good = match file.contains("tar") {
            true => gzip(&bytes::good_tar()),
            false => idx_images(12),
        };
        bench.write(file, &good)?;
        Ok(bench.ae(["data", "info", file]).run().check_done()?)
    })
}

fn check_refused(bench: &Bench<'_>, file: &str, code: i32, reason: &str) -> Result<(), Trouble> {
    let looking = bench
        .ae(["data", "show", file, "-o", "picture.png"])
        .address_space(LITTLE_MEMORY_MEBIBYTES);
    bench.refuses(looking, code, &[file, reason])?;
    let training = bench.ae([
        "train",
        "--epochs",
        "1",
        "--out",
        "new",
        "--backend",
        "flex",
    ]);
    let training = training
        .args(["--data", file])
        .address_space(LITTLE_MEMORY_MEBIBYTES);
    bench.refuses(training, code, &[file, reason])
}

fn whole_files() -> Vec<Case> {
    const PLAIN: &str = "x-idx3-ubyte";
    const ZIPPED: &str = "x-idx3-ubyte.gz";
    let dimensions = |count: u8, each: u32| {
        let mut bytes = vec![0, 0, 8, count];
        bytes.extend((0..count).flat_map(|_| each.to_be_bytes()));
        bytes
    };
    vec![
        refused("idx: an empty file", PLAIN, 3, "neither", Vec::new),
        refused("idx: wrong magic", PLAIN, 3, "neither", || {
            let mut bytes = idx_images(12);
            bytes[0] = 7;
            bytes
        }),
        refused(
            "idx: elements of 32-bit floats",
            PLAIN,
            3,
            "type 0x0d",
            || {
                let mut bytes = idx_images(12);
                bytes[2] = 0x0D;
                bytes
            },
        ),
        refused("idx: no dimensions", PLAIN, 3, "neither", || {
            vec![0, 0, 8, 0, 1, 2, 3]
        }),
        refused("idx: 255 dimensions", PLAIN, 3, "neither", move || {
            dimensions(255, 1)
        }),
        refused(
            "idx: 255 dimensions, gzipped",
            ZIPPED,
            3,
            "neither",
            move || gzip(&dimensions(255, 1)),
        ),
        refused(
            "idx: a product of dimensions that overflows",
            PLAIN,
            3,
            "absurd",
            move || dimensions(3, u32::MAX),
        ),
        refused("idx: the same, gzipped", ZIPPED, 3, "absurd", move || {
            gzip(&dimensions(3, u32::MAX))
        }),
        refused("idx: no images", PLAIN, 3, "no images", || {
            idx(&[0, SIDE, SIDE], &[])
        }),
        refused("idx: images without pixels", PLAIN, 3, "promises", || {
            idx(&[12, 0, SIDE], &[])
        }),
        refused(
            "idx: more promised than there",
            PLAIN,
            3,
            "promises",
            || idx(&[1_000_000, SIDE, SIDE], &[9; 64]),
        ),
        refused(
            "idx: more there than promised",
            PLAIN,
            3,
            "promises",
            || {
                let mut bytes = idx_images(12);
                bytes.extend([1; 10]);
                bytes
            },
        ),
        refused(
            "idx: labels where images belong",
            PLAIN,
            3,
            "labels",
            || idx(&[3], &[0, 1, 2]),
        ),
        refused("idx: seven channels", PLAIN, 3, "channels", || {
            idx(&[1, 7, 2, 2], &[5; 28])
        }),
        refused(
            "gzip: a wrong checksum with all bytes there",
            ZIPPED,
            3,
            ZIPPED,
            || {
                let mut bytes = gzip(&idx_images(12));
                let sum = bytes.len() - 8;
                bytes[sum] ^= 1;
                bytes
            },
        ),
        refused(
            "gzip: a wrong length with all bytes there",
            ZIPPED,
            3,
            ZIPPED,
            || {
                let mut bytes = gzip(&idx_images(12));
                let length = bytes.len() - 4;
                bytes[length] ^= 1;
                bytes
            },
        ),
        refused("gzip: garbage after the end", ZIPPED, 3, ZIPPED, || {
            let mut bytes = gzip(&idx_images(12));
            bytes.extend(b"and some more");
            bytes
        }),
        refused(
            "gzip: a second member with more images",
            ZIPPED,
            3,
            "more than",
            || [gzip(&idx_images(12)), gzip(&[1, 2, 3])].concat(),
        ),
        refused(
            "gzip: neither IDX nor tar inside",
            ZIPPED,
            3,
            "neither",
            || gzip(b"just text, and not even a long one"),
        ),
        refused("gzip: a gzip in a gzip", ZIPPED, 3, "neither", || {
            gzip(&gzip(&idx_images(12)))
        }),
        refused(
            "bomb: a gigabyte after a small IDX",
            ZIPPED,
            3,
            "more than",
            || gzip_zeros(&idx(&[12, SIDE, SIDE], &[]), 1024),
        ),
        refused(
            "bomb: an IDX of three gigabytes",
            ZIPPED,
            3,
            "too large",
            || {
                // As many zeros as could hold it: what is there does not rule the promise out.
                gzip_zeros(&idx(&[3 << 20, 32, 32], &[]), 64)
                    .into_iter()
                    .chain(vec![0; 4 << 20])
                    .collect()
            },
        ),
        refused(
            "bomb: a promise that no gzip can keep",
            ZIPPED,
            3,
            "can hold",
            || gzip(&idx(&[1 << 20, 32, 32], &[])),
        ),
        refused(
            "bomb: an entry of a gigabyte in a tar",
            "x.tar.gz",
            3,
            "too large",
            || {
                let name = "set/a/0.png";
                let huge = TarEntry {
                    size: Some(1 << 30),
                    ..TarEntry::file(name, &[])
                };
                let mut start = tar(&[huge]);
                start.truncate(512);
                gzip_zeros(&start, 1024)
            },
        ),
        Case::new(FAMILY, "gzip: several members are one file", |bench| {
            let bytes = idx_images(12);
            let (first, second) = bytes.split_at(100);
            bench.write("x-idx3-ubyte.gz", &[gzip(first), gzip(second)].concat())?;
            let ended = bench
                .ae(["data", "info", "x-idx3-ubyte.gz", "--json"])
                .run();
            ended.check_done()?;
            match ended.stdout.contains("12") {
                true => Ok(()),
                false => Err(Trouble::Failed(ended.stdout)),
            }
        }),
    ]
}

/// Cuts at every boundary of a structure: an error that names the file, never a shorter set.
fn truncations() -> Vec<Case> {
    let sweep = |name: &'static str,
                 file: &'static str,
                 bytes: fn() -> Vec<u8>,
                 cuts: fn(usize) -> Vec<usize>| {
        Case::telling(FAMILY, name, move |bench| {
            let whole = bytes();
            let cuts = cuts(whole.len());
            for &cut in &cuts {
                bench.write(file, &whole[..cut])?;
                let looking = bench.ae(["data", "show", file, "-o", "picture.png"]);
                bench
                    .refuses(looking, 3, &[file])
                    .map_err(|trouble| at(trouble, &format!("cut to {cut} bytes")))?;
            }
            bench.write(file, &whole)?;
            bench.ae(["data", "info", file]).run().check_done()?;
            Ok(format!("{} cuts", cuts.len()))
        })
    };
    vec![
        sweep(
            "idx: cut in and after every header field",
            "x-idx3-ubyte",
            || idx_images(12),
            |length| {
                let mut cuts: Vec<usize> = (0..=17).collect();
                cuts.extend([16 + 64, 16 + 65, length - 64, length - 1]);
                cuts
            },
        ),
        sweep(
            "gzip: cut in and after every part",
            "x-idx3-ubyte.gz",
            || gzip(&idx_images(12)),
            |length| {
                // The header's ten bytes, the stream, the checksum and the length.
                let mut cuts = vec![0, 1, 2, 3, 9, 10, 11, length / 2];
                cuts.extend(length - 9..length);
                cuts
            },
        ),
        sweep(
            "tar: cut in and after headers and pictures",
            "x.tar",
            bytes::good_tar,
            |length| {
                // The last entry's padding and the closing blocks may be missing: no tar program minds.
                let content = length - 1024;
                (0..content)
                    .step_by(512)
                    .flat_map(|block| [block + 1, block + 100, block + 511])
                    .filter(|cut| *cut < content - 512)
                    .collect()
            },
        )
        .slow(),
        sweep(
            "tar.gz: cut in the stream and in its end",
            "x.tar.gz",
            || gzip(&bytes::good_tar()),
            |length| {
                let mut cuts: Vec<usize> = (1..10).map(|tenth| tenth * length / 10).collect();
                cuts.extend(length - 9..length);
                cuts
            },
        ),
    ]
}

/// Says which place of a sweep it was.
pub(super) fn at(trouble: Trouble, place: &str) -> Trouble {
    match trouble {
        Trouble::Failed(reason) => Trouble::Failed(format!("{place}: {reason}")),
        skipped => skipped,
    }
}

fn label_cases() -> Vec<Case> {
    let labelled = |name: &'static str, reason: &'static str, labels: fn() -> Vec<u8>| {
        Case::new(FAMILY, name, move |bench| {
            bench.write("train-images-idx3-ubyte", &idx_images(TRAIN_IMAGES))?;
            bench.write("train-labels-idx1-ubyte", &labels())?;
            let looking = bench.ae(["data", "show", ".", "-o", "picture.png"]);
            bench.refuses(looking, 3, &["train-labels-idx1-ubyte", reason])?;
            bench.write(
                "train-labels-idx1-ubyte",
                &idx(&[TRAIN_IMAGES], &[1; TRAIN_IMAGES as usize]),
            )?;
            Ok(bench.ae(["data", "info", "."]).run().check_done()?)
        })
    };
    vec![
        labelled("labels: one too few", "expected 24, found 23", || {
            idx(&[23], &[1; 23])
        }),
        labelled("labels: one too many", "expected 24, found 25", || {
            idx(&[25], &[1; 25])
        }),
        labelled("labels: of two dimensions", "2 dimensions", || {
            idx(&[24, 1], &[1; 24])
        }),
        labelled("labels: fewer there than promised", "promises", || {
            idx(&[24], &[1; 20])
        }),
        labelled("labels: a gzip bomb", "promises", || {
            let mut bytes = idx(&[u32::MAX], &[]);
            bytes.extend([0; 100]);
            bytes
        }),
        Case::new(FAMILY, "labels: as far apart as bytes go", |bench| {
            // Any byte is a label; nothing is counted up to it.
            bench.write("train-images-idx3-ubyte", &idx_images(3))?;
            bench.write("train-labels-idx1-ubyte", &idx(&[3], &[0, 255, 7]))?;
            Ok(bench.ae(["data", "info", "."]).run().check_done()?)
        }),
        Case::new(FAMILY, "idx: train and test of two shapes", |bench| {
            bench.write("train-images-idx3-ubyte", &idx_images(12))?;
            bench.write("t10k-images-idx3-ubyte", &idx(&[2, 4, 4], &[7; 32]))?;
            let looking = bench.ae(["data", "show", ".", "-o", "picture.png"]);
            bench.refuses(looking, 3, &["t10k-images-idx3-ubyte", "4x4x1"])?;
            bench.write("t10k-images-idx3-ubyte", &idx_images(2))?;
            Ok(bench.ae(["data", "info", "."]).run().check_done()?)
        }),
    ]
}

fn tar_cases() -> Vec<Case> {
    /// Twelve good pictures and a bad entry, which is passed over by name, and an error under `--strict`.
    fn passed_over(name: &'static str, said: &'static str, entry: fn() -> Vec<u8>) -> Case {
        Case::new(FAMILY, name, move |bench| {
            let mut bytes = bytes::good_tar();
            bytes.truncate(bytes.len() - 1024);
            bytes.extend(entry());
            bench.write("x.tar.gz", &gzip(&bytes))?;
            let ended = bench
                .ae(["data", "show", "x.tar.gz", "-o", "picture.png"])
                .run();
            ended.check_done()?;
            if !ended.stderr.contains(said) {
                return Err(Trouble::Failed(format!(
                    "{said:?} is not in: {}",
                    ended.said()
                )));
            }
            let written: Vec<_> = std::fs::read_dir(bench.path())
                .map_err(super::bench::broken(bench.path()))?
                .collect();
            if written.len() != 2 {
                return Err(Trouble::Failed("something was unpacked".to_owned()));
            }
            let strict = bench.ae(["data", "show", "x.tar.gz", "--strict", "-o", "strict.png"]);
            bench.refuses(strict, 3, &["x.tar.gz", said])
        })
    }
    vec![
        passed_over("tar: a name that leads out with ../", "leads out", || {
            let picture = bytes::png(SIDE, SIDE, &bytes::drawing(1));
            tar(&[TarEntry::file("set/../../../escaped.png", &picture)])
        }),
        passed_over("tar: an absolute name", "absolute", || {
            let picture = bytes::png(SIDE, SIDE, &bytes::drawing(1));
            tar(&[TarEntry::file("/tmp/escaped.png", &picture)])
        }),
        passed_over("tar: a symbolic link that leads out", "a link", || {
            tar(&[TarEntry {
                kind: b'2',
                link: "/etc/passwd",
                ..TarEntry::file("set/a/link.png", &[])
            }])
        }),
        passed_over("tar: a hard link", "a link", || {
            tar(&[TarEntry {
                kind: b'1',
                link: "../../secret",
                ..TarEntry::file("set/a/link.png", &[])
            }])
        }),
        passed_over("tar: a FIFO", "a device", || {
            tar(&[TarEntry {
                kind: b'6',
                ..TarEntry::file("set/a/fifo.png", &[])
            }])
        }),
        passed_over("tar: a character device", "a device", || {
            tar(&[TarEntry {
                kind: b'3',
                ..TarEntry::file("set/a/zero.png", &[])
            }])
        }),
        passed_over("tar: a picture that is none", "picture.png", || {
            tar(&[TarEntry::file("set/a/picture.png", b"not a picture")])
        }),
        passed_over("tar: an empty picture", "empty", || {
            tar(&[TarEntry::file("set/a/picture.png", b"")])
        }),
        refused(
            "tar: a size beyond the file's end",
            "x.tar.gz",
            3,
            "EOF",
            || {
                let picture = bytes::png(SIDE, SIDE, &bytes::drawing(1));
                tar(&[TarEntry {
                    size: Some(1 << 20),
                    ..TarEntry::file("set/a/0.png", &picture)
                }])
            },
        ),
        refused(
            "tar: sizes in two headers that disagree",
            "x.tar.gz",
            3,
            "x.tar.gz",
            || {
                // The pax header says 5 bytes, the entry's own a picture's.
                let picture = bytes::png(SIDE, SIDE, &bytes::drawing(1));
                let pax = TarEntry {
                    kind: b'x',
                    ..TarEntry::file("pax", b"9 size=5\n")
                };
                tar(&[pax, TarEntry::file("set/a/0.png", &picture)])
            },
        ),
        refused(
            "tar: a name of a mebibyte",
            "x.tar.gz",
            3,
            "more than",
            || {
                let name = vec![b'n'; 1 << 20];
                let long = TarEntry {
                    kind: b'L',
                    ..TarEntry::file("././@LongLink", &name)
                };
                tar(&[long, TarEntry::file("set/a/0.png", b"")])
            },
        ),
        refused("tar: without a picture", "x.tar.gz", 3, "no images", || {
            tar(&[TarEntry::file("set/readme.txt", b"nothing to see")])
        }),
        Case::new(FAMILY, "tar: fifty thousand entries", |bench| {
            let picture = bytes::png(1, 1, &[7]);
            let names: Vec<String> = (0..50_000)
                .map(|number| format!("set/a/{number}.png"))
                .collect();
            let entries: Vec<_> = names
                .iter()
                .map(|name| TarEntry::file(name, &picture))
                .collect();
            bench.write("x.tar.gz", &gzip(&tar(&entries)))?;
            let looking = bench.ae(["data", "info", "x.tar.gz"]);
            Ok(looking
                .address_space(LITTLE_MEMORY_MEBIBYTES)
                .run()
                .check_done()?)
        })
        .slow(),
    ]
}

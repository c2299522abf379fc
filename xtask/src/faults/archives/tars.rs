//! Tar archives with entries that lead out, lie or are no files.

use super::refusal::{FAMILY, LITTLE_MEMORY_MEBIBYTES, refused};
use crate::faults::bytes::{self, SIDE, TarEntry, gzip, tar};
use crate::faults::case::Case;
use crate::faults::trouble::{Trouble, broken};

pub(in crate::faults) fn cases() -> Vec<Case> {
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
                .map_err(broken(bench.path()))?
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

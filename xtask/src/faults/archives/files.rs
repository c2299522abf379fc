//! IDX files and gzip streams with wrong headers, sums and lengths, and bombs.

use super::refusal::{FAMILY, refused};
use crate::faults::bytes::{SIDE, TarEntry, gzip, gzip_zeros, idx, idx_images, tar};
use crate::faults::case::Case;
use crate::faults::trouble::Trouble;

pub(in crate::faults) fn cases() -> Vec<Case> {
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

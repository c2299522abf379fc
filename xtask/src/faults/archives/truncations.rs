//! Files cut short.

use super::refusal::FAMILY;
use crate::faults::bytes::{self, gzip, idx_images};
use crate::faults::case::Case;
use crate::faults::trouble::at;

/// Cuts at every boundary of a structure: an error that names the file, never a shorter set.
pub(in crate::faults) fn cases() -> Vec<Case> {
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

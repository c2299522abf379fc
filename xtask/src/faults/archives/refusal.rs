//! Files that are refused by name.

use crate::faults::bench::Bench;
use crate::faults::bytes::{self, gzip, idx_images};
use crate::faults::case::Case;
use crate::faults::trouble::Trouble;

pub(super) const FAMILY: &str = "archives";
/// Address space for what must not unpack: far below what it claims to hold.
pub(super) const LITTLE_MEMORY_MEBIBYTES: u64 = 1024;

/// A file that is refused by its name with a reason, and a good one of the same name that is taken.
pub(super) fn refused(
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

//! Tests that want what a machine may lack: they say so on standard error, where the test harness does not swallow it,
//! and leave a record beside the builds, which `xtask` counts at the end of a run.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file or folder of the real data, in `AE_SHARED_DATA` or in `shared/datasets` beside the checkout.
///
/// # Panics
/// `AE_SHARED_DATA` is set, and the file is not there.
pub(crate) fn shared_data(test: &str, name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("AE_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/datasets");
    let path = named.as_ref().unwrap_or(&beside).join(name);
    assert!(
        named.is_none() || path.exists(),
        "AE_SHARED_DATA is set, and {} is missing",
        path.display()
    );
    let want = format!("../shared/datasets/{name} (AE_SHARED_DATA)");
    is_there(test, &want, path.exists()).then_some(path)
}

/// Whether a test can be made: what it wants is there. If not, that is said and counted.
pub(crate) fn is_there(test: &str, want: &str, found: bool) -> bool {
    let record = records().map(|folder| folder.join(test.replace("::", "-")));
    if found {
        // What was missing the last time may have no record.
        let _ = record.map(fs::remove_file);
        return true;
    }
    // The test harness swallows what `eprintln!` prints.
    let _ = writeln!(io::stderr(), "skipped: {test} wants {want}");
    let written = record.map(|record| {
        fs::create_dir_all(record.parent().unwrap_or(&record))?;
        fs::write(record, want)
    });
    if let Some(Err(error)) = written {
        panic!("cannot note that {test} is skipped: {error}");
    }
    false
}

/// The folder of records: `skipped-tests` beside the folder of this test's binary.
fn records() -> Option<PathBuf> {
    let binary = std::env::current_exe().ok()?;
    Some(binary.parent()?.parent()?.join("skipped-tests"))
}

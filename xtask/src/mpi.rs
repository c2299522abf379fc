//! What the step `mpi` of `cargo xtask ci` takes: an MPI with its headers, and the library that its bindings are made with.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What is missing to build `ae` with the feature `mpi` and to start it in several processes.
pub(crate) fn missing() -> Option<&'static str> {
    let runs = |program: &str| {
        let mut command = Command::new(program);
        command.arg("--version").stdin(Stdio::null());
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !runs("mpirun") {
        return Some("mpirun is not installed (openmpi-bin)");
    }
    if !runs("mpicc") {
        return Some("MPI's headers are not installed (libopenmpi-dev)");
    }
    let has_libclang = std::env::var_os("LIBCLANG_PATH").is_some() || is_libclang_there();
    (!has_libclang).then_some("libclang is not installed (libclang-dev)")
}

/// Where Debian and most others put it.
fn is_libclang_there() -> bool {
    let llvm = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let of_versions = llvm
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm"))
        .map(|entry| entry.path().join("lib"));
    let folders = ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu"];
    let folders = folders.iter().map(|folder| Path::new(folder).to_owned());
    of_versions.chain(folders).any(|folder| {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        files
            .map(|file| file.file_name())
            .any(|name| is_libclang(&name.to_string_lossy()))
    })
}

/// Whether a file of this name is the C interface that bindings are made with, `libclang.so` or one of a version. Others are
/// named alike and are of no use here: `libclang-cpp.so` comes with LLVM alone.
fn is_libclang(name: &str) -> bool {
    name.strip_prefix("libclang").is_some_and(|rest| {
        let version = rest
            .strip_prefix('-')
            .map(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        version.unwrap_or(true) && rest.contains(".so")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_interface_is_told_from_libraries_that_are_named_alike() {
        let is = [
            "libclang.so",
            "libclang.so.1",
            "libclang-14.so.13",
            "libclang-19.so",
        ];
        let is_not = [
            "libclang-cpp.so.14",
            "libclang-cpp.so",
            "libclang.a",
            "libLLVM-14.so",
            "libclangBasic.a",
        ];
        for name in is {
            assert!(is_libclang(name), "{name}");
        }
        for name in is_not {
            assert!(!is_libclang(name), "{name}");
        }
    }
}

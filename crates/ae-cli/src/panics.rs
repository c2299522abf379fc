//! Panics, and what other crates mean by them.
//!
//! Burn's operations have no way to give an error, nor has the standard library where a thread begins: they panic, and
//! what went wrong is known by the panic's text or place alone. All that is known of such texts is here.

use std::panic;
use std::sync::Mutex;

use crate::error::{CliError, Status};
use crate::terminal::tell;

/// The last resort: a panic anywhere below becomes one `error:` line, and exit code 1, or 8 where it comes from the
/// code that drives a device.
///
/// The hook itself only takes note. Burn's runtimes catch panics of their own and continue, so it must
/// neither print nor exit, except where a thread cannot even begin: nobody would catch that panic.
pub(crate) fn caught(run: impl FnOnce() -> Result<(), CliError>) -> Result<(), CliError> {
    static FIRST: Mutex<Option<(Status, String)>> = Mutex::new(None);
    panic::set_hook(Box::new(|information| {
        let place = information.location().map_or_else(String::new, |location| {
            format!(" ({}:{})", location.file(), location.line())
        });
        let message = information.payload_as_str().unwrap_or("no message");
        if let Ok(mut first) = FIRST.lock() {
            if is_stackless(message) {
                let error =
                    CliError::failure(Status::Device, "threads", "no memory to start one more")
                        .hint("fewer --threads take less");
                tell(&error);
                // The panic would find nobody to catch it, and the other threads are in the middle of things.
                signal_hook::low_level::exit(error.status().code().into());
            }
            let status = information.location().map_or(Status::Internal, |location| {
                status_of_panic(location.file(), message)
            });
            first.get_or_insert((status, format!("{message}{place}")));
        }
    }));
    // Nothing that was being changed is looked at again after a panic.
    panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let first = FIRST.lock().ok().and_then(|mut first| first.take());
        let (status, message) =
            first.unwrap_or_else(|| (Status::Internal, "no message".to_owned()));
        Err(match status {
            Status::Device if is_exhaustion(&message) => {
                CliError::failure(status, "memory", message)
                    .hint("a smaller --batch-size, --limit or --size takes less")
            }
            Status::Device => CliError::failure(status, "the device failed", message)
                .hint("ae train --resume resumes a run; --backend flex computes on the CPU"),
            _ => CliError::failure(status, "internal error", message)
                .hint("this is a bug in ae; please report it with the command line"),
        })
    })
}

/// Operations of Burn's have no way to give an error.
fn is_exhaustion(message: &str) -> bool {
    message.contains("not enough memory")
}

/// The standard library (1.95, `sys/pal/unix/stack_overflow.rs`) panics at a thread's very beginning where it gets a stack
/// for it, but not the little one that signals are handled on.
fn is_stackless(message: &str) -> bool {
    message.starts_with("failed to allocate an alternative stack")
        || message.starts_with("failed to set up alternative stack")
}

/// Burn's GPU runtime panics where the device is lost, and operations where no memory is left.
fn status_of_panic(file: &str, message: &str) -> Status {
    if is_exhaustion(message) {
        return Status::Device;
    }
    let of_device = ["wgpu", "cubecl", "burn-cubecl"];
    match file
        .split(['/', '\\'])
        .any(|part| of_device.iter().any(|name| part.starts_with(name)))
    {
        true => Status::Device,
        false => Status::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_without_room_for_its_signals_is_known_by_the_standard_library_s_words() {
        for (message, expected) in [
            (
                "failed to allocate an alternative stack: Cannot allocate memory (os error 12)",
                true,
            ),
            (
                "failed to set up alternative stack guard page: Cannot allocate memory",
                true,
            ),
            ("failed to spawn thread", false),
        ] {
            assert_eq!(is_stackless(message), expected, "{message}");
        }
    }

    #[test]
    fn a_panic_of_the_gpu_runtime_is_the_device_s() {
        for (file, expected) in [
            (
                "/registry/src/index/wgpu-core-29.0.1/src/device.rs",
                Status::Device,
            ),
            (
                "/registry/src/index/cubecl-wgpu-0.9.0/src/compute.rs",
                Status::Device,
            ),
            (
                "C:\\registry\\burn-cubecl-0.22.1\\src\\lib.rs",
                Status::Device,
            ),
            ("crates/ae-cli/src/lib.rs", Status::Internal),
            (
                "/registry/src/index/burn-flex-0.22.1/src/lib.rs",
                Status::Internal,
            ),
        ] {
            assert_eq!(status_of_panic(file, "lost"), expected, "{file}");
        }
        let message = "cannot run the stack: not enough memory for 4 bytes";
        assert_eq!(
            status_of_panic("crates/ae-kernels/src/host.rs", message),
            Status::Device
        );
    }
}

//! The `ae` command: everything it does is in the library `ae_cli`.

#![expect(
    unsafe_code,
    reason = "the environment is changed once, before there are threads"
)]

use std::process::ExitCode;

use ae_cli::RememberingAllocator;

#[global_allocator]
static ALLOCATOR: RememberingAllocator = RememberingAllocator;

fn main() -> ExitCode {
    ae_cli::end_in_good_order();
    // Without that directory, a Vulkan layer of Mesa's prints lines that begin with `error:`. All it would do is
    // to order the GPUs as a desktop's settings say.
    if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: the process has done nothing yet that starts a thread, so no other reads the environment meanwhile.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
    ae_cli::main(std::env::args_os())
}

//! Memory that runs out ends the process with one `error:` line and exit code 8, not by an abort.
//!
//! Who asks politely (`try_reserve`) still gets a refusal to handle. Whoever takes memory for granted makes the
//! standard library abort, and only then, in the abort's signal, the process ends in good order. What is on the disk
//! is whole at any moment, so ending is safe.

#![expect(unsafe_code, reason = "an allocator, and a handler of a signal")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Status;
use crate::terminal::tell_once;

/// The size of the last request that was refused; 0 for none.
static REFUSED_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which remembers what it refused: a program that runs the command makes it its global one, so that
/// [`end_in_good_order`] knows an abort for want of memory from others.
#[derive(Debug)]
pub struct RememberingAllocator;

impl RememberingAllocator {
    /// Remembers that a request of so many bytes was refused, for an allocator around this one that refuses some itself.
    pub fn refuse(bytes: usize) {
        REFUSED_BYTES.store(bytes, Ordering::SeqCst);
    }
}

// SAFETY: every method hands its arguments to the system's allocator unchanged, whose contract is the same, and
// returns what that returned.
unsafe impl GlobalAlloc for RememberingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the ones that `System` asks for.
        remember(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        remember(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as above.
        remember(unsafe { System.realloc(pointer, layout, bytes) }, bytes)
    }
}

#[inline]
fn remember(pointer: *mut u8, bytes: usize) -> *mut u8 {
    if pointer.is_null() {
        RememberingAllocator::refuse(bytes);
    }
    pointer
}

/// Ends the process in good order from now on where the standard library aborts it for want of memory: with one line and exit
/// code 8.
///
/// Any other abort stays one.
pub fn end_in_good_order() {
    // SAFETY: `abort` raises the signal on the thread that calls it, where nothing is interrupted midway; what runs
    // allocates nothing: standard error has no buffer, and numbers are formatted on the stack.
    let registered =
        unsafe { signal_hook::low_level::register(signal_hook::consts::SIGABRT, end_if_exhausted) };
    // Without it, the process ends less orderly.
    drop(registered);
}

fn end_if_exhausted() {
    let bytes = REFUSED_BYTES.load(Ordering::SeqCst);
    if bytes > 0 {
        // Where one thread finds no memory the next one does not either, and one line is enough.
        tell_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "error: memory: allocation of {bytes} bytes failed\n\
                 hint: a smaller --batch-size, --limit or --size takes less"
            );
        });
        // Exit handlers might allocate.
        signal_hook::low_level::exit(Status::Device.code().into());
    }
}

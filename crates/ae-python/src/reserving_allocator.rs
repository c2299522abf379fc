//! An allocator that leaves some memory to others.
//!
//! What a thread keeps for itself of a module that is loaded by Python, as this one, glibc allocates at the thread's first use of it,
//! and ends the process there and then where it cannot, with its own exit code and no handler asked. (A program's own is
//! part of the thread's stack.) So that memory runs out here first, a large request is refused that leaves no room for that.

#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};

use ae_cli::RememberingAllocator;

/// Requests of fewer bytes are not followed by a look at what is left, which costs two calls of the system.
const LARGE_BYTES: usize = 1 << 20;
/// What has to be left: the stacks of a dozen threads, and more than the 32 MiB up to which glibc takes freed memory for a reason
/// to keep more of it.
const RESERVE: Layout = match Layout::from_size_align(33 << 20, 16) {
    Ok(layout) => layout,
    Err(_) => panic!("a size and an alignment"),
};

/// As [`RememberingAllocator`], of which it is made, but for large requests that would take the last 33 MiB.
#[derive(Debug)]
pub(crate) struct ReservingAllocator;

// SAFETY: what is returned was allocated by the allocator within for the same layout, or is null, and it is that allocator that
// what comes back is handed to.
unsafe impl GlobalAlloc for ReservingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the ones that the allocator within asks for.
        let pointer = unsafe { RememberingAllocator.alloc(layout) };
        // SAFETY: it was just allocated for this layout.
        unsafe { kept(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let pointer = unsafe { RememberingAllocator.alloc_zeroed(layout) };
        // SAFETY: as above.
        unsafe { kept(pointer, layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { RememberingAllocator.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // What was there must stay valid where this is refused, so the look comes before.
        if bytes >= LARGE_BYTES && bytes > layout.size() && !has_reserve() {
            RememberingAllocator::refuse(bytes);
            return std::ptr::null_mut();
        }
        // SAFETY: as above.
        unsafe { RememberingAllocator.realloc(pointer, layout, bytes) }
    }
}

/// What was allocated, unless it is large and leaves too little.
///
/// # Safety
/// `pointer` is null, or was allocated for `layout` and is used by nobody else.
unsafe fn kept(pointer: *mut u8, layout: Layout) -> *mut u8 {
    if layout.size() < LARGE_BYTES || pointer.is_null() || has_reserve() {
        return pointer;
    }
    // SAFETY: promised by the caller.
    unsafe { RememberingAllocator.dealloc(pointer, layout) };
    RememberingAllocator::refuse(layout.size());
    std::ptr::null_mut()
}

/// Whether there is room for others. It is asked for and given back; nothing of it is written to.
fn has_reserve() -> bool {
    // SAFETY: its size is not zero.
    let pointer = std::hint::black_box(unsafe { System.alloc(RESERVE) });
    if pointer.is_null() {
        return false;
    }
    // SAFETY: it was just allocated for this layout.
    unsafe { System.dealloc(pointer, RESERVE) };
    true
}

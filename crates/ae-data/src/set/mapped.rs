//! A file seen as a slice of bytes: the crate's only `unsafe`.

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// A read-only memory map of a whole file.
#[derive(Debug)]
pub(crate) struct MappedFile(Mmap);

impl MappedFile {
    #[expect(unsafe_code, reason = "a memory map cannot be made without")]
    pub(crate) fn new(file: &File) -> io::Result<Self> {
        // SAFETY: the map is private to this type and read-only, so nothing in this process changes the bytes behind
        // a slice that `bytes` lends out. Another process that writes to the file meanwhile would change pixels under
        // us, and one that truncates it would end this process with SIGBUS; no file that this crate writes is ever
        // changed in place (`write_atomically` replaces), and the README asks the same of the user.
        unsafe { Mmap::map(file) }.map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

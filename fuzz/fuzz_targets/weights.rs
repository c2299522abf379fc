#![no_main]

#[path = "../bodies/interchange.rs"]
mod interchange;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| interchange::weights(bytes));

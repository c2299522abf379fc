#![no_main]

#[path = "../bodies/codec.rs"]
#[allow(dead_code, reason = "each target runs one of them")]
mod codec;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec::picture_transform(bytes));

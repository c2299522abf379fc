#![no_main]

#[path = "../bodies/data.rs"]
#[allow(dead_code, reason = "each target takes one function of several")]
mod data;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| data::image(bytes));

#![no_main]

#[path = "../bodies/models.rs"]
#[allow(dead_code, reason = "each target takes one function of several")]
mod models;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| models::configuration(bytes));

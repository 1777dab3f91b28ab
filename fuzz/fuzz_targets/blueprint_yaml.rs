//! Blueprints of strangers: read, evaluated, written and read again.
#![no_main]

#[path = "../../crates/wire/blueprint-yaml/tests/fuzz/exercise.rs"]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = blueprint_yaml::read_bytes(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        exercise::exercise(text);
    }
});

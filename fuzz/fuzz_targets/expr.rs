//! Expressions of strangers: compiled and carried out within limits.
#![no_main]

use expr::{Globals, Limits, Program, Run};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    let Ok(program) = Program::compile(source, &["request", "user"]) else { return };
    let _ = Run::new(&program, &Globals::default(), Vec::new(), Limits::default()).finish();
});

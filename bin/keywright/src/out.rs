//! What commands print on standard output.
//!
//! Apart from `print!`, which panics when nobody reads on: `| head` is no fault. What is left is not printed then, and the
//! command does what it was asked for all the same.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _, stdout};

/// Prints a text; see the macros.
pub fn text(text: Arguments<'_>) {
    let mut out = stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => eprintln!("keywright: printing failed: {error}"),
        _ => {}
    }
}

/// As `print!`.
macro_rules! out {
    ($($text:tt)*) => { $crate::out::text(format_args!($($text)*)) };
}

/// As `println!`.
macro_rules! outln {
    ($($text:tt)*) => { $crate::out::text(format_args!("{}\n", format_args!($($text)*))) };
}

//! How far a long command is: a bar for people at a terminal, nothing in a log.

use std::io::{IsTerminal as _, Write as _};

use backup::Progress;

const WIDTH: u64 = 30;

/// Draws over its own line whenever the picture changes.
pub fn bar() -> impl FnMut(Progress<'_>) + Send {
    let shown = std::io::stderr().is_terminal();
    let mut last = (u64::MAX, "", String::new());
    move |progress: Progress<'_>| {
        if !shown {
            return;
        }
        let share = progress.done.saturating_mul(1000).checked_div(progress.total).unwrap_or(1000).min(1000);
        if last.0 == share && last.1 == progress.act && last.2 == progress.table {
            return;
        }
        last = (share, progress.act, progress.table.to_owned());
        let full = (share * WIDTH / 1000) as usize;
        let bar = "#".repeat(full) + &"-".repeat(WIDTH as usize - full);
        let end = if progress.done == progress.total && progress.table.is_empty() { "\n" } else { "" };
        eprint!("\r\x1b[2K[{bar}] {:>3} %  {} {}{end}", share / 10, progress.act, progress.table);
        let _ = std::io::stderr().flush();
    }
}

/// Leaves the bar's line.
pub fn done() {
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
}

//! Memory, files, time and age of this process, read from `/proc` when metrics are asked for.
//!
//! Where there is no `/proc` the metrics are missing rather than wrong.

use std::fs;

use crate::Metrics;

/// Ticks a second in `/proc`; Linux shows 100 to programs whatever the kernel uses inside.
const TICKS: f64 = 100.0;

/// Sets the gauges of the process.
pub(crate) fn observe(metrics: &Metrics) {
    let set = |name, help, value: Option<f64>| {
        if let Some(value) = value {
            metrics.gauge(name, help, &[]).with(&[]).set(value);
        }
    };
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    set("process_resident_memory_bytes", "Resident memory in bytes.", kibibytes(&status, "VmRSS:"));
    set("process_virtual_memory_bytes", "Virtual memory in bytes.", kibibytes(&status, "VmSize:"));
    let files = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64);
    set("process_open_fds", "Open file descriptors.", files);
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let cpu = Some(()).and_then(|()| Some((ticks(&stat, 14)? + ticks(&stat, 15)?) / TICKS));
    set("process_cpu_seconds_total", "Processor time in seconds.", cpu);
    let start = Some(()).and_then(|()| Some(boot_time()? + ticks(&stat, 22)? / TICKS));
    set("process_start_time_seconds", "Start of the process in seconds since 1970.", start);
}

/// The value of a `/proc/self/status` line such as `VmRSS:  1234 kB`, in bytes.
fn kibibytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let value: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(value * 1024.0)
}

/// Field `number` (counted from one) of `/proc/self/stat`. The second field is the program's name in
/// parentheses and may hold spaces, so counting starts behind it.
fn ticks(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn boot_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

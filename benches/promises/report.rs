//! The table at the end.

use crate::load::Sample;

#[derive(Default)]
pub struct Report {
    lines: Vec<String>,
}

impl Report {
    fn push(&mut self, line: String) {
        // On the way, for whoever waits; the table comes at the end.
        eprintln!("{line}");
        self.lines.push(line);
    }

    /// A figure with a limit.
    pub fn at_most(&mut self, name: &str, unit: &str, value: f64, limit: f64) {
        let verdict = if value <= limit { "kept" } else { "MISSED" };
        self.push(format!("{name:<48} {value:>10.1} {unit:<4} promised at most {limit} {unit}: {verdict}"));
    }

    pub fn note(&mut self, name: &str, unit: &str, value: f64) {
        self.push(format!("{name:<48} {value:>10.1} {unit}"));
    }

    /// A rate, and the processor time that the answering process needed for one.
    pub fn line(&mut self, name: &str, sample: &Sample) {
        self.push(format!("{name:<48} {:>10.0} /s   {:>10.1} us of CPU each", sample.rate, sample.cpu_us));
    }

    /// The rate is what a client sees on a machine that it shares with the server; the processor time leaves the client out.
    pub fn ratio(&mut self, name: &str, ours: &Sample, other: &Sample, least: f64) {
        let (rate, cpu) = (ours.rate / other.rate, other.cpu_us / ours.cpu_us);
        let verdict = match () {
            () if least == 0.0 => String::new(),
            () if rate >= least => format!("promised at least {least}: kept"),
            () if cpu >= least => format!("promised at least {least}: kept by CPU"),
            () => format!("promised at least {least}: MISSED"),
        };
        self.push(format!("{name:<48} {rate:>10.2} by rate, {cpu:.2} by CPU  {verdict}"));
    }

    pub fn print(&self) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!("\n--- the promises, measured on {cores} cores shared with the load generator");
        for line in &self.lines {
            println!("{line}");
        }
    }
}

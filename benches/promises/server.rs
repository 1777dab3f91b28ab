//! The program under measurement: built for release, started on free ports, looked at from outside.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::http::{Connection, request};
use crate::load::Target;

pub const TOKEN: &str = "token-of-the-benchmark";

/// `$KEYWRIGHT`, or what cargo makes of this tree.
pub fn binary() -> Result<PathBuf> {
    if let Ok(given) = std::env::var("KEYWRIGHT") {
        return Ok(given.into());
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let built = Command::new(cargo).args(["build", "--release", "--quiet", "-p", "keywright"]).status()?;
    ensure!(built.success(), "the program could not be built");
    // This program lies in target/release/deps.
    let own = std::env::current_exe()?;
    let found = own.parent().and_then(Path::parent).map(|release| release.join("keywright"));
    found.filter(|path| path.exists()).context("there is no keywright beside this benchmark; name one with KEYWRIGHT=")
}

pub struct Server {
    child: Child,
    pub http: u16,
    pub took_ms: f64,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub fn start(binary: &Path, data: &Path) -> Result<Self> {
        let (http, https, metrics) = (free_port()?, free_port()?, free_port()?);
        let log = std::fs::File::create(data.join("server.log"))?;
        let begin = Instant::now();
        let child = Command::new(binary)
            .arg("server")
            .env_clear()
            .env("KEYWRIGHT_DATA_DIR", data)
            .env("KEYWRIGHT_LOG_LEVEL", "warning")
            .env("KEYWRIGHT_LISTEN__HTTP", format!("127.0.0.1:{http}"))
            .env("KEYWRIGHT_LISTEN__HTTPS", format!("127.0.0.1:{https}"))
            .env("KEYWRIGHT_LISTEN__METRICS", format!("127.0.0.1:{metrics}"))
            .env("KEYWRIGHT_BOOTSTRAP_PASSWORD", "password-of-the-benchmark")
            .env("KEYWRIGHT_BOOTSTRAP_TOKEN", TOKEN)
            .current_dir(data)
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let mut server = Self { child, http, took_ms: 0.0 };
        let health = request("GET", "/-/health/ready/", &[], "");
        loop {
            let status = Connection::open(http).and_then(|mut c| c.exchange(&health));
            if status.is_ok_and(|s| s == 200) {
                server.took_ms = begin.elapsed().as_secs_f64() * 1000.0;
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() || begin.elapsed() > Duration::from_mins(1) {
                bail!("the server did not start:\n{}", std::fs::read_to_string(data.join("server.log"))?);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Resident memory.
    pub fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("Linux tells how much memory is used")?;
        let kb: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kb / 1024.0)
    }
}

impl Target for Server {
    fn port(&self) -> u16 {
        self.http
    }
    fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Processor time that a process has used so far.
pub fn cpu_seconds(process: u32) -> Result<f64> {
    // Linux counts in hundredths of a second for programs, whatever its own clock.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).context("/proc/…/stat is as Linux writes it");
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}

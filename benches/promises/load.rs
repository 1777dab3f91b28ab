//! Asking as fast as answers come, over a few kept connections.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use crate::fixture::Fixture;
use crate::http::{Connection, request};
use crate::server::{Server, cpu_seconds};

/// How long each figure is measured.
pub const SECONDS: f64 = 4.0;
const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_millis(700);

/// How often a thing was done in a second, and what one cost.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub rate: f64,
    /// Microseconds of processor time of the process that did it.
    pub cpu_us: f64,
}

impl Sample {
    pub fn of(count: u32, begin: Instant, cpu_seconds: f64) -> Result<Self> {
        ensure!(count > 0, "nothing was done in time");
        let count = f64::from(count);
        Ok(Self { rate: count / begin.elapsed().as_secs_f64(), cpu_us: cpu_seconds * 1e6 / count })
    }

    pub fn mean(&self, other: &Self) -> Self {
        Self { rate: f64::midpoint(self.rate, other.rate), cpu_us: f64::midpoint(self.cpu_us, other.cpu_us) }
    }
}

/// Something that answers.
pub trait Target: Sync {
    fn port(&self) -> u16;
    fn process(&self) -> u32;
}

/// The same request again and again.
pub fn run(target: &impl Target, request: &[u8]) -> Result<Sample> {
    measure(target, CONNECTIONS, || {
        let mut connection = Connection::open(target.port())?;
        Ok(move || {
            let status = connection.exchange(request)?;
            ensure!(status == 200, "status {status}");
            Ok(())
        })
    })
}

/// Logins, each in a new browser.
pub fn logins(server: &Server, fixture: &Fixture) -> Result<Sample> {
    measure(server, 8, || {
        let mut connection = Connection::open(server.http)?;
        Ok(move || log_in(&mut connection, fixture))
    })
}

fn log_in(connection: &mut Connection, fixture: &Fixture) -> Result<()> {
    const PATH: &str = "/api/v3/flows/executor/default-authentication-flow/?query=";
    let mut cookie = String::new();
    // The executor answers what it accepts with a redirect to itself, and once more for a stage that asks for nothing.
    for answer in ["", fixture.identification.as_str(), "", fixture.password.as_str(), "", "", ""] {
        let json = ("Content-Type", "application/json");
        let own = ("Cookie", cookie.as_str());
        let method = if answer.is_empty() { "GET" } else { "POST" };
        let got = connection.send(&request(method, PATH, &[json, own], answer))?;
        ensure!(got.status < 400, "a step of the login: {}", got.status);
        if let Some(new) = got.headers("set-cookie").find(|c| c.starts_with("authentik_session=")) {
            new.split(';').next().unwrap_or_default().clone_into(&mut cookie);
        }
        if String::from_utf8_lossy(&got.body).contains("xak-flow-redirect") {
            return Ok(());
        }
    }
    Err(anyhow!("the login did not end"))
}

fn measure<F: FnMut() -> Result<()>>(
    target: &impl Target,
    connections: usize,
    prepare: impl Fn() -> Result<F> + Sync,
) -> Result<Sample> {
    let (counting, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let one = || -> Result<u32> {
        let mut work = prepare()?;
        let mut count = 0;
        while !over.load(Ordering::Relaxed) {
            work()?;
            count += u32::from(counting.load(Ordering::Relaxed));
        }
        Ok(count)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        std::thread::sleep(WARM_UP);
        let (begin, cpu) = (Instant::now(), cpu_seconds(target.process())?);
        counting.store(true, Ordering::Relaxed);
        std::thread::sleep(Duration::from_secs_f64(SECONDS));
        counting.store(false, Ordering::Relaxed);
        let (took, cpu) = (begin.elapsed(), cpu_seconds(target.process())? - cpu);
        over.store(true, Ordering::Relaxed);
        let mut count = 0;
        for thread in threads {
            count += thread.join().map_err(|_| anyhow!("a thread panicked"))??;
        }
        ensure!(count > 0, "nothing was answered in time");
        let count = f64::from(count);
        Ok(Sample { rate: count / took.as_secs_f64(), cpu_us: cpu * 1e6 / count })
    })
}

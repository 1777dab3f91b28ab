//! How many checks of a session a server answers in a second, and how fast at half of that.
//!
//! Separate from the promises, for it measures programs of others too: it is told ports and requests, and knows nothing of what
//! answers. `tests/proxies/peers.py` starts Keywright and its peers, logs in everywhere and calls this; with `--bare` it is
//! the bare axum handler to compare with.
//!
//! Arguments: `<name>=<port>,<process>,<file with the request>` …

#[expect(dead_code, reason = "the promises use more of it")]
#[path = "../promises/http.rs"]
mod http;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::http::Connection;

const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(4);

struct Target {
    name: String,
    port: u16,
    process: u32,
    request: Vec<u8>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if arguments.first().is_some_and(|a| a == "--bare") {
        return bare();
    }
    let targets = arguments.iter().map(|a| target(a)).collect::<Result<Vec<_>>>()?;
    println!(
        "{:<16} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "", "checks/s", "CPU us each", "half load/s", "p50 ms", "p99 ms"
    );
    for target in &targets {
        let (rate, cpu) = fastest(target)?;
        let half = rate / 2.0;
        let mut took = paced(target, half)?;
        took.sort_unstable();
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        println!("{:<16} {rate:>12.0} {cpu:>12.1} {half:>12.0} {:>12.3} {:>12.3}", target.name, at(0.5), at(0.99));
    }
    Ok(())
}

fn target(argument: &str) -> Result<Target> {
    let (name, rest) = argument.split_once('=').context("<name>=<port>,<process>,<file>")?;
    let parts: Vec<&str> = rest.splitn(3, ',').collect();
    let [port, process, file] = parts[..] else { return Err(anyhow!("<name>=<port>,<process>,<file>")) };
    Ok(Target { name: name.to_owned(), port: port.parse()?, process: process.parse()?, request: std::fs::read(file)? })
}

fn ask(connection: &mut Connection, target: &Target) -> Result<()> {
    let status = connection.exchange(&target.request)?;
    ensure!((200..300).contains(&status), "{}: status {status}", target.name);
    Ok(())
}

/// As fast as answers come: the rate, and microseconds of the answering process for one.
fn fastest(target: &Target) -> Result<(f64, f64)> {
    let (counting, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let one = || -> Result<u32> {
        let mut connection = Connection::open(target.port)?;
        let mut count = 0;
        while !over.load(Ordering::Relaxed) {
            ask(&mut connection, target)?;
            count += u32::from(counting.load(Ordering::Relaxed));
        }
        Ok(count)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(one)).collect();
        std::thread::sleep(WARM_UP);
        let (begin, cpu) = (Instant::now(), cpu_seconds(target.process)?);
        counting.store(true, Ordering::Relaxed);
        std::thread::sleep(MEASURED);
        counting.store(false, Ordering::Relaxed);
        let (took, cpu) = (begin.elapsed().as_secs_f64(), cpu_seconds(target.process)? - cpu);
        over.store(true, Ordering::Relaxed);
        let mut count = 0;
        for thread in threads {
            count += thread.join().map_err(|_| anyhow!("a thread panicked"))??;
        }
        ensure!(count > 0, "{}: nothing was answered in time", target.name);
        Ok((f64::from(count) / took, cpu * 1e6 / f64::from(count)))
    })
}

/// At a fixed pace: how long each took, counted from when it was due, so that waiting for a late one counts too.
fn paced(target: &Target, rate: f64) -> Result<Vec<Duration>> {
    const PACED: usize = 4;
    let pause = Duration::from_secs_f64(PACED as f64 / rate);
    let begin = Instant::now() + Duration::from_millis(100);
    let one = |number: usize| -> Result<Vec<Duration>> {
        let mut connection = Connection::open(target.port)?;
        let mut due = begin + pause.mul_f64(number as f64 / PACED as f64);
        let mut took = Vec::new();
        while due < begin + MEASURED {
            if let Some(wait) = due.checked_duration_since(Instant::now()) {
                std::thread::sleep(wait);
            }
            ask(&mut connection, target)?;
            took.push(due.elapsed());
            due += pause;
        }
        Ok(took)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..PACED).map(|n| scope.spawn(move || one(n))).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| anyhow!("a thread panicked"))??);
        }
        Ok(all)
    })
}

/// Processor time that a process has used so far.
fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).context("/proc/…/stat is as Linux writes it");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// axum with one empty answer.
fn bare() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("{}", listener.local_addr()?.port());
        axum::serve(listener, axum::Router::new().fallback(axum::routing::any(|| async {}))).await?;
        Ok(())
    })
}

//! What cannot be made faster: the signature and the hash alone, on all cores.

use std::time::Instant;

use anyhow::{Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use clock::Random;
use secret::password::{self, Cost};

use crate::load::{SECONDS, Sample};
use crate::server;

/// RS256 over as many bytes as an access token has.
pub fn signatures() -> Result<Sample> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no key could be made"))?;
    let message = [b'x'; 700];
    everywhere(|| {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature)
            .map_err(|_| anyhow!("signing failed"))
    })
}

/// argon2id as passwords are kept.
pub fn hashes() -> Result<Sample> {
    let random = Random::system();
    let stored = password::hash("a password to log in with", Cost::default(), &random)?;
    everywhere(|| {
        let is_right = password::verify("a password to log in with", &stored)?;
        if is_right { Ok(()) } else { Err(anyhow!("the hash is wrong")) }
    })
}

/// Repeats the work on every core.
fn everywhere(work: impl Fn() -> Result<()> + Sync) -> Result<Sample> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (begin, cpu) = (Instant::now(), server::cpu_seconds(std::process::id())?);
    let one = || -> Result<u32> {
        let mut count = 0;
        while begin.elapsed().as_secs_f64() < SECONDS {
            work()?;
            count += 1;
        }
        Ok(count)
    };
    let count: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|t| t.join().map_err(|_| anyhow!("a thread panicked"))?).sum::<Result<u32>>()
    })?;
    Sample::of(count, begin, server::cpu_seconds(std::process::id())? - cpu)
}

//! Randomness: keys, tokens, codes and ids.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rand;
use jiff::Timestamp;
use parking_lot::Mutex;
use uuid::{Builder, Uuid};

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const DIGITS: &[u8] = b"0123456789";

/// A handle on a random generator. Clones of a seeded one continue the same sequence.
#[derive(Clone, Debug)]
pub struct Random(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Seeded(Arc<Mutex<Seeded>>),
}

impl Random {
    /// The generator of the cryptographic library, seeded by the operating system.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A reproducible sequence for tests. SECURITY: predictable, never for a running server.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(Seeded { seed, counter: 0 }))))
    }

    /// Fill `target` with random bytes.
    pub fn fill(&self, target: &mut [u8]) {
        match &self.0 {
            // AWS-LC aborts the process rather than return without entropy, so this cannot fail; and
            // to carry on with predictable keys would be worse than to stop.
            Source::System => rand::fill(target).expect("the system has a source of randomness"),
            Source::Seeded(seeded) => seeded.lock().fill(target),
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `len` random bytes, for lengths known only at run time.
    pub fn vec(&self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.fill(&mut bytes);
        bytes
    }

    /// `len` characters out of `A-Z a-z 0-9`: client ids, secrets, session keys, salts.
    pub fn token(&self, len: usize) -> String {
        self.pick(ALPHANUMERIC, len)
    }

    /// `len` decimal digits: device codes and codes sent by mail or text message.
    pub fn digits(&self, len: usize) -> String {
        self.pick(DIGITS, len)
    }

    /// `len` characters, each drawn evenly from an ASCII `alphabet` of at most 256 characters.
    ///
    /// An empty alphabet gives an empty string.
    pub fn pick(&self, alphabet: &[u8], len: usize) -> String {
        let size = alphabet.len().min(256);
        if size == 0 {
            return String::new();
        }
        // Rejection sampling: bytes past the last whole multiple would favour the first characters.
        let limit = 256 - 256 % size;
        let mut out = String::with_capacity(len);
        let mut buffer = [0; 64];
        while out.len() < len {
            self.fill(&mut buffer);
            for byte in buffer.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < limit) {
                if out.len() == len {
                    break;
                }
                out.push(char::from(alphabet[byte % size] & 0x7f));
            }
        }
        out
    }

    /// A number in `0..bound`, drawn evenly; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let value = u64::from_le_bytes(self.bytes());
            if value < limit {
                return value % bound;
            }
        }
    }

    /// A random id (RFC 9562 §5.4).
    pub fn uuid_v4(&self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// An id that sorts by time (RFC 9562 §5.7), for rows that are mostly appended.
    pub fn uuid_v7(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::system()
    }
}

/// SHA-256 over the seed and a counter.
#[derive(Debug)]
struct Seeded {
    seed: u64,
    counter: u64,
}

impl Seeded {
    fn fill(&mut self, target: &mut [u8]) {
        for chunk in target.chunks_mut(SHA256.output_len()) {
            let mut context = Context::new(&SHA256);
            context.update(&self.seed.to_le_bytes());
            context.update(&self.counter.to_le_bytes());
            self.counter += 1;
            chunk.copy_from_slice(&context.finish().as_ref()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests;

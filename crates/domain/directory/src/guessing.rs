//! Guessing passwords and codes: how often somebody may be wrong.
//!
//! A guess takes its places before anything is compared and gives them back if it was right. What counts is who is guessed
//! at and where from: an account may be guessed at from one address a little, from all addresses together somewhat more,
//! and one address may guess at all accounts together so much. Nobody is locked out for good: places get free one by one,
//! and an address that the account logged in from before does not suffer from what others do elsewhere.
//!
//! SECURITY: names that nobody has are counted like the others, so that being turned away tells nothing.

mod ledger;

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use events::{Action, Draft};
use feature::{App, Caller};
use settings::Rate;

use self::ledger::{Full, Key, Ledger};

/// How long an address is known for an account after a login.
const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);

/// What is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guessed {
    /// A password or an app password.
    Password,
    /// Whose account is to be recovered.
    Recovery,
    /// The code that a device shows.
    DeviceCode,
}

/// Turned away without a look at what was guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Seconds until the next guess is looked at.
    pub seconds: u32,
}

impl Wait {
    fn of(wait: Duration) -> Self {
        Self { seconds: u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1) }
    }
    /// When to try again, in words.
    pub fn words(self) -> String {
        let several = |n: u32, unit: &str| if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") };
        if self.seconds < 60 { several(self.seconds, "second") } else { several(self.seconds.div_ceil(60), "minute") }
    }
}

/// A guess that may be looked at. It counts as wrong unless [`Guess::was_right`] is called.
#[derive(Debug)]
#[must_use = "a guess that is not reported as right counts as wrong"]
pub struct Guess {
    ledger: Arc<Ledger>,
    taken: Vec<(Key, Rate)>,
    known: Option<Key>,
    now: Duration,
}

impl Guess {
    pub fn was_right(self) {
        for (key, rate) in &self.taken {
            self.ledger.give_back(*key, rate);
        }
        if let Some(known) = self.known {
            self.ledger.note(known, self.now + KNOWN_FOR, self.now);
        }
    }
}

/// Begins a guess at an account, named by its user name or by whatever was typed in where there is none.
///
/// # Errors
/// There were too many wrong ones. The first that is turned away is recorded, with where it came from.
pub async fn begin(app: &App, what: Guessed, account: &str, caller: &Caller) -> Result<Guess, Wait> {
    let ledger = ledger(app);
    let now = app.clock().monotonic();
    // Upper and lower case are the same account wherever names are looked up so.
    let (account, place) = (account.to_lowercase(), place(caller.address));
    let known = ledger.key((what, "known", &account, place));
    let limits = &app.settings().throttle;
    let pair = ledger.key((what, "pair", &account, place));
    let anywhere = (ledger.key((what, "account", &account)), limits.login_everywhere);
    let mut wanted = match what {
        Guessed::Password => vec![(pair, limits.login_account), (ledger.key((what, place)), limits.login_address)],
        Guessed::Recovery => vec![(pair, limits.recovery)],
        Guessed::DeviceCode => vec![(pair, limits.device_code), (ledger.key((what, place)), limits.device_code)],
    };
    if what == Guessed::Password && !ledger.is_noted(known, now) {
        wanted.push(anywhere);
    }
    let mut guess = Guess { ledger, taken: Vec::new(), known: (what == Guessed::Password).then_some(known), now };
    for (key, rate) in wanted {
        if let Err(Full { wait, is_first }) = guess.ledger.take(key, &rate, now) {
            guess.taken.iter().for_each(|(key, rate)| guess.ledger.give_back(*key, rate));
            if is_first {
                record(app, what, &account, caller).await;
            }
            return Err(Wait::of(wait));
        }
        guess.taken.push((key, rate));
    }
    Ok(guess)
}

/// Counts a request of something that has a limit by address.
///
/// # Errors
/// There were too many.
pub fn request(app: &App, what: &'static str, rate: &Rate, address: Option<IpAddr>) -> Result<(), Wait> {
    let ledger = ledger(app);
    let key = ledger.key((what, place(address)));
    ledger.take(key, rate, app.clock().monotonic()).map_err(|full| Wait::of(full.wait))
}

/// One event for a row of guesses, however long it is.
async fn record(app: &App, what: Guessed, account: &str, caller: &Caller) {
    let message = match what {
        Guessed::Password => "Too many wrong passwords; further ones are not looked at for a while.",
        Guessed::Recovery => "Recovery was asked for too often; further requests are not looked at for a while.",
        Guessed::DeviceCode => "Too many wrong device codes; further ones are not looked at for a while.",
    };
    let draft = Draft::new(Action::SuspiciousRequest, "authentik.core.auth").with("message", message);
    draft.with("username", account.chars().take(150).collect::<String>()).by(caller).record(app).await;
}

/// Where somebody is. Of IPv6 the network: whoever has one address there has them all.
fn place(address: Option<IpAddr>) -> Option<[u8; 8]> {
    let octets = match address?.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets()[8..].to_vec(),
        IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
    };
    octets.try_into().ok()
}

/// Every part of the program counts in the same place.
fn ledger(app: &App) -> Arc<Ledger> {
    app.shared()
}

#[cfg(test)]
mod tests;

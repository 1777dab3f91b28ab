//! Time, ids and randomness as parameters.
//!
//! Separate because nothing else in the workspace may read the clock or the random generator of the
//! machine: whoever needs them is handed a [`Clock`] or a [`Random`], and a test hands over fakes.

mod random;
mod time;
mod timedelta;

pub use jiff::{SignedDuration, Timestamp};
pub use random::Random;
pub use time::Clock;
pub use timedelta::{TimeDelta, TimeDeltaError};
pub use uuid::Uuid;

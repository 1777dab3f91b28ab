//! Time, ids and randomness as parameters.

//! What an object is.

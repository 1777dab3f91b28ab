//! Whole flows, in-process.

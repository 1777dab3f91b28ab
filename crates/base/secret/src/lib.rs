//! Redacted values, password hashing and constant-time comparison.

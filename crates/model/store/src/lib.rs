//! Keeps any object in SQLite or PostgreSQL.

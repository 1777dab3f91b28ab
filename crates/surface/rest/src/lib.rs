//! API v3 out of the catalogue.

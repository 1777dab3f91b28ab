//! Settings declared once: parsing, docs and JSON schema.

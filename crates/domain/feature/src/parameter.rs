//! Parameters of queries, as operations declare them.
//!
//! What lists of objects take is declared by the surface from the schema; this is for lists that are made by hand.

/// The name, and an OpenAPI schema as JSON text.
pub type Parameter = (&'static str, &'static str);

pub const ORDERING: Parameter = text("ordering");
pub const PAGE: Parameter = integer("page");
pub const PAGE_SIZE: Parameter = integer("page_size");
pub const SEARCH: Parameter = text("search");

pub const fn text(name: &'static str) -> Parameter {
    (name, r#"{"type":"string"}"#)
}

pub const fn integer(name: &'static str) -> Parameter {
    (name, r#"{"type":"integer"}"#)
}

pub const fn boolean(name: &'static str) -> Parameter {
    (name, r#"{"type":"boolean"}"#)
}

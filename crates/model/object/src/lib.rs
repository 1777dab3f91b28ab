//! What an object is: one declaration that everything else walks.
//!
//! `#[derive(Object)]` turns a struct into a [`Schema`] constant and into row conversion, and nothing else. The store, the
//! REST API, OpenAPI, blueprints, permissions, the audit record and the admin forms are ordinary code over that constant,
//! so a hundredth object costs a file and no code elsewhere. This crate knows no database and no HTTP.

#[cfg(test)]
extern crate self as object;

mod catalogue;
mod choice;
mod field;
mod id;
mod json;
mod record;
mod schema;
mod typed;
mod value;
mod wire;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, CatalogueError, Dependent, Family, Model};
pub use choice::{Choice, Choices};
pub use field::{Access, Default, Field, Generated, Kind, OnDelete};
pub use id::{Id, Key, KeyKind, KeyType, Refs};
pub use json::{Json, JsonShape, Shape};
pub use object_derive::{Choices, Object};
pub use record::{Mismatch, Object, Record};
pub use schema::Schema;
pub use typed::{FieldType, ValueReader};
pub use uuid::Uuid;
pub use value::Value;
pub use wire::{FieldErrors, default_value, generate, parse_field, parse_key, python_repr, python_type, render_value};

//! Structured JSON fields: a Rust type in the struct, JSON in the database, a shape in the documents.

use std::ops::Deref;

use serde::{Serialize, de::DeserializeOwned};

use crate::field::Default;

/// What a JSON field may look like, for validation messages and OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Any,
    Object,
    /// A list of anything.
    Array,
    /// A component of the OpenAPI document, written by hand as JSON text.
    Component {
        name: &'static str,
        schema: &'static str,
    },
    /// A list of such components.
    ArrayOf {
        name: &'static str,
        schema: &'static str,
    },
}

/// A type that a JSON field is read into.
pub trait JsonShape: Serialize + DeserializeOwned + Clone {
    const SHAPE: Shape;
    const DEFAULT: Default = Default::Required;
}

/// A JSON field read as `T`.
#[derive(Debug, Clone, PartialEq, std::default::Default)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

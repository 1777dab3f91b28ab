//! `#[derive(Object)]` and `#[derive(Choices)]`: they read a type and write data, never behaviour.
//!
//! An attribute is a call on the const builders of `object`: `#[field(max = 50, unique)]` becomes `.max(50).unique()`, so
//! a new attribute is a method there and nothing here, and a misspelt one is an ordinary compiler error at its place.

mod choices;
mod object;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Writes `impl Object` for a struct: its `Schema` constant and row conversion.
#[proc_macro_derive(Object, attributes(object, field))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    object::expand(&input).unwrap_or_else(|e| e.to_compile_error()).into()
}

/// Writes `impl Choices` for an enum without data: wire names, labels, parsing.
#[proc_macro_derive(Choices, attributes(choices, choice))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choices::expand(&input).unwrap_or_else(|e| e.to_compile_error()).into()
}

//! Fields with a fixed set of values.

/// One allowed value of a [`crate::Kind::Choice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Value on the wire and in the database.
    pub value: &'static str,
    /// Text for people.
    pub label: &'static str,
}

/// An enumeration that can be a field; written by `#[derive(Choices)]`.
pub trait Choices: Sized + Copy + 'static {
    const CHOICES: &'static [Choice];
    /// Name of the schema component in the OpenAPI document.
    const NAME: &'static str;
    fn as_str(self) -> &'static str;
    fn parse(text: &str) -> Option<Self>;
}

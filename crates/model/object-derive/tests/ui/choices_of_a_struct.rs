//! error: choices are an enum without data
#[derive(Clone, Copy, object::Choices)]
struct Colour;
fn main() {}

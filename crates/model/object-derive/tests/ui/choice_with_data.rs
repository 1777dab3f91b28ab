//! error: a choice carries no data
#[derive(Clone, Copy, object::Choices)]
enum Colour {
    Red(u8),
}
fn main() {}

//! error: only `value = "…"` is known here
#[derive(Clone, Copy, object::Choices)]
enum Colour {
    #[choice(label = "red")]
    Red,
}
fn main() {}

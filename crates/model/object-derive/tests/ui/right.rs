//! The way it should be: no error at all.
#[derive(Clone, Copy, object::Choices)]
enum Colour {
    /// Red.
    Red,
}
/// A thing.
#[derive(object::Object)]
#[object(model = "t.thing", table = "t", verbose = "Thing")]
struct Thing {
    #[field(key)]
    pk: object::Id<Self>,
    /// Its colour.
    colour: Colour,
}
fn main() {}

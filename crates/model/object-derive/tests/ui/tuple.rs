//! error: an object is a struct with named fields
#[derive(object::Object)]
#[object(model = "t.thing")]
struct Thing(object::Id<Thing>);
fn main() {}

//! error: an object is a struct with named fields
#[derive(object::Object)]
#[object(model = "t.thing")]
enum Thing {
    One,
}
fn main() {}

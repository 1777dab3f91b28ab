//! error: an object has at least a key
#[derive(object::Object)]
#[object(model = "t.thing", table = "t", verbose = "Thing")]
struct Thing {}
fn main() {}

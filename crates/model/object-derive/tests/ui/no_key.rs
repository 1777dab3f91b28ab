//! error: the first field is the key: `Id<Self>`
#[derive(object::Object)]
#[object(model = "t.thing", table = "t", verbose = "Thing")]
struct Thing {
    name: String,
}
fn main() {}

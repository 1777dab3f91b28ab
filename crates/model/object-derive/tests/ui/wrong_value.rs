//! error: mismatched types
#[derive(object::Object)]
#[object(model = "t.thing", table = "t", verbose = "Thing")]
struct Thing {
    #[field(key)]
    pk: object::Id<Self>,
    #[field(max = "5")]
    name: String,
}
fn main() {}

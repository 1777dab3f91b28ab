//! error: no method named `maxx`
#[derive(object::Object)]
#[object(model = "t.thing", table = "t", verbose = "Thing")]
struct Thing {
    #[field(key)]
    pk: object::Id<Self>,
    #[field(maxx = 5)]
    name: String,
}
fn main() {}

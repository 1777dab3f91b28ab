//! error: no method named `cashed`
#[derive(object::Object)]
#[object(model = "t.thing", table = "t", verbose = "Thing", cashed)]
struct Thing {
    #[field(key)]
    pk: object::Id<Self>,
}
fn main() {}

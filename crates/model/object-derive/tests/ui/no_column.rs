//! error: Mutex<()>: FieldType` is not satisfied
#[derive(object::Object)]
#[object(model = "t.thing", table = "t", verbose = "Thing")]
struct Thing {
    #[field(key)]
    pk: object::Id<Self>,
    lock: std::sync::Mutex<()>,
}
fn main() {}

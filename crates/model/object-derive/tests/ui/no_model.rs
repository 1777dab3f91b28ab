//! error: #[object(model = "app.name", …)] is missing
#[derive(object::Object)]
struct Thing {
    #[field(key)]
    pk: object::Id<Self>,
}
fn main() {}

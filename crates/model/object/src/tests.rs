//! A declaration, walked.

use crate::{Choices, FieldErrors, Id, Kind, Object, Refs, Value, parse_field};
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "ColourEnum")]
enum Colour {
    /// Like the sky.
    Blue,
    #[choice(value = "rot")]
    Red,
}

/// A base of things.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.thing", table = "t_thing", family)]
struct Thing {
    #[field(key)]
    pk: Id<Self>,
    /// Name of it.
    #[field(max = 5, unique)]
    name: String,
}

/// A box, which is a thing.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.box", table = "t_box", ordering = ["name"])]
struct Crate_ {
    base: Thing,
    colour: Colour,
    #[field(default_bool = true)]
    open: bool,
    inside: Refs<Thing>,
    parent: Option<Id<Thing>>,
}

#[test]
fn base_fields_come_first() {
    let names: Vec<_> = Crate_::model().fields.iter().map(|f| f.name).collect();
    assert_eq!(names, ["pk", "name", "colour", "open", "inside", "parent"]);
    assert_eq!(Crate_::model().home, [0, 0, 1, 1, 1, 1]);
    assert_eq!(Crate_::SCHEMA.fields[0].enum_name, "ColourEnum");
    assert!(matches!(Crate_::SCHEMA.fields[3].kind, Kind::Ref { target: "t.thing", .. }));
    assert_eq!(Thing::SCHEMA.fields[1].help, "Name of it.");
}

#[test]
fn a_row_comes_back_as_it_went() {
    let id = Id(uuid::Uuid::from_u128(7));
    let one = Crate_ {
        base: Thing { pk: id, name: "a".into() },
        colour: Colour::Red,
        open: false,
        inside: Refs(vec![id]),
        parent: None,
    };
    let record = one.to_record();
    assert_eq!(record.get("colour"), &Value::from("rot"));
    assert_eq!(record.to::<Crate_>().unwrap(), one);
}

#[test]
fn messages_are_those_clients_know() {
    let name = Crate_::model().field("name").unwrap();
    let say = |v| parse_field(name, &v).unwrap_err();
    assert_eq!(say(json!("")), json!(["This field may not be blank."]));
    assert_eq!(say(json!("abcdef")), json!(["Ensure this field has no more than 5 characters."]));
    assert_eq!(say(json!(null)), json!(["This field may not be null."]));
    assert_eq!(say(json!([])), json!(["Not a valid string."]));
    let colour = Crate_::model().field("colour").unwrap();
    assert_eq!(parse_field(colour, &json!("x")).unwrap_err(), json!(["\"x\" is not a valid choice."]));
    let mut errors = FieldErrors::one("a", "b");
    errors.add("a", "c");
    assert_eq!(errors.to_json(), json!({"a": ["b", "c"]}));
}

/// A thing whose table's name PostgreSQL would cut.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.long", table = "t_a_name_that_goes_on_and_on_until_it_is_longer_than_sixty_three_bytes")]
struct Long {
    #[field(key)]
    pk: Id<Self>,
}

#[test]
fn a_table_name_that_would_be_cut_is_refused_at_start() {
    let refused = crate::Catalogue::new(vec![Long::model()]).unwrap_err().to_string();
    assert!(refused.contains("longer than the 63 bytes"), "{refused}");
}

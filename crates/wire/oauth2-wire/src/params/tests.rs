//! Tests of the parameters.

use proptest::prelude::*;

use super::*;

#[test]
fn the_last_of_repeated_values_counts_and_the_repetition_is_noticed() {
    let params = Params::parse(b"a=1&b=x+y%2B&a=2&c=&resource=p&resource=q").unwrap();
    assert_eq!(params.get("a"), Some("2"));
    assert_eq!(params.get("b"), Some("x y+"));
    assert_eq!((params.get("c"), params.get("d")), (None, None));
    assert_eq!(params.all("resource").collect::<Vec<_>>(), ["p", "q"]);
    assert_eq!(params.check_repeated(&["resource"]), Err(ParamsError::Repeated("a".into())));
    assert_eq!(params.check_repeated(&["resource", "a"]), Ok(()));
}

#[test]
fn floods_of_parameters_are_refused() {
    assert_eq!(Params::parse("a=1&".repeat(257).as_bytes()), Err(ParamsError::TooMany));
    assert!(Params::parse("a=1&".repeat(256).as_bytes()).is_ok());
}

#[test]
fn debug_shows_names_only() {
    let params = Params::parse(b"client_secret=hunter2").unwrap();
    assert_eq!(format!("{params:?}"), "{\"client_secret\"}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Params::parse(&body);
    }
}

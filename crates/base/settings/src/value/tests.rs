//! Unit tests of the value types.

use std::time::Duration;

use ipnet::IpNet;
use proptest::prelude::*;
use secret::Secret;

use super::{BasePath, ListenAddress, Rate, Raw, Value};
use crate::SslMode;

fn text<T: Value>(text: &str) -> Result<T, String> {
    T::parse(&Raw::Text(text.to_owned()))
}

#[test]
fn listen_addresses() {
    for (written, shown) in [
        ("0.0.0.0:9000", "0.0.0.0:9000"),
        ("[::]:9000", "[::]:9000"),
        (":9000", "[::]:9000"),
        ("localhost:80", "127.0.0.1:80"),
        ("unix:/run/x", "unix:/run/x"),
        ("unix:///run/x", "unix:/run/x"),
    ] {
        assert_eq!(text::<ListenAddress>(written).unwrap().to_string(), shown);
    }
    for wrong in ["", "9000", "unix:", "example.com:80", "1.2.3.4:99999", "::"] {
        assert_eq!(text::<ListenAddress>(wrong).unwrap_err(), wrong);
    }
}

#[test]
fn an_empty_list_is_a_value() {
    assert_eq!(text::<Vec<IpNet>>("").unwrap(), []);
    assert_eq!(text::<Vec<IpNet>>("10.0.0.0/8, ::1").unwrap().len(), 2);
    assert_eq!(text::<Vec<IpNet>>("10.0.0.0/8,nonsense").unwrap_err(), "nonsense");
}

#[test]
fn durations_and_rates() {
    assert_eq!(text::<Duration>("90").unwrap().as_secs(), 90);
    assert_eq!(text::<Duration>("days=1;hours=2").unwrap().as_secs(), 93_600);
    assert!(text::<Duration>("days=18446744073709551615").is_err());
    assert!(text::<Duration>("a while").is_err());
    let per = Duration::from_hours(1);
    assert_eq!(text::<Rate>("20/hour").unwrap(), Rate { count: 20, per });
    assert!(text::<Rate>("20").is_err());
}

#[test]
fn base_paths() {
    assert_eq!(text::<BasePath>("/id/").unwrap().prefix(), "/id");
    assert_eq!(text::<BasePath>("/").unwrap().prefix(), "");
    for wrong in ["", "id", "/id", "//", "/../", "/a b/", "/%2f/"] {
        assert!(text::<BasePath>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn words_ignore_case() {
    assert_eq!(text::<SslMode>("Verify-Full").unwrap(), SslMode::VerifyFull);
    assert!(SslMode::allowed().contains("verify-ca"));
}

#[test]
fn a_secret_shows_nothing() {
    let secret = text::<Secret<String>>("hunter2").unwrap();
    assert_eq!(format!("{secret:?}"), "***");
    assert_eq!(secret.expose(), "hunter2");
}

proptest! {
    #[test]
    fn no_text_panics(written in ".*") {
        let _ = text::<ListenAddress>(&written);
        let _ = text::<Vec<IpNet>>(&written);
        let _ = text::<Duration>(&written);
        let _ = text::<Rate>(&written);
        let _ = text::<BasePath>(&written);
        let _ = text::<url::Url>(&written);
    }
}

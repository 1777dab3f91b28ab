//! Unit tests of the derived texts.

use super::{json_schema, reference, table};
use crate::{Settings, Sources};

#[test]
fn every_setting_is_described() {
    let reference = reference();
    for item in Settings::items() {
        assert!(reference.contains(&format!("### `{}`", item.key)), "{}", item.key);
        assert!(reference.contains(&item.variable()));
    }
}

#[test]
fn the_schema_nests_keys() {
    let schema = json_schema();
    let port = &schema["properties"]["postgresql"]["properties"]["port"];
    assert_eq!(port["maximum"], 65535);
    assert_eq!(port["default"], "5432");
    assert_eq!(port["description"], "Port.");
    assert_eq!(schema["additionalProperties"], false);
    let device = &schema["properties"]["throttle"]["properties"]["providers"]["properties"]["oauth2"];
    assert!(device["properties"]["device"].is_object());
}

#[test]
fn the_table_hides_secrets() {
    let sources = Sources::from_env([("KEYWRIGHT_SECRET_KEY", "hunter2"), ("AUTHENTIK_REDIS__HOST", "r")]);
    let loaded = Settings::load(&sources).unwrap();
    let table = table(&loaded);
    assert!(!table.contains("hunter2"));
    let line = table.lines().find(|line| line.starts_with("secret_key ")).unwrap();
    assert!(line.contains("***") && line.ends_with("environment variable KEYWRIGHT_SECRET_KEY"), "{line}");
    assert!(table.contains("notice: redis.host"));
    assert!(!format!("{loaded:?}").contains("hunter2"));
}

//! Answers of the questions about events.

/// Name and OpenAPI schema.
pub const COMPONENTS: &[(&str, &str)] = &[
    (
        "EventTopPerUser",
        r#"{"properties":{"application":{"additionalProperties":{},"type":"object"},
"counted_events":{"type":"integer"},"unique_users":{"type":"integer"}},
"required":["application","counted_events","unique_users"],"type":"object"}"#,
    ),
    (
        "EventVolume",
        r##"{"properties":{"action":{"$ref":"#/components/schemas/EventActions"},
"time":{"format":"date-time","type":"string"},"count":{"type":"integer"}},
"required":["action","count","time"],"type":"object"}"##,
    ),
];

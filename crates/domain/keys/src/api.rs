//! What the API adds to a pair: its checks, the facts of the certificate, reading its secrets on the record.

use feature::{
    BoxFuture, Call, Change, Computed, Kind, Listing, Method, Operation, Permission, Problem, Rendering, Reply,
};
use http::StatusCode;
use jose::SigningKey;
use object::{FieldErrors, Record, Value, render_value};
use serde_json::{Value as Json, json};
use store::Filter;

use crate::certificate::Facts;
use crate::generate;
use crate::key_pair::CertificateKeyPair;
use crate::renewal;

/// The pair with all that belongs to it.
pub const KIND: Kind = Kind::of::<CertificateKeyPair>()
    .check(check)
    .saved(renewal::saved)
    .computed(&[
        Computed { name: "fingerprint_sha256", schema: TEXT, required: true, render: fingerprint_sha256 },
        Computed { name: "fingerprint_sha1", schema: TEXT, required: true, render: fingerprint_sha1 },
        Computed {
            name: "cert_expiry",
            schema: r#"{"type":"string","format":"date-time","nullable":true}"#,
            required: true,
            render: cert_expiry,
        },
        Computed { name: "cert_subject", schema: TEXT, required: true, render: cert_subject },
        Computed {
            name: "private_key_available",
            schema: r#"{"type":"boolean"}"#,
            required: true,
            render: private_key_available,
        },
        Computed {
            name: "key_type",
            schema: r##"{"allOf":[{"$ref":"#/components/schemas/KeyTypeEnum"}],"nullable":true}"##,
            required: true,
            render: key_type,
        },
        Computed { name: "certificate_download_url", schema: URL, required: true, render: certificate_url },
        Computed { name: "private_key_download_url", schema: URL, required: true, render: private_key_url },
    ])
    .listing(
        listing,
        &[
            ("has_key", r#"{"type":"boolean"}"#),
            ("include_details", r#"{"type":"boolean","default":true}"#),
            ("key_type", r#"{"type":"array","items":{"type":"string","enum":["rsa","ec","dsa","ed25519","ed448"]}}"#),
        ],
    )
    .operations(&[
        Operation {
            id: "crypto_certificatekeypairs_generate_create",
            method: Method::Post,
            path: "crypto/certificatekeypairs/generate/",
            permission: Permission::Global("authentik_crypto.add_certificatekeypair"),
            summary: "Make a new key with a self-signed certificate.",
            request: r##"{"$ref":"#/components/schemas/CertificateGenerationRequest"}"##,
            response: r##"{"$ref":"#/components/schemas/CertificateKeyPair"}"##,
            status: 200,
            parameters: &[],
            run: generate::operation,
        },
        Operation {
            id: "crypto_certificatekeypairs_view_certificate_retrieve",
            method: Method::Get,
            path: "crypto/certificatekeypairs/{kp_uuid}/view_certificate/",
            permission: Permission::Target("authentik_crypto.view_certificatekeypair_certificate"),
            summary: "Read the certificate. The reading is recorded as an event.",
            request: "",
            response: DATA,
            status: 200,
            parameters: DOWNLOAD,
            run: view_certificate,
        },
        Operation {
            id: "crypto_certificatekeypairs_view_private_key_retrieve",
            method: Method::Get,
            path: "crypto/certificatekeypairs/{kp_uuid}/view_private_key/",
            permission: Permission::Target("authentik_crypto.view_certificatekeypair_key"),
            summary: "Read the private key. The reading is recorded as an event.",
            request: "",
            response: DATA,
            status: 200,
            parameters: DOWNLOAD,
            run: view_private_key,
        },
    ]);

pub const COMPONENTS: &[(&str, &str)] = &[
    ("KeyTypeEnum", r#"{"type":"string","enum":["rsa","ec","dsa","ed25519","ed448"]}"#),
    ("AlgEnum", r#"{"type":"string","enum":["rsa","ecdsa"]}"#),
    (
        "CertificateGenerationRequest",
        r##"{"type":"object","properties":{"common_name":{"type":"string","minLength":1},
        "subject_alt_name":{"type":"string"},"validity_days":{"type":"integer"},
        "alg":{"allOf":[{"$ref":"#/components/schemas/AlgEnum"}],"default":"rsa"}},
        "required":["common_name","validity_days"]}"##,
    ),
    (
        "CertificateData",
        r#"{"type":"object","properties":{"data":{"type":"string","readOnly":true}},"required":["data"]}"#,
    ),
];

const TEXT: &str = r#"{"type":"string","nullable":true}"#;
const URL: &str = r#"{"type":"string"}"#;
const DATA: &str = r##"{"$ref":"#/components/schemas/CertificateData"}"##;
const DOWNLOAD: &[(&str, &str)] = &[("download", r#"{"type":"boolean"}"#)];

fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let mut errors = FieldErrors::default();
        if change.differs("certificate_data") && Facts::read(change.record.text("certificate_data")).is_none() {
            errors.add("certificate_data", "Unable to load certificate.");
        }
        let key = change.record.text("key_data");
        if change.differs("key_data")
            && !key.is_empty()
            && let Err(reason) = SigningKey::from_pem(key)
        {
            tracing::info!("A private key was refused: {reason}");
            errors.add("key_data", "Unable to load private key (possibly encrypted?).");
        }
        Ok(errors.into_result()?)
    })
}

fn listing<'a>(rendering: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async move {
        let mut filter = Filter::True;
        if rendering.flag("has_key", false) {
            filter = filter.and(Filter::eq("key_data", "").negate());
        }
        let types: Vec<&str> =
            rendering.query.iter().filter(|(k, v)| k == "key_type" && !v.is_empty()).map(|(_, v)| v.as_str()).collect();
        if let Some(bad) = types.iter().find(|t| !matches!(**t, "rsa" | "ec" | "dsa" | "ed25519" | "ed448")) {
            let message = format!("Select a valid choice. {bad} is not one of the available choices.");
            return Err(Problem::field("key_type", message));
        }
        if !types.is_empty() {
            let snapshot = rendering.store.snapshot();
            let of_type = |pair: &CertificateKeyPair| {
                Facts::read(&pair.certificate_data).and_then(|f| f.key_type).is_some_and(|t| types.contains(&t))
            };
            let keys: Vec<_> =
                snapshot.all::<CertificateKeyPair>().iter().filter(|p| of_type(p)).map(|p| p.pk.key()).collect();
            filter = filter.and(Filter::any_of("pk", keys));
        }
        Ok(Listing { filter, open: false })
    })
}

/// A value of each record's certificate; null when it cannot be read or details are not asked for.
fn facts<'a>(
    rendering: &'a Rendering<'_>,
    records: &'a [Record],
    show: fn(&Facts) -> Json,
) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    let wanted = rendering.flag("include_details", true);
    let one = move |record: &Record| match wanted.then(|| Facts::read(record.text("certificate_data"))) {
        Some(Some(facts)) => show(&facts),
        _ => Json::Null,
    };
    let values = records.iter().map(one).collect();
    Box::pin(async move { Ok(values) })
}

fn fingerprint_sha256<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    facts(r, records, |f| f.sha256().into())
}
fn fingerprint_sha1<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    facts(r, records, |f| f.sha1().into())
}
fn cert_expiry<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    facts(r, records, |f| render_value(&Value::Time(f.not_after)))
}
fn cert_subject<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    facts(r, records, |f| f.subject.clone().into())
}
fn key_type<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    facts(r, records, |f| f.key_type.into())
}
fn private_key_available<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { Ok(records.iter().map(|r| (!r.text("key_data").is_empty()).into()).collect()) })
}
fn certificate_url<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { Ok(records.iter().map(|r| url(r, "view_certificate")).collect()) })
}
fn private_key_url<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { Ok(records.iter().map(|r| url(r, "view_private_key")).collect()) })
}

fn url(record: &Record, view: &str) -> Json {
    let key = record.key().map(|k| k.to_string()).unwrap_or_default();
    format!("/api/v3/crypto/certificatekeypairs/{key}/{view}/?download").into()
}

fn view_certificate(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    view(call, "certificate_data", "certificate")
}
fn view_private_key(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    view(call, "key_data", "private_key")
}

fn view<'a>(call: &'a Call, field: &'static str, what: &'static str) -> BoxFuture<'a, Result<Reply, Problem>> {
    Box::pin(async move {
        let record = call.target()?;
        // Before the secret leaves: without the record it stays.
        events::Draft::new(events::Action::SecretView, "authentik.crypto.api")
            .with("secret", events::reference(record))
            .with("type", what)
            .by(&call.caller)
            .emit(&call.app, call.app.store())
            .await?;
        let data = record.text(field).to_owned();
        if call.parameter("download").is_none() {
            return Ok(Reply::ok(json!({ "data": data })));
        }
        let filename = format!("{}_{what}.pem", record.text("name"));
        Ok(Reply::Bytes {
            status: StatusCode::OK,
            content_type: "application/x-pem-file",
            filename: Some(filename),
            bytes: data.into_bytes(),
        })
    })
}

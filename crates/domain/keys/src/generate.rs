//! New keys with self-signed certificates.

use std::time::Duration;

use feature::{App, BoxFuture, Call, Problem, Reply, change};
use http::StatusCode;
use jiff::Timestamp;
use jose::{Curve, KeyKind};
use object::{Choices, Field, FieldErrors, Object, Value, parse_field};
use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DnType, KeyPair, SanType, date_time_ymd};
use serde_json::{Map, Value as Json, json};

use crate::key_pair::CertificateKeyPair;

/// What sort of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "AlgEnum")]
pub enum Alg {
    /// rsa
    Rsa,
    /// ecdsa
    Ecdsa,
}

/// What to make.
#[derive(Debug, Clone)]
pub struct Request {
    pub common_name: String,
    pub alt_names: Vec<String>,
    pub days: i64,
    pub kind: KeyKind,
}

/// What was made, both as PEM text.
pub struct Generated {
    pub certificate: String,
    pub key: String,
}

/// Why it could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateFault {
    #[error("“{0}” can be neither a host name nor an address in a certificate")]
    AltName(String),
    #[error(transparent)]
    Key(#[from] jose::Error),
    #[error("making the certificate: {0}")]
    Certificate(#[from] rcgen::Error),
}

impl Request {
    /// Makes a key and its certificate. Slow for RSA: not on a thread that serves requests.
    pub fn run(&self, now: Timestamp, serial: [u8; 16]) -> Result<Generated, GenerateFault> {
        let key = self.kind.generate()?;
        let pair = KeyPair::from_pem(&key)?;
        let mut params = CertificateParams::default();
        params.serial_number = Some(serial.to_vec().into());
        params.subject_alt_names = self.alt_names.iter().map(|n| alt_name(n)).collect::<Result<_, _>>()?;
        let name = &mut params.distinguished_name;
        // A certificate made by `default` comes with a name of its own.
        *name = rcgen::DistinguishedName::new();
        // X.520 allows 64 characters.
        name.push(DnType::CommonName, self.common_name.chars().take(64).collect::<String>());
        name.push(DnType::OrganizationName, "authentik");
        name.push(DnType::OrganizationalUnitName, "Self-signed");
        // A day back, for clients whose clock runs behind.
        let epoch = date_time_ymd(1970, 1, 1);
        params.not_before = epoch + seconds(now, -1);
        params.not_after = epoch + seconds(now, self.days);
        let certificate = params.self_signed(&pair)?;
        Ok(Generated { certificate: certificate.pem(), key: key.to_string() })
    }
}

/// Seconds since 1970, some days from now; certificates know no time before.
fn seconds(now: Timestamp, days: i64) -> Duration {
    let moment = now.as_second().saturating_add(days.saturating_mul(86_400));
    Duration::from_secs(moment.clamp(0, Timestamp::MAX.as_second()).unsigned_abs())
}

fn alt_name(name: &str) -> Result<SanType, GenerateFault> {
    if let Ok(address) = name.parse() {
        return Ok(SanType::IpAddress(address));
    }
    Ia5String::try_from(name).map(SanType::DnsName).map_err(|_| GenerateFault::AltName(name.to_owned()))
}

/// Makes a pair on a thread of its own and keeps it.
pub async fn generate(app: &App, request: Request) -> Result<Generated, Problem> {
    let (now, mut serial) = (app.clock().now(), app.random().bytes::<16>());
    // RFC 5280 §4.1.2.2: positive and at most 20 octets.
    serial[0] = serial[0] & 0x7f | 0x40;
    let made = tokio::task::spawn_blocking(move || request.run(now, serial)).await.map_err(Problem::fault)?;
    made.map_err(|e| match e {
        GenerateFault::AltName(_) => Problem::field("subject_alt_name", e.to_string()),
        other => Problem::fault(other),
    })
}

pub fn operation(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let request = read(call.input()?)?;
        let name = request.common_name.clone();
        let made = generate(&call.app, request).await?;
        let input = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("certificate_data".to_owned(), json!(made.certificate)),
            ("key_data".to_owned(), json!(made.key)),
        ]);
        let tx = call.app.store().begin().await?;
        let context =
            change::Context { app: &call.app, store: &tx, caller: &call.caller, options: change::Options::default() };
        let record = change::create(context, CertificateKeyPair::model(), &input).await.map_err(|mut problem| {
            // The caller knows the name under which it was asked for.
            if let Some(messages) = problem.body.as_object_mut().and_then(|b| b.remove("name")) {
                problem.body["common_name"] = messages;
            }
            problem
        })?;
        tx.commit().await?;
        Ok(Reply::Object(StatusCode::OK, record))
    })
}

/// Days until the year 9999 at the latest, which is the last that certificates can say.
const MAX_DAYS: i64 = 365 * 1000;

fn read(input: &Map<String, Json>) -> Result<Request, Problem> {
    const COMMON_NAME: Field = Field::of::<String>("common_name", "");
    const SUBJECT_ALT_NAME: Field = Field::of::<String>("subject_alt_name", "").blank();
    const VALIDITY_DAYS: Field = Field::of::<i64>("validity_days", "").min_value(1).max_value(MAX_DAYS);
    const ALG: Field = Field::of::<Alg>("alg", "").default_text("rsa");

    let mut errors = FieldErrors::default();
    let mut value = |field: &Field| match (input.get(field.name), field.default) {
        (Some(json), _) => parse_field(field, json).unwrap_or_else(|messages| {
            errors.set(field.name, messages);
            Value::Null
        }),
        (None, object::Default::Required) => {
            errors.add(field.name, "This field is required.");
            Value::Null
        }
        (None, object::Default::Text(text)) => text.into(),
        (None, _) => Value::Null,
    };
    let (common_name, alt, days, alg) =
        (value(&COMMON_NAME), value(&SUBJECT_ALT_NAME), value(&VALIDITY_DAYS), value(&ALG));
    errors.into_result()?;
    let kind = match alg.as_str().and_then(Alg::parse) {
        Some(Alg::Ecdsa) => KeyKind::Ec(Curve::P256),
        _ => KeyKind::Rsa4096,
    };
    let alt = alt.as_str().unwrap_or_default();
    Ok(Request {
        common_name: common_name.as_str().unwrap_or_default().to_owned(),
        alt_names: alt.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect(),
        days: days.as_int().unwrap_or(365),
        kind,
    })
}

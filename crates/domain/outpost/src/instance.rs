//! The running instances of outposts, as they report themselves.
//!
//! Kept in the database, because the one who asks for the health is seldom at the node that the instance is connected to.

use brand::API_VERSION;
use clock::{SignedDuration, Timestamp};
use feature::{App, Kind, Problem};
use object::{Id, Object, Uuid, Value, render_value};
use serde_json::{Map, Value as Json, json};
use store::{Filter, Op, Query, Write};

use crate::outpost::Outpost;

/// How long an instance counts as running after its last word: one and a half of the interval in which it reports.
const ALIVE: SignedDuration = SignedDuration::from_secs(15);

/// A running instance of an outpost.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_outposts.outpostinstance",
    table = "keywright_outpost_instance",
    verbose = "Outpost instance",
    plural = "Outpost instances",
    verbs = [],
    unaudited,
    no_blueprint
)]
pub struct Instance {
    #[field(key)]
    pub pk: Id<Self>,
    pub outpost: Id<Outpost>,
    /// What the instance calls itself.
    #[field(max = 255)]
    pub uid: String,
    #[field(index)]
    pub last_seen: Timestamp,
    #[field(blank, max = 255)]
    pub version: String,
    #[field(blank, max = 255)]
    pub build_hash: String,
    #[field(blank, max = 255)]
    pub golang_version: String,
    pub openssl_enabled: bool,
    #[field(blank, max = 255)]
    pub openssl_version: String,
    pub fips_enabled: bool,
    #[field(blank, max = 255)]
    pub hostname: String,
}

pub const KIND: Kind = Kind::of::<Instance>();

impl Instance {
    /// What an instance said of itself.
    pub fn said(outpost: Id<Outpost>, uid: &str, now: Timestamp, args: &Map<String, Json>) -> Self {
        let text = |name: &str| -> String {
            let value = args.get(name).and_then(Json::as_str).unwrap_or_default();
            value.chars().filter(|c| !c.is_control()).take(255).collect()
        };
        let flag = |name: &str| args.get(name).and_then(Json::as_bool).unwrap_or(false);
        Self {
            pk: Id(Uuid::new_v5(&outpost.0, uid.as_bytes())),
            outpost,
            uid: uid.to_owned(),
            last_seen: now,
            version: text("version"),
            build_hash: text("buildHash"),
            golang_version: text("golangVersion"),
            openssl_enabled: flag("opensslEnabled"),
            openssl_version: text("opensslVersion"),
            fips_enabled: flag("fipsEnabled"),
            hostname: text("hostname"),
        }
    }

    pub async fn keep(&self, app: &App) -> Result<(), Problem> {
        app.store().apply(vec![Write::Upsert(self.to_record())]).await?;
        Ok(())
    }

    fn show(&self) -> Json {
        let outdated = !self.version.is_empty() && self.build_hash.is_empty() && self.version != API_VERSION;
        json!({
            "uid": self.uid,
            "last_seen": render_value(&Value::Time(self.last_seen)),
            "version": self.version,
            "golang_version": self.golang_version,
            "openssl_enabled": self.openssl_enabled,
            "openssl_version": self.openssl_version,
            "fips_enabled": self.fips_enabled,
            "version_should": API_VERSION,
            "version_outdated": outdated,
            "build_hash": self.build_hash,
            "build_hash_should": "",
            "hostname": self.hostname,
        })
    }
}

/// The instances that run.
pub async fn health(app: &App, outpost: &Outpost) -> Result<Vec<Json>, Problem> {
    let since = app.clock().after(-ALIVE);
    let alive = Filter::eq("outpost", outpost.pk).and(Filter::compare("last_seen", Op::Gt, since));
    let found: Vec<Instance> = app.store().find(&Query::filter(alive).order(&["uid"]).limit(1000)).await?;
    let mut shown: Vec<Json> = found.iter().map(Instance::show).collect();
    if outpost.is_embedded() {
        // Whoever answers is an instance of it.
        let args = json!({"version": API_VERSION, "opensslVersion": "AWS-LC", "hostname": hostname()});
        let args = args.as_object().cloned().unwrap_or_default();
        shown.push(Instance::said(outpost.pk, "embedded", app.clock().now(), &args).show());
    }
    Ok(shown)
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Forgets instances that were not heard of for a day.
pub async fn expire(app: &App) -> Result<(), Problem> {
    let before = app.clock().after(SignedDuration::from_hours(-24));
    app.store().delete_where(Instance::model(), Filter::compare("last_seen", Op::Lt, before)).await?;
    Ok(())
}

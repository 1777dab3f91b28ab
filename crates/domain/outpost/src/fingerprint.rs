//! What an outpost works with, as a number that changes whenever it does: then the outpost is told to read it again.
//!
//! Compared snapshot by snapshot rather than announced by whoever changes something, so that no change can be forgotten and
//! every node notices by itself.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use apps::{Application, PropertyMapping, Provider};
use brand::Brand;
use keys::CertificateKeyPair;
use object::{Id, Object, Record, render_value};
use store::Snapshot;

use crate::index::providers_of;
use crate::outpost::Outpost;

struct Fingerprints(HashMap<Id<Outpost>, u64>);

/// The present fingerprint of an outpost; `None` when there is no such outpost.
pub fn of(snapshot: &Snapshot, outpost: Id<Outpost>) -> Option<u64> {
    let all = snapshot.derive(|snapshot| {
        let all = snapshot.all::<Outpost>();
        Fingerprints(all.iter().map(|o| (o.pk, compute(snapshot, o))).collect())
    });
    all.0.get(&outpost).copied()
}

fn compute(snapshot: &Snapshot, outpost: &Outpost) -> u64 {
    let mut hasher = DefaultHasher::new();
    add(&mut hasher, &outpost.to_record());
    for provider in providers_of(snapshot, outpost.pk).iter() {
        add(&mut hasher, provider);
        if let Some(id) = provider.key().and_then(Id::<Provider>::from_key) {
            let of: [Option<Arc<Application>>; 2] =
                [apps::of_provider(snapshot, id), apps::of_backchannel_provider(snapshot, id)];
            for application in of.into_iter().flatten() {
                add(&mut hasher, &application.to_record());
            }
        }
        for (field, value) in provider.model.fields.iter().zip(&provider.values) {
            let key = value.as_key().filter(|_| field.target() == Some(CertificateKeyPair::MODEL));
            if let Some(row) = key.and_then(|k| snapshot.row(CertificateKeyPair::MODEL, k)) {
                add(&mut hasher, row);
            }
        }
        for key in provider.get("property_mappings").as_keys() {
            if let Some(row) = snapshot.concrete(PropertyMapping::MODEL, *key) {
                add(&mut hasher, row);
            }
        }
    }
    if outpost.managed.is_some() {
        for row in snapshot.rows(Brand::MODEL) {
            add(&mut hasher, row);
        }
    }
    hasher.finish()
}

fn add(hasher: &mut DefaultHasher, record: &Record) {
    record.model.name().hash(hasher);
    for value in &record.values {
        render_value(value).to_string().hash(hasher);
    }
}

//! Backups that are made by themselves.

use std::path::PathBuf;
use std::time::Duration;

use secret::Secret;
use url::Url;

use crate::declare::settings;

settings! {
    /// Encrypted backups. `keywright backup` makes one by hand with the same settings.
    pub struct Backup {
        /// How often one is made, by one node of the installation: `hours=24`. Without it none is made by itself.
        schedule: Option<Duration>, "backup.schedule";
        /// How many are kept; older ones are removed.
        keep: u32, "backup.keep" = "14";
        /// Where they are kept: a folder, or `s3://bucket/folder`. Without it `backups` in the data folder.
        to: Option<String>, "backup.to";
        /// What they are encrypted with, 12 characters at least. Keep it elsewhere too: without it they are worth nothing.
        passphrase: Option<Secret<String>>, "backup.passphrase";
        /// File whose content is used as the passphrase.
        key_file: Option<PathBuf>, "backup.key_file";
        /// Address of the object storage; Amazon's by default.
        s3_endpoint: Option<Url>, "backup.s3.endpoint";
        /// Region of the object storage.
        s3_region: String, "backup.s3.region" = "us-east-1";
        /// Access key of the object storage.
        s3_access_key: Option<String>, "backup.s3.access_key";
        /// Secret key of the object storage.
        s3_secret_key: Option<Secret<String>>, "backup.s3.secret_key";
    }
}

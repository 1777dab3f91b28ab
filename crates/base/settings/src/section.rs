//! All sections together: the one list that makes a section exist.

mod backup;
mod bootstrap;
mod general;
mod listen;
mod log;
mod outpost;
mod postgresql;
mod sessions;
mod throttle;
mod tls;
mod web;

pub use backup::Backup;
pub use bootstrap::Bootstrap;
pub use general::{Database, General};
pub use listen::Listen;
pub use log::{Log, LogFormat, LogLevel};
pub use outpost::Outpost;
pub use postgresql::{Postgresql, SslMode};
pub use sessions::Sessions;
pub use throttle::Throttle;
pub use tls::Tls;
pub use web::Web;

use crate::{Item, Section, load::Reader};

macro_rules! sections {
    ($($field:ident: $section:ident,)+) => {
        /// Everything that can be set.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(
                #[doc = concat!("See [`", stringify!($section), "`].")]
                pub $field: $section,
            )+
        }

        impl Settings {
            /// All sections in the order of the reference.
            pub const SECTIONS: &'static [Section] = &[$($section::SECTION),+];

            pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
                $( let $field = $section::read(reader); )+
                Some(Self { $( $field: $field?, )+ })
            }
        }
    };
}

sections! {
    general: General,
    bootstrap: Bootstrap,
    listen: Listen,
    tls: Tls,
    web: Web,
    postgresql: Postgresql,
    log: Log,
    outpost: Outpost,
    sessions: Sessions,
    throttle: Throttle,
    backup: Backup,
}

/// Where objects are kept.
#[derive(Debug, Clone, Copy)]
pub enum Storage<'a> {
    /// SQLite in the data folder.
    Embedded,
    /// The PostgreSQL server described by the section.
    Postgresql(&'a Postgresql),
}

impl Settings {
    /// PostgreSQL when its host is set, otherwise the embedded database.
    pub fn storage(&self) -> Storage<'_> {
        match self.postgresql.host {
            Some(_) => Storage::Postgresql(&self.postgresql),
            None => Storage::Embedded,
        }
    }

    /// Every declared setting.
    pub fn items() -> impl Iterator<Item = &'static Item> {
        Self::SECTIONS.iter().flat_map(|section| section.items)
    }
}

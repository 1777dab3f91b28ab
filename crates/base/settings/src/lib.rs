//! Settings declared once: reading, checking, reference and JSON schema come from the same lines.
//!
//! Each section is one file under `section/`; a setting is one line in it. Values come, weakest first,
//! from the built-in default, YAML files, a folder of secrets, `AUTHENTIK_*` variables and `KEYWRIGHT_*` variables. This is
//! the only crate that reads the process environment, and only in [`Sources::from_process`].
//!
//! ```
//! use settings::{Settings, Sources, Storage};
//!
//! let sources = Sources::from_env([("AUTHENTIK_LISTEN__HTTP", "127.0.0.1:8000")]);
//! let loaded = Settings::load(&sources).expect("these settings are right");
//! assert_eq!(loaded.settings.listen.http[0].to_string(), "127.0.0.1:8000");
//! assert!(matches!(loaded.settings.storage(), Storage::Embedded));
//! for notice in &loaded.notices {
//!     eprintln!("{notice}");
//! }
//!
//! let sources = Sources::from_env([("KEYWRIGHT_LISTEN__HTP", "127.0.0.1:8000")]);
//! let problems = Settings::load(&sources).unwrap_err().to_string();
//! assert!(problems.contains("did you mean `KEYWRIGHT_LISTEN__HTTP`"));
//! ```

mod declare;
mod describe;
mod ignored;
mod load;
mod nearest;
mod problem;
mod secret_key;
mod section;
mod source;
mod value;

pub use declare::{Item, Section};
pub use describe::{json_schema, reference, table};
pub use load::{Loaded, Row};
pub use problem::{Notice, Origin, Problem, Problems};
pub use secret_key::SecretKeyFault;
pub use section::{
    Backup, Bootstrap, Database, General, Listen, Log, LogFormat, LogLevel, Outpost, Postgresql, Sessions, Settings,
    SslMode, Storage, Throttle, Tls, Web,
};
pub use source::Sources;
pub use value::{BasePath, Choice, ListenAddress, Rate, Value};

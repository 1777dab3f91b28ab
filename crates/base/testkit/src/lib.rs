//! What tests share: a program with nobody else in it, a private PostgreSQL and a way to run a test on every database.
//!
//! Separate so that no shipped crate carries it: it is only ever a dev-dependency. It knows no store and no program; the
//! macros name their types in the crate that uses them.

mod postgres;

pub use postgres::{Database, postgres};

/// Writes each test twice: once on SQLite, once on PostgreSQL. The latter passes with a notice where no PostgreSQL can be
/// had. The first line is an expression of type `&'static Catalogue`. `Store` and
/// `PostgresConfig` of the crate `store` must be in scope.
///
/// ```ignore
/// testkit::on_each_store! { catalogue();
///     async fn a_row_comes_back(store: Store) {
///         assert_eq!(store.count(User::model(), &Filter::True).await.unwrap(), 0);
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_each_store {
    ($catalogue:expr; $($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "a test may need nothing of its module")]
            use super::*;

            async fn body($store: Store) $body

            #[tokio::test]
            async fn sqlite() {
                body(Store::open_temporary($catalogue).await.unwrap()).await;
            }

            #[tokio::test]
            async fn postgres() {
                let Some(database) = $crate::postgres() else { return };
                let config = PostgresConfig::from_url(database.url()).unwrap();
                body(Store::open_postgres(config, $catalogue).await.unwrap()).await;
            }
        }
    )*};
}

/// A program made of a registry, on an empty temporary store: fixed randomness, the clock stands at 1,700,000,000, hashing
/// costs next to nothing. In an async test; what uses it needs `clock`, `feature`, `secret`, `settings`, `store` and
/// `telemetry`.
///
/// ```ignore
/// let app = testkit::app!(registry);
/// let app = testkit::app!(registry, variables: [("KEYWRIGHT_THROTTLE__LOGIN__ACCOUNT", "2/hour")]);
/// let app = testkit::app!(registry, clock: clock::Clock::system());
/// let app = testkit::app!(registry, store: store);
/// ```
#[macro_export]
macro_rules! app {
    ($registry:expr) => {
        $crate::app!($registry, variables: [("", ""); 0])
    };
    ($registry:expr, variables: $variables:expr) => {{
        let registry = $registry;
        let store = ::store::Store::open_temporary(registry.catalogue).await.expect("a temporary store");
        $crate::app!(@ registry, store, $variables, ::clock::Clock::fake_at(1_700_000_000))
    }};
    ($registry:expr, clock: $clock:expr) => {{
        let registry = $registry;
        let store = ::store::Store::open_temporary(registry.catalogue).await.expect("a temporary store");
        $crate::app!(@ registry, store, [("", ""); 0], $clock)
    }};
    ($registry:expr, store: $store:expr) => {
        $crate::app!(@ $registry, $store, [("", ""); 0], ::clock::Clock::fake_at(1_700_000_000))
    };
    (@ $registry:expr, $store:expr, $variables:expr, $clock:expr) => {{
        let random = ::clock::Random::seeded(1);
        let sources = ::settings::Sources::from_env($variables);
        let cheap = ::secret::password::Cost { memory: 64, passes: 1, lanes: 1 };
        ::feature::App::new(::feature::Parts {
            store: $store,
            registry: $registry,
            settings: ::std::sync::Arc::new(::settings::Settings::load(&sources).expect("settings").settings),
            secret_key: ::secret::Secret::new("k".repeat(50)),
            clock: $clock,
            hasher: ::secret::Hasher::with(random.clone(), cheap, 1),
            random,
            metrics: ::telemetry::Metrics::default(),
        })
    }};
}

/// Creates an object as the program itself would. A `Result`: the record, or what a caller would be told.
///
/// ```ignore
/// let user = testkit::create!(app, User::model(), json!({"username": "ann"})).unwrap();
/// ```
#[macro_export]
macro_rules! create {
    ($app:expr, $model:expr, $input:expr) => {{
        let app: &::feature::App = &$app;
        let caller = ::feature::Caller::system();
        let options = ::feature::change::Options::default();
        let context = ::feature::change::Context { app, store: app.store(), caller: &caller, options };
        let input: ::serde_json::Value = $input;
        let input = input.as_object().expect("an object has fields");
        ::feature::change::create(context, $model, input).await.map_err(|problem| problem.body)
    }};
}

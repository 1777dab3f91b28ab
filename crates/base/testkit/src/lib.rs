//! What tests share: a private PostgreSQL and a way to run a test on every database.
//!
//! Separate so that no shipped crate carries it: it is only ever a dev-dependency. It knows no store; the macro names the
//! store's types in the crate that uses it.

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

//! The pair that every installation has from its first start, so that tokens can be signed without any set-up.

use feature::{App, Caller, Problem, change};
use jose::KeyKind;
use object::Object;
use serde_json::{Map, json};
use store::Filter;

use crate::generate::{Request, generate};
use crate::key_pair::CertificateKeyPair;

/// The name that blueprints and scripts look for.
pub const DEFAULT_NAME: &str = "authentik Self-signed Certificate";

/// Makes the default pair unless there is one of its name.
pub async fn ensure_default(app: &App) -> Result<(), Problem> {
    let exists = || app.store().exists(CertificateKeyPair::model(), Filter::eq("name", DEFAULT_NAME));
    if exists().await? {
        return Ok(());
    }
    // RSA with 2048 bits: five times as many signatures a second as with 4096, and a first start without a wait.
    let made = generate(
        app,
        Request {
            common_name: DEFAULT_NAME.to_owned(),
            alt_names: vec![format!("{}.self-signed.goauthentik.io", app.random().token(40))],
            days: 365,
            kind: KeyKind::Rsa2048,
        },
    )
    .await?;
    let input = Map::from_iter([
        ("name".to_owned(), json!(DEFAULT_NAME)),
        ("certificate_data".to_owned(), json!(made.certificate)),
        ("key_data".to_owned(), json!(made.key)),
    ]);
    let caller = Caller::system();
    let tx = app.store().begin().await?;
    let context = change::Context { app, store: &tx, caller: &caller, options: change::Options::default() };
    match change::create(context, CertificateKeyPair::model(), &input).await {
        Ok(_) => tx.commit().await?,
        Err(problem) => {
            tx.rollback().await?;
            // Another instance that started at the same moment may have been first.
            if !exists().await? {
                return Err(problem);
            }
        }
    }
    Ok(())
}

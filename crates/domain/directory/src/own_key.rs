//! That the secret key is the one the installation was made with.
//!
//! The ids by which applications know people are derived from it: with another key everybody would come as a stranger, and
//! nobody would know why. The database keeps a fingerprint, from which the key cannot be told.

use data_encoding::HEXLOWER;
use feature::{App, Problem};
use object::{Id, Object as _};
use store::Filter;

use crate::setup::Milestone;

const NAME: &str = "secret-key ";

fn any() -> Filter {
    Filter::lookup("name__startswith", NAME.into())
}

/// False if the installation was made with another key.
pub async fn is_ours(app: &App) -> Result<bool, Problem> {
    let kept = app.store().first::<Milestone>(any()).await?;
    Ok(kept.is_none_or(|kept| kept.name == name(app)))
}

/// Remembers the present key, if none is remembered.
pub async fn keep(app: &App) -> Result<(), Problem> {
    if !app.store().exists(Milestone::model(), any()).await? {
        app.store().insert(&Milestone { pk: Id::unsaved(), name: name(app), at: app.clock().now() }).await?;
    }
    Ok(())
}

/// Takes the present key for the right one.
pub async fn accept(app: &App) -> Result<(), Problem> {
    app.store().delete_where(Milestone::model(), any()).await?;
    keep(app).await
}

fn name(app: &App) -> String {
    let print = app.root_key().derive::<16>("fingerprint of the secret key");
    format!("{NAME}{}", HEXLOWER.encode(print.expose()))
}

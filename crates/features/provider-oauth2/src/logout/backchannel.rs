//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): the server tells the client.

use clock::SignedDuration;
use feature::{App, BoxFuture, Job, Problem};
use futures::stream::{self, StreamExt as _};
use oauth2_wire::names;
use object::Object;
use serde_json::json;
use store::{Filter, Op, Query};

use super::ClientSession;
use crate::client::{Client, Clients};
use crate::keys::{self, KeyFault};
use crate::provider::LogoutMethod;

pub const JOB: Job = Job { name: "oauth2_backchannel_logout", every: 3, run };

/// Clients told at the same moment.
const AT_ONCE: usize = 16;
/// Clients told in one run.
const BATCH: u64 = 500;
/// Tries before a client is given up: the last one about half an hour after the first.
const TRIES: i32 = 8;
/// Seconds that a logout token is good for (§2.4 advises two minutes at most).
const VALIDITY: i64 = 120;

fn run(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        let over = Filter::IsNull { path: "session".into(), null: true };
        let due = over.and(Filter::compare("due", Op::Le, app.clock().now()));
        let rows: Vec<ClientSession> = app.store().find(&Query::filter(due).limit(BATCH)).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let clients = Clients::of(app);
        let clients = &clients;
        let work = rows.into_iter().map(|row| async move { tell(app, clients, row).await });
        let results: Vec<Result<(), store::Error>> = stream::iter(work).buffer_unordered(AT_ONCE).collect().await;
        results.into_iter().collect::<Result<(), _>>()?;
        Ok(())
    })
}

/// Tells one client; the row goes when it has heard, or when it has been tried often enough.
async fn tell(app: &App, clients: &Clients, row: ClientSession) -> Result<(), store::Error> {
    let client = clients.by_pk(row.provider.0);
    let wants =
        client.filter(|c| c.provider.logout_method == LogoutMethod::Backchannel && !c.provider.logout_uri.is_empty());
    let failure = match wants {
        None => None,
        Some(client) => match logout_token(app, client, &row) {
            Ok(token) => outgoing::post(&client.provider.logout_uri, &[("logout_token", &token)]).await.err(),
            Err(fault) => Some(fault.to_string()),
        },
    };
    let Some(reason) = failure else {
        return app.store().delete(ClientSession::model(), row.pk).await.map(|_| ());
    };
    let name = client.map_or("", |c| c.provider.base.name.as_str());
    if row.failures + 1 >= TRIES {
        tracing::error!(provider = name, "A logout could not be told to the client, given up: {reason}");
        return app.store().delete(ClientSession::model(), row.pk).await.map(|_| ());
    }
    tracing::warn!(provider = name, "A logout could not be told to the client, tried again later: {reason}");
    let wait = SignedDuration::from_secs(15 << row.failures.clamp(0, TRIES));
    let set = vec![("failures", i64::from(row.failures + 1).into()), ("due", app.clock().after(wait).into())];
    let filter = Filter::eq(ClientSession::model().key_field().name, row.pk);
    app.store().change(ClientSession::model(), filter, set).await.map(|_| ())
}

/// §2.4. No `nonce`, so that it cannot be taken for an ID token.
pub fn logout_token(app: &App, client: &Client, row: &ClientSession) -> Result<String, KeyFault> {
    let now = app.clock().unix();
    let claims = json!({
        "iss": row.iss,
        "sub": row.sub,
        "aud": client.client_id(),
        "iat": now,
        "exp": now + VALIDITY,
        "jti": app.random().uuid_v4().to_string(),
        "events": { names::EVENT_BACKCHANNEL_LOGOUT: {} },
        "sid": row.sid,
    });
    keys::seal(app, client, claims.to_string().as_bytes(), names::TYP_LOGOUT)
}

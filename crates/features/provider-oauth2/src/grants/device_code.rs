//! The device code (RFC 8628 §3.4).

use clock::{SignedDuration, Timestamp};
use oauth2_wire::{DeviceError, GrantType, TokenError, names};
use object::Object;
use store::{Filter, Write};

use super::{Attempt, Grant, Outcome, Refusal, scope_set, user_of};
use crate::id_token::Authentication;
use crate::issue::Granted;
use crate::tokens::device_code::INTERVAL;
use crate::tokens::{self, DeviceToken};

// COMPAT: upstream asks no secret of confidential clients here. One that is sent must be right.
pub const GRANT: Grant =
    Grant { name: GrantType::DeviceCode, requires_secret: false, authorize: |attempt| Box::pin(authorize(attempt)) };

async fn authorize(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let Attempt { app, client, request, .. } = attempt;
    if client.is_confidential() && !attempt.secrets.is_empty() && !attempt.has_secret {
        return Err(TokenError::InvalidClient.into());
    }
    let given = request.device_code.as_deref().ok_or(TokenError::InvalidGrant)?;
    let found: Option<DeviceToken> = app.store().first(Filter::eq("device_code_hash", tokens::hash(given))).await?;
    let token = found.filter(|token| token.provider == client.id()).ok_or(TokenError::InvalidGrant)?;
    let now = app.clock().now();
    if token.expires.is_some_and(|at| at <= now) {
        return Err(DeviceError::ExpiredToken.into());
    }
    let Some(user) = token.user else { return Err(pending(attempt, &token, now).await?.into()) };
    let user = user_of(app, user.0).await?;
    let consume = Write::DeleteWhere { model: DeviceToken::model(), filter: Filter::eq("pk", token.pk), guard: true };
    let has_offline_access = token.scope.iter().any(|scope| scope == names::SCOPE_OFFLINE_ACCESS);
    let refresh = has_offline_access.then(|| token.scope.clone());
    let granted = Granted {
        user,
        scope: scope_set(&token.scope),
        authentication: Authentication {
            at: token.auth_time.unwrap_or(now),
            methods: token.amr,
            session: token.session.map(|session| session.0),
        },
        family: app.random().uuid_v4(),
        nonce: None,
        wishes: Vec::new(),
        acting: None,
    };
    Ok(Outcome { refresh, consume: vec![consume], ..Outcome::of(granted) })
}

/// Early polls after which a device still waits no longer than a minute.
const MOST_HURRIED: i32 = 12;

/// What a device hears while the user has not decided (§3.5).
///
/// COMPAT: upstream lets devices poll as fast as they like. One early poll is forgiven, as timers and networks jitter; from
/// the second on the device hears `slow_down`, and its interval grows by five seconds each time.
async fn pending(attempt: &Attempt<'_>, token: &DeviceToken, now: Timestamp) -> Result<DeviceError, Refusal> {
    let extra = u64::try_from(token.hurried.saturating_sub(1)).unwrap_or_default() * 5;
    // A second of grace for clocks that count whole ones.
    let interval = SignedDuration::from_secs(i64::try_from(INTERVAL + extra).unwrap_or(i64::MAX) - 1);
    let is_early = token.polled.is_some_and(|last| now.duration_since(last) < interval);
    let hurried = if is_early { token.hurried.saturating_add(1).min(MOST_HURRIED) } else { token.hurried };
    let filter = Filter::eq("pk", token.pk);
    let set = vec![("polled", now.into()), ("hurried", i64::from(hurried).into())];
    attempt.app.store().change(DeviceToken::model(), filter, set).await?;
    let is_too_often = is_early && hurried > 1;
    Ok(if is_too_often { DeviceError::SlowDown } else { DeviceError::AuthorizationPending })
}

//! Logging in and out, and acting as somebody else.

use std::sync::Arc;
use std::time::Duration;

use feature::{App, BoxFuture, Caller, Problem};
use object::{Id, Object, Value};
use serde_json::{Map, Value as Json};
use store::{Filter, Write};

use super::web::{
    AGE, Cookie, IMPERSONATED, LOGIN, METHOD, RESERVED, State, WebSession, active, hash_of, idle_age, later,
};
use super::{AuthenticatedSession, Session};
use crate::user::User;

/// How somebody logged in.
pub struct Login<'a> {
    pub caller: &'a Caller,
    /// `password`, `token`, `source`…
    pub method: &'a str,
    /// What the stages learned on the way.
    pub method_args: Map<String, Json>,
    /// How long the login lasts; zero: until the browser is closed or the session was not used for a day.
    pub duration: Duration,
}

/// Told of each login once it is kept: who it is, and at which origin their browser is. Handed in by the crate `outpost`.
pub struct LoggedIn(pub for<'a> fn(&'a App, &'a User, origin: &'a str) -> BoxFuture<'a, ()>);

impl WebSession {
    /// Logs a user in. The session gets a new key, so that nobody who knew the old one gets in with it; what another
    /// user left behind is dropped. It is written at once.
    ///
    /// # Errors
    /// The user is not active, or the database is not available.
    pub async fn login(&self, user: &User, how: Login<'_>) -> Result<Id<AuthenticatedSession>, Problem> {
        let from = &self.0.from;
        let app = &from.app;
        let now = app.clock().now();
        let (row, key, login) = (Id(app.random().uuid_v7(now)), app.random().token(40), Id(app.random().uuid_v7(now)));
        let (old, before, mut data) = {
            let state = self.0.state.lock();
            let before = state.impersonator.as_ref().or(state.user.as_ref()).map(|u| u.pk);
            let foreign = before.is_some_and(|b| b != user.pk);
            (state.row, before, if foreign { Map::new() } else { state.data.clone() })
        };
        data.retain(|name, _| !RESERVED.contains(&name.as_str()));
        data.insert(LOGIN.into(), login.to_string().into());
        data.insert(METHOD.into(), serde_json::json!([how.method, how.method_args]));
        if !how.duration.is_zero() {
            data.insert(AGE.into(), how.duration.as_secs().into());
        }
        let age = if how.duration.is_zero() { idle_age(app) } else { how.duration };
        let session = Session {
            pk: row,
            key_hash: hash_of(&key),
            user: Some(user.pk),
            data: data.clone(),
            expires: later(now, age),
            expiring: true,
            last_used: now,
            last_ip: from.address.clone(),
            last_user_agent: from.user_agent.clone(),
        };
        let tx = app.store().begin().await?;
        // Read inside the transaction: an account that is deactivated at this moment stays out.
        let Some(user) = active(&tx, user.pk).await? else { return Err(Problem::forbidden()) };
        if let Some(old) = old {
            crate::news::announce_ends(&tx, Filter::eq("session", old)).await?;
            tx.delete_where(Session::model(), Filter::eq("pk", old)).await?;
            if let Some(before) = before {
                crate::news::announce(&tx, before.0).await?;
            }
        }
        let login_row = AuthenticatedSession { pk: login, session: row, user: user.pk };
        tx.apply(vec![
            Write::Insert(session.to_record()),
            Write::Insert(login_row.to_record()),
            Write::Change {
                model: User::model(),
                filter: Filter::eq("pk", user.pk),
                set: vec![("last_login", Value::Time(now))],
                guard: true,
            },
        ])
        .await?;
        events::login(how.caller, &user.subject(), how.method, how.method_args).emit(app, &tx).await?;
        tx.commit().await?;
        let mut user = User::clone(&user);
        user.last_login = Some(now);
        if let (Some(told), Some(origin)) = (app.service::<LoggedIn>(), &from.origin) {
            (told.0)(app, &user, origin).await;
        }
        *self.0.state.lock() =
            State { row: Some(row), key, user: Some(Arc::new(user)), data, cookie: Cookie::Set, ..State::fresh(app) };
        Ok(login)
    }

    /// Logs out: the session and everything in it is gone at once.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn logout(&self, caller: &Caller) -> Result<(), Problem> {
        let app = &self.0.from.app;
        let (row, who, seen) = {
            let state = self.0.state.lock();
            (state.row, state.impersonator.clone().or_else(|| state.user.clone()), state.user.clone())
        };
        let tx = app.store().begin().await?;
        if let Some(row) = row {
            crate::news::announce_ends(&tx, Filter::eq("session", row)).await?;
            tx.delete_where(Session::model(), Filter::eq("pk", row)).await?;
        }
        for user in who.iter().chain(seen.iter().filter(|seen| who.as_ref().is_some_and(|who| who.pk != seen.pk))) {
            crate::news::announce(&tx, user.pk.0).await?;
        }
        if let Some(who) = who {
            events::logout(caller, &who.subject()).emit(app, &tx).await?;
        }
        tx.commit().await?;
        *self.0.state.lock() = State { cookie: Cookie::Delete, ..State::fresh(app) };
        Ok(())
    }

    /// Lets whoever is logged in act as another user.
    pub fn impersonate(&self, other: Arc<User>) {
        let mut state = self.0.state.lock();
        state.put(IMPERSONATED, other.pk.0.into());
        let real = state.impersonator.take().or_else(|| state.user.take());
        state.impersonator = real;
        state.user = Some(other);
    }
    /// Ends impersonating; returns who it was that was impersonated.
    pub fn impersonate_end(&self) -> Option<Arc<User>> {
        let mut state = self.0.state.lock();
        let real = state.impersonator.take()?;
        state.forget(IMPERSONATED);
        state.user.replace(real)
    }
}

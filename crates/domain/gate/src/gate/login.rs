//! Logging in: the way to the identity provider and back.

use std::sync::Arc;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};

use super::Gate;
use crate::asked::{Asked, parameter};
use crate::ports::{Fault, Redeem};
use crate::session::SessionKey;
use crate::site::Site;
use crate::state::State;
use crate::{cookie, page};

impl Gate {
    /// `/start?rd=…`: where nginx sends people who are not logged in.
    pub(crate) fn start(&self, site: &Arc<Site>, asked: &Asked, query: Option<&str>) -> Response {
        self.begin(site, asked, wanted(query).as_deref())
    }

    /// Sends the browser to the identity provider.
    pub(crate) fn begin(&self, site: &Arc<Site>, asked: &Asked, wanted: Option<&str>) -> Response {
        let addresses = match self.issuer.addresses(site, asked) {
            Ok(addresses) => addresses,
            Err(fault) => return self.fail(Some(site), &fault),
        };
        let back = wanted.and_then(|wanted| site.way_back(wanted)).unwrap_or_else(|| site.front());
        // Several tabs may log in at the same time: they share what ties them to the browser.
        let known = cookie::values(&asked.parts.headers, &site.cookie.browser).next();
        let browser = known.map_or_else(|| URL_SAFE_NO_PAD.encode(self.random.bytes::<32>()), str::to_owned);
        let state = State::begin(site, back, self.clock.unix(), &self.random);
        let mut to = addresses.authorization_endpoint.clone();
        to.push(if to.contains('?') { '&' } else { '?' });
        let end = to.len();
        let mut query = form_urlencoded::Serializer::for_suffix(to, end);
        query
            .append_pair("client_id", &site.config.client_id)
            .append_pair("code_challenge", &state.challenge(site, &browser))
            .append_pair("code_challenge_method", "S256")
            .append_pair("redirect_uri", &site.redirect_uri())
            .append_pair("response_type", "code")
            .append_pair("scope", &site.config.scopes_to_request.join(" "))
            .append_pair("state", &state.seal(site, &browser));
        let mut response = page::see(&query.finish());
        add_cookie(&mut response, site, &site.cookie.browser, &browser, cookie::LOGIN_AGE);
        response
    }

    /// The way back, with a code.
    pub(crate) async fn callback(&self, site: &Arc<Site>, asked: &Asked, query: Option<&str>) -> Response {
        let given = parameter(query, "state").unwrap_or_default();
        let now = self.clock.unix();
        let headers = &asked.parts.headers;
        let opened = cookie::values(headers, &site.cookie.browser)
            .find_map(|browser| Some((State::open(site, &given, browser, now)?, browser)));
        let Some((state, browser)) = opened else { return self.lost(site, asked, &given).await };
        if let Some(error) = parameter(query, "error") {
            let said = parameter(query, "error_description").unwrap_or_default();
            tracing::info!(provider = site.config.name, "The login was refused: {error}: {said}");
            return again(site, StatusCode::FORBIDDEN, "Access denied", "The login was refused.");
        }
        let Some(code) = parameter(query, "code").filter(|code| !code.is_empty()) else {
            return again(site, StatusCode::BAD_REQUEST, "Login failed", "The answer to the login has no code.");
        };
        let verifier = state.verifier(site, browser);
        let redeem = Redeem { code: &code, verifier: &verifier, redirect_uri: &site.redirect_uri() };
        let login = match self.issuer.redeem(site, redeem, asked).await {
            Ok(login) => login,
            Err(Fault::Refused(reason)) => {
                tracing::info!(provider = site.config.name, "A code could not be redeemed: {reason}");
                return self.lost(site, asked, &given).await;
            }
            Err(fault) => return self.fail(Some(site), &fault),
        };
        let (value, age) = match self.keep(site, login).await {
            Ok(kept) => kept,
            Err(fault) => return self.fail(Some(site), &fault),
        };
        self.drop_old(site, asked).await;
        // Checked when it was put in; the configuration may have changed since.
        let back = site.way_back(&state.back).unwrap_or_else(|| site.front());
        let mut response = page::see(&back);
        add_cookie(&mut response, site, &site.cookie.session, &value, age);
        add_cookie(&mut response, site, &site.cookie.browser, "", 0);
        response
    }

    /// A return from a login that is not, or no longer, under way in this browser: the back button, a second tab, or
    /// somebody who wants to log another one in.
    async fn lost(&self, site: &Arc<Site>, asked: &Asked, given: &str) -> Response {
        if let Ok(Some(_)) = self.held(site, asked).await {
            let back = State::read(given).and_then(|state| site.way_back(&state.back));
            return page::see(&back.unwrap_or_else(|| site.front()));
        }
        again(
            site,
            StatusCode::BAD_REQUEST,
            "Login failed",
            "This login was not begun in this browser, took too long, or is done already.",
        )
    }

    /// SECURITY: a session that was there before the login is worth nothing after it, so that nobody can be made to use
    /// one that somebody else knows (GHSA-f24x-5g9q-753f of oauth2-proxy).
    async fn drop_old(&self, site: &Arc<Site>, asked: &Asked) {
        for value in cookie::values(&asked.parts.headers, &site.cookie.session) {
            let key = SessionKey::of(value);
            if let crate::Found::Session(old) = self.memory().get(&key, self.clock.unix())
                && old.site == site.config.pk
            {
                self.memory().end(&key);
                if let Err(fault) = self.sessions.end(&old, false).await {
                    tracing::warn!("A replaced session could not be ended: {fault}");
                }
            }
        }
    }
}

/// Where a proxy says that somebody was going. nginx cannot encode what it writes into an address, so that the rest of an
/// application's own query looks like further parameters: an address that was written as it is goes to the end.
fn wanted(query: Option<&str>) -> Option<String> {
    let raw = query?.strip_prefix("rd=").filter(|rest| {
        let after =
            rest.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")).map(|(_, after)| after);
        // ingress-nginx writes scheme and host as they are, and encodes the rest.
        after.is_some_and(|after| after.find(['/', '%', '&']).is_some_and(|at| after[at..].starts_with('/')))
    });
    raw.map(str::to_owned).or_else(|| parameter(query, "rd"))
}

fn again(site: &Site, status: StatusCode, title: &str, text: &str) -> Response {
    page::page(status, title, text, Some((&site.own("start"), "Try again")))
}

pub(super) fn add_cookie(response: &mut Response, site: &Site, name: &str, value: &str, age: i64) {
    if let Some(cookie) = cookie::set(site, name, value, age) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests;

//! The few interfaces of GitHub that clients without OpenID Connect look at.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use feature::App;
use http::StatusCode;
use oauth2_wire::bearer_token;
use serde_json::{Value as Json, json};

use super::uncached;
use crate::bearer::{self, Bearer, Unusable};
use crate::request::Asked;

/// `GET /user`
pub async fn user(State(app): State<App>, asked: Asked) -> Response {
    let bearer = match authenticate(&app, &asked, &["user", "read:user", "user:email"]).await {
        Ok(bearer) => bearer,
        Err(response) => return *response,
    };
    let record = bearer.user.record();
    uncached(
        StatusCode::OK,
        &json!({
            "login": bearer.user.username(),
            "id": bearer.user.key(),
            "node_id": "",
            "avatar_url": "",
            "gravatar_id": "",
            "url": "",
            "html_url": "",
            "type": "User",
            "site_admin": false,
            "name": record.text("name"),
            "company": "",
            "blog": "",
            "location": "",
            "email": record.text("email"),
            "hireable": false,
            "bio": "",
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": record.get("date_joined").as_time().map(|t| t.to_string()),
            "updated_at": record.get("date_joined").as_time().map(|t| t.to_string()),
            "private_gists": 0,
            "total_private_repos": 0,
            "owned_private_repos": 0,
            "disk_usage": 0,
            "collaborators": 0,
            "two_factor_authentication": true,
            "plan": { "name": "None", "space": 0, "collaborators": 0, "private_repos": 0 },
        }),
    )
}

/// `GET /user/teams`: the groups.
pub async fn teams(State(app): State<App>, asked: Asked) -> Response {
    let bearer = match authenticate(&app, &asked, &["read:org"]).await {
        Ok(bearer) => bearer,
        Err(response) => return *response,
    };
    let snapshot = app.store().snapshot();
    let groups = bearer.user.known_membership(&snapshot).unwrap_or_default();
    let team = |name: &str| {
        json!({
            "id": 1, "node_id": "", "url": "", "html_url": "", "name": name, "slug": name.to_lowercase().replace(' ', "-"),
            "description": "", "privacy": "", "permission": "", "members_url": "", "repositories_url": "", "parent": null,
            "members_count": 0, "repos_count": 0, "created_at": "", "updated_at": "",
            "organization": { "login": "keywright", "id": 1, "name": "keywright", "type": "Organization" },
        })
    };
    let teams: Vec<Json> = groups.rows(&snapshot).map(|group| team(group.text("name"))).collect();
    uncached(StatusCode::OK, &teams)
}

/// GitHub's clients write `token` where others write `Bearer`.
async fn authenticate(app: &App, asked: &Asked, scopes: &[&str]) -> Result<Bearer, Box<Response>> {
    let header = asked.authorization();
    let own = header.and_then(|h| h.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("token"));
    let token = own.map(|(_, token)| token.trim()).or_else(|| bearer_token(header, None, None));
    let mut last = Unusable::Refused(oauth2_wire::BearerError::InvalidToken);
    for scope in scopes {
        match bearer::check(app, Some(asked), token, scope).await {
            Ok(bearer) => return Ok(bearer),
            Err(unusable) => last = unusable,
        }
    }
    Err(Box::new(match last {
        Unusable::Refused(error) => super::userinfo::refuse(error),
        Unusable::Fault(problem) => problem.into_response(),
    }))
}

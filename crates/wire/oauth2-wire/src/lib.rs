//! Requests, responses and errors of OAuth 2 and OpenID Connect.

//! Forms and headers of strangers; a registered address matches itself and nothing that begins like it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth2_wire::{AuthorizationRequest, ClientAuth, MatchingMode, Params, RedirectUri, ScopeSet, TokenRequest, find_redirect_uri};

const REGISTERED: &str = "https://app.example.com/cb";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = ScopeSet::parse(&text);
    let registered = [RedirectUri { matching_mode: MatchingMode::Strict, url: REGISTERED.to_owned() }];
    if let Ok(found) = find_redirect_uri(Some(&text), &registered) {
        assert_eq!(found.as_str(), REGISTERED);
    }
    let Ok(params) = Params::parse(bytes) else { return };
    let request = AuthorizationRequest::parse(&params);
    let _ = request.pkce();
    let _ = TokenRequest::parse(&params);
    let _ = ClientAuth::parse(Some(&text), &params).client_ids();
});

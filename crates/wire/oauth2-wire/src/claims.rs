//! The `claims` parameter (OpenID Connect Core §5.5).

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

const MAX_LENGTH: usize = 16 * 1024;

/// Claims asked for one by one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    pub userinfo: IndexMap<String, Option<ClaimRequest>>,
    pub id_token: IndexMap<String, Option<ClaimRequest>>,
}

/// How one claim is asked for; `null` on the wire means voluntarily, without wishes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClaimRequest {
    pub essential: bool,
    pub value: Option<Value>,
    pub values: Option<Vec<Value>>,
}

impl ClaimsRequest {
    /// Read the parameter. Members that are not understood must be passed over (§5.5).
    pub fn parse(json: &str) -> Result<Self, String> {
        if json.len() > MAX_LENGTH {
            return Err(format!("claims is longer than {MAX_LENGTH} characters"));
        }
        // serde would take an array for the members in their order.
        if !json.trim_start().starts_with('{') {
            return Err("claims is not a JSON object".to_owned());
        }
        serde_json::from_str(json).map_err(|error| format!("claims is not as expected: {error}"))
    }

    /// Whether the value found satisfies an essential wish for a claim of the ID token.
    pub fn is_satisfied(wish: &ClaimRequest, found: Option<&Value>) -> bool {
        if !wish.essential {
            return true;
        }
        let Some(found) = found else { return false };
        wish.value.as_ref().is_none_or(|value| value == found)
            && wish.values.as_ref().is_none_or(|values| values.contains(found))
    }
}

#[cfg(test)]
mod tests {
    //! Tests with the example of OpenID Connect Core §5.5.

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_specification_is_read() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"http://example.info/claims/groups":null},
                "id_token":{"auth_time":{"essential":true},"acr":{"essential":true,"values":["urn:mace:incommon:iap:silver"]}},"other":7}"#,
        )
        .unwrap();
        assert_eq!(request.userinfo.len(), 3);
        assert_eq!(request.userinfo["nickname"], None);
        let acr = request.id_token["acr"].as_ref().unwrap();
        assert!(ClaimsRequest::is_satisfied(acr, Some(&"urn:mace:incommon:iap:silver".into())));
        assert!(!ClaimsRequest::is_satisfied(acr, Some(&"0".into())));
        assert!(!ClaimsRequest::is_satisfied(acr, None));
        assert!(ClaimsRequest::is_satisfied(&ClaimRequest::default(), None));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for json in ["", "[]", "7", r#"{"userinfo":[]}"#, &"[".repeat(10_000), &" ".repeat(20_000)] {
            assert!(ClaimsRequest::parse(json).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(json in ".{0,80}") {
            let _ = ClaimsRequest::parse(&json);
        }
    }
}

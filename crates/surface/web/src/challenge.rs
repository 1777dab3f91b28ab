//! Challenges as the API sends them, read back into types for the page.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlowInfo {
    pub title: String,
    pub cancel_url: String,
}

#[derive(Debug, Deserialize)]
pub struct FieldError {
    pub string: String,
}

/// One field of a prompt stage.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PromptField {
    pub field_key: String,
    pub label: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub required: bool,
    pub placeholder: String,
    pub initial_value: String,
    pub sub_text: String,
    pub choices: Option<Vec<Json>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Permission {
    pub id: String,
    pub name: String,
}

/// Every field that any challenge we show may carry. Absent ones are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Challenge {
    pub component: String,
    pub flow_info: Option<FlowInfo>,
    pub response_errors: Option<IndexMap<String, Vec<FieldError>>>,
    pub pending_user: Option<String>,
    pub pending_user_avatar: Option<String>,
    // identification
    pub user_fields: Option<Vec<String>>,
    pub password_fields: bool,
    pub application_pre: Option<String>,
    pub primary_action: Option<String>,
    pub enroll_url: Option<String>,
    pub recovery_url: Option<String>,
    pub passwordless_url: Option<String>,
    // consent
    pub header_text: Option<String>,
    pub permissions: Vec<Permission>,
    pub additional_permissions: Vec<Permission>,
    pub token: Option<String>,
    // prompt
    pub fields: Vec<PromptField>,
    // redirect, autosubmit
    pub to: Option<String>,
    pub url: Option<String>,
    pub attrs: Option<IndexMap<String, Json>>,
    pub title: Option<String>,
    // messages
    pub error_message: Option<String>,
    pub request_id: Option<String>,
    pub error: Option<Json>,
    pub application_name: Option<String>,
    pub application_launch_url: Option<String>,
    pub invalidation_flow_url: Option<String>,
    pub brand_name: Option<String>,
    pub logout_urls: Vec<Json>,
    pub name: Option<String>,
}

impl Challenge {
    pub fn read(json: &Json) -> Self {
        serde_json::from_value(json.clone()).unwrap_or_else(|error| {
            tracing::error!("A challenge does not have the shape that the page knows: {error}");
            Self { component: json["component"].as_str().unwrap_or_default().to_owned(), ..Self::default() }
        })
    }
    pub fn title(&self) -> &str {
        self.flow_info.as_ref().map_or("", |f| f.title.as_str())
    }
    /// Messages beside one field.
    pub fn errors(&self, field: &str) -> Vec<String> {
        let all = self.response_errors.as_ref().and_then(|e| e.get(field));
        all.map(|list| list.iter().map(|e| e.string.clone()).collect()).unwrap_or_default()
    }
    /// Messages about the step as a whole, and about fields that are not shown.
    pub fn general_errors(&self, shown: &[&str]) -> Vec<String> {
        let all = self.response_errors.iter().flatten();
        all.filter(|(k, _)| !shown.contains(&k.as_str()))
            .flat_map(|(_, v)| v.iter().map(|e| e.string.clone()))
            .collect()
    }
}

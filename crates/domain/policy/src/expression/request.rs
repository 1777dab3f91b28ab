//! `request`: the question to a policy as an expression sees it.

use std::any::Any;

use expr::{HostObject, HostResult, Value};
use parking_lot::Mutex;

use super::{http_request, row, show, user};
use crate::request::PolicyRequest;

/// `request` in policies and mappings.
pub struct RequestObject {
    fields: Mutex<[Value; 5]>,
}

const NAMES: [&str; 5] = ["user", "http_request", "obj", "context", "debug"];

impl RequestObject {
    pub fn value(request: &PolicyRequest) -> Value {
        let user = request.user.as_ref().map_or_else(http_request::anonymous, user::value);
        let http = request.http.as_ref().map_or(Value::None, |http| http_request::value(http, request.user.as_ref()));
        let object = request.object.as_ref().map_or(Value::None, |o| row::value_of(std::sync::Arc::clone(o)));
        let fields = [user, http, object, request.context.value(), Value::Bool(request.debug)];
        Value::host(Self { fields: Mutex::new(fields) })
    }
    fn position(name: &str) -> Option<usize> {
        NAMES.iter().position(|n| *n == name)
    }
}

impl std::fmt::Debug for RequestObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PolicyRequest")
    }
}

impl HostObject for RequestObject {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "PolicyRequest"
    }
    fn attr(&self, name: &str) -> HostResult {
        match Self::position(name) {
            Some(i) => HostResult::Ready(self.fields.lock()[i].clone()),
            None => HostResult::no_attribute("PolicyRequest", name),
        }
    }
    fn set_attr(&self, name: &str, value: &Value) -> HostResult {
        match Self::position(name) {
            Some(i) => {
                let old = std::mem::replace(&mut self.fields.lock()[i], value.clone());
                drop(old);
                HostResult::Ready(Value::None)
            }
            None => HostResult::no_attribute("PolicyRequest", name),
        }
    }
    fn to_repr(&self) -> HostResult {
        let [user, _, object, ..] = self.fields.lock().clone();
        let mut text = format!("<PolicyRequest user={}", show::text(&user));
        if !object.is_none() {
            text.push_str(&format!(" obj={}", show::text(&object)));
        }
        text.push('>');
        HostResult::Ready(Value::from(text))
    }
    fn to_json(&self) -> Option<serde_json::Value> {
        let [user, _, object, context, debug] = self.fields.lock().clone();
        Some(serde_json::json!({
            "user": show::show(&user), "http_request": null, "obj": show::show(&object),
            "context": show::show(&context), "debug": show::show(&debug),
        }))
    }
}

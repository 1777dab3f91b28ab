//! Parts of the OpenAPI document that the executor and the inspector refer to.

pub const COMPONENTS: &[(&str, &str)] = &[
    (
        "ContextualFlowInfo",
        r##"{"required": ["cancel_url", "layout"], "type": "object", "properties": {
"title": {"type": "string"},
"background": {"type": "string"},
"background_themed_urls": {"allOf": [{"$ref": "#/components/schemas/ThemedUrls"}], "nullable": true},
"cancel_url": {"type": "string"},
"layout": {"$ref": "#/components/schemas/ContextualFlowInfoLayoutEnum"}}}"##,
    ),
    (
        "ErrorDetail",
        r#"{"required": ["code", "string"], "type": "object", "properties": {
"string": {"type": "string"},
"code": {"type": "string"}}}"#,
    ),
    (
        "AccessDeniedChallenge",
        r##"{"required": ["pending_user", "pending_user_avatar"], "type": "object", "properties": {
"flow_info": {"$ref": "#/components/schemas/ContextualFlowInfo"},
"component": {"default": "ak-stage-access-denied", "type": "string"},
"response_errors": {"additionalProperties": {"items": {"$ref": "#/components/schemas/ErrorDetail"}, "type": "array"}, "type": "object"},
"pending_user": {"type": "string"},
"pending_user_avatar": {"type": "string"},
"error_message": {"type": "string"}}}"##,
    ),
    (
        "FlowErrorChallenge",
        r##"{"required": ["request_id"], "type": "object", "properties": {
"flow_info": {"$ref": "#/components/schemas/ContextualFlowInfo"},
"component": {"default": "ak-stage-flow-error", "type": "string"},
"response_errors": {"additionalProperties": {"items": {"$ref": "#/components/schemas/ErrorDetail"}, "type": "array"}, "type": "object"},
"request_id": {"type": "string"},
"error": {"type": "string"},
"traceback": {"type": "string"}}}"##,
    ),
    (
        "RedirectChallenge",
        r##"{"required": ["to"], "type": "object", "properties": {
"flow_info": {"$ref": "#/components/schemas/ContextualFlowInfo"},
"component": {"default": "xak-flow-redirect", "type": "string"},
"response_errors": {"additionalProperties": {"items": {"$ref": "#/components/schemas/ErrorDetail"}, "type": "array"}, "type": "object"},
"to": {"type": "string"}}}"##,
    ),
    (
        "RedirectChallengeResponseRequest",
        r#"{"required": ["to"], "type": "object", "properties": {
"component": {"default": "xak-flow-redirect", "minLength": 1, "type": "string"},
"to": {"minLength": 1, "type": "string"}}}"#,
    ),
    (
        "AutosubmitChallenge",
        r##"{"required": ["attrs", "url"], "type": "object", "properties": {
"flow_info": {"$ref": "#/components/schemas/ContextualFlowInfo"},
"component": {"default": "ak-stage-autosubmit", "type": "string"},
"response_errors": {"additionalProperties": {"items": {"$ref": "#/components/schemas/ErrorDetail"}, "type": "array"}, "type": "object"},
"url": {"type": "string"},
"attrs": {"additionalProperties": {"type": "string"}, "type": "object"},
"title": {"type": "string"}}}"##,
    ),
    (
        "AutoSubmitChallengeResponseRequest",
        r#"{"type": "object", "properties": {
"component": {"default": "ak-stage-autosubmit", "minLength": 1, "type": "string"}}}"#,
    ),
    (
        "SessionEndChallenge",
        r##"{"required": ["brand_name", "pending_user", "pending_user_avatar"], "type": "object", "properties": {
"flow_info": {"$ref": "#/components/schemas/ContextualFlowInfo"},
"component": {"default": "ak-stage-session-end", "type": "string"},
"response_errors": {"additionalProperties": {"items": {"$ref": "#/components/schemas/ErrorDetail"}, "type": "array"}, "type": "object"},
"pending_user": {"type": "string"},
"pending_user_avatar": {"type": "string"},
"application_name": {"type": "string"},
"application_launch_url": {"type": "string"},
"invalidation_flow_url": {"type": "string"},
"brand_name": {"type": "string"}}}"##,
    ),
    (
        "UserSetting",
        r#"{"required": ["component", "object_uid", "title"], "type": "object", "properties": {
"object_uid": {"type": "string"},
"component": {"type": "string"},
"title": {"type": "string"},
"configure_url": {"type": "string"},
"icon_url": {"type": "string"}}}"#,
    ),
    (
        "FlowSet",
        r##"{"type": "object", "required": ["background_url", "designation", "export_url", "name", "pk", "policybindingmodel_ptr_id", "slug", "title"], "properties": {
"pk": {"type": "string", "format": "uuid", "readOnly": true, "title": "Flow uuid"},
"policybindingmodel_ptr_id": {"type": "string", "format": "uuid", "readOnly": true},
"name": {"type": "string"},
"slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
"title": {"type": "string"},
"designation": {"allOf": [{"$ref": "#/components/schemas/FlowDesignationEnum"}]},
"background_url": {"type": "string", "readOnly": true},
"policy_engine_mode": {"$ref": "#/components/schemas/PolicyEngineMode"},
"compatibility_mode": {"type": "boolean"},
"export_url": {"type": "string", "readOnly": true},
"layout": {"$ref": "#/components/schemas/FlowLayoutEnum"},
"denied_action": {"allOf": [{"$ref": "#/components/schemas/DeniedActionEnum"}]}}}"##,
    ),
    (
        "FlowInspectorPlan",
        r##"{"type": "object", "required": ["current_stage", "next_planned_stage", "plan_context", "session_id"], "properties": {
"current_stage": {"allOf": [{"$ref": "#/components/schemas/FlowStageBinding"}], "readOnly": true},
"next_planned_stage": {"allOf": [{"$ref": "#/components/schemas/FlowStageBinding"}], "readOnly": true},
"plan_context": {"type": "object", "additionalProperties": {}, "readOnly": true},
"session_id": {"type": "string", "readOnly": true}}}"##,
    ),
    (
        "FlowInspection",
        r##"{"type": "object", "required": ["is_completed", "plans"], "properties": {
"plans": {"type": "array", "items": {"$ref": "#/components/schemas/FlowInspectorPlan"}},
"current_plan": {"$ref": "#/components/schemas/FlowInspectorPlan"},
"is_completed": {"type": "boolean"}}}"##,
    ),
    (
        "FlowDiagram",
        r#"{"type": "object", "required": ["diagram"], "properties": {"diagram": {"type": "string", "readOnly": true}}}"#,
    ),
    ("Link", r#"{"type": "object", "required": ["link"], "properties": {"link": {"type": "string"}}}"#),
    (
        "Cache",
        r#"{"type": "object", "required": ["count"], "properties": {"count": {"type": "integer", "readOnly": true}}}"#,
    ),
    (
        "ThemedUrls",
        r#"{"type": "object", "properties": {"light": {"type": "string"}, "dark": {"type": "string"}}, "nullable": true}"#,
    ),
];

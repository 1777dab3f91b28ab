//! Expression policies against what the recorded server answered.

use std::sync::Arc;

use feature::change::{self, Options};
use feature::{App, Caller, Feature, Registry};
use object::Object as _;
use policy::{Context, HttpInfo, PolicyRequest, PolicyResult, Subject};
use serde_json::{Map, Value as Json, json};

use crate::ExpressionPolicy;

pub(crate) async fn app() -> App {
    static FEATURES: &[&Feature] = &[&events::FEATURE, &directory::FEATURE, &policy::FEATURE, &crate::FEATURE];
    let registry = Registry::new(FEATURES).unwrap();
    let app = testkit::app!(registry, clock: clock::Clock::system());
    crate::setup(&app);
    app
}

pub(crate) fn map(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

pub(crate) async fn create(app: &App, model: &'static object::Model, values: Json) -> Result<object::Record, Json> {
    let caller = Caller::system();
    let options = Options { refuse_unknown: true, privileged: true };
    let context = change::Context { app, store: app.store(), caller: &caller, options };
    change::create(context, model, &map(values)).await.map_err(|problem| problem.body)
}

async fn policy(app: &App, name: &str, source: &str) -> Result<object::Record, Json> {
    create(app, ExpressionPolicy::model(), json!({"name": name, "expression": source})).await
}

async fn ask(app: &App, user: &Arc<Subject>, source: &str) -> PolicyResult {
    let name = app.random().token(12);
    let record = policy(app, &name, source).await.unwrap_or_else(|e| panic!("{source}: {e}"));
    let http = HttpInfo { method: "POST".into(), path: "/test/".into(), ..HttpInfo::default() };
    let mut request = PolicyRequest::new(Some(Arc::clone(user)))
        .with_context(Context::from_json(&map(json!({"a": 1}))))
        .over(Some(Arc::new(http)))
        .debug();
    request.logs = policy::expression::Logs::default();
    policy::engine::run(app, &record, &request).await
}

pub(crate) async fn world(app: &App) -> Arc<Subject> {
    let group = create(app, directory::Group::model(), json!({"name": "expr-group-00b08f"})).await.unwrap();
    let user = json!({"username": "oracle-expr", "name": "Oracle-Expr", "groups": [group.key()]});
    let user = create(app, directory::User::model(), user).await.unwrap();
    Subject::load(app, user.get("pk").as_int().unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn recorded_policies_give_what_upstream_gave() {
    let app = app().await;
    let user = world(&app).await;
    policy(&app, "default-password-change-password-policy", "return False").await.unwrap();
    let table: &[(&str, bool, &[&str])] = &[
        ("return True", true, &[]),
        ("return False", false, &[]),
        ("return 'x'", true, &[]),
        ("return ''", false, &[]),
        ("return None", false, &[]),
        ("ak_message('m1')\nak_message('m2')\nreturn False", false, &["m1", "m2"]),
        ("return 1/0", false, &["division by zero"]),
        ("return request.user.username == 'oracle-expr'", true, &[]),
        ("return request.context.get('a') == 1", true, &[]),
        ("return request.obj", false, &[]),
        ("return request.http_request", true, &[]),
        ("return ak_client_ip", true, &[]),
        ("ak_logger.warning('logged', a=1)\nreturn True", true, &[]),
        ("return ak_is_group_member(request.user, name='expr-group-00b08f')", true, &[]),
        ("return ak_is_sso_flow", false, &[]),
        ("return context['flow_plan']", false, &["'flow_plan'"]),
        ("return request.context", true, &[]),
        ("return user", false, &["name 'user' is not defined"]),
        ("return ak_user_has_authenticator(request.user)", false, &[]),
        ("return ak_user_has_authenticator(request.user, 'totp')", false, &[]),
        ("return ak_call_policy('default-password-change-password-policy')", true, &[]),
        ("return ak_call_policy('default-password-change-password-policy').passing", false, &[]),
        ("return geoip", false, &["name 'geoip' is not defined"]),
        ("return asn", false, &["name 'asn' is not defined"]),
        ("return pk", false, &["name 'pk' is not defined"]),
        ("raise ValueError('x')", false, &["x"]),
        ("ak_message(\"Nope, because policy\"); return False", false, &["Nope, because policy"]),
        ("return request.user.ak_groups.all()", true, &[]),
        ("return request.user.ak_groups.filter(name='nope')", false, &[]),
    ];
    for (source, passing, messages) in table {
        let result = ask(&app, &user, source).await;
        assert_eq!(
            (result.passing, result.messages),
            (*passing, messages.iter().map(|m| (*m).to_owned()).collect()),
            "{source}"
        );
    }
}

#[tokio::test]
async fn policies_call_each_other_with_a_context_of_their_own() {
    let app = app().await;
    let user = world(&app).await;
    policy(&app, "inner", "ak_message('inner says ' + context['colour'])\nreturn context['a'] == 1").await.unwrap();
    let outer = "result = ak_call_policy('inner', colour='red')\n\
                 if 'colour' in context:\n    return False\n\
                 ak_message(result.messages[0])\nreturn result.passing";
    let result = ask(&app, &user, outer).await;
    assert_eq!((result.passing, result.messages), (true, vec!["inner says red".to_owned()]));
    policy(&app, "circle", "return ak_call_policy('circle').passing").await.unwrap();
    assert!(!ask(&app, &user, "return ak_call_policy('circle').passing").await.passing);
}

#[tokio::test]
async fn what_does_not_compile_is_refused_with_upstreams_words() {
    let app = app().await;
    let wrong = policy(&app, "x", "return (").await.unwrap_err();
    assert_eq!(wrong, json!({"expression": ["Expression Syntax Error: '(' was never closed (temp-policy, line 2)"]}));
    assert_eq!(policy(&app, "x", "").await.unwrap_err(), json!({"expression": ["This field may not be blank."]}));
    let indented = policy(&app, "x", "return  'tab'\n\treturn 'x'").await.unwrap_err();
    assert_eq!(indented, json!({"expression": ["Expression Syntax Error: unexpected indent (temp-policy, line 3)"]}));
}

/// The expressions of the blueprints that every installation starts with.
#[tokio::test]
async fn the_expressions_of_the_stock_flows_work() {
    let app = app().await;
    let user = world(&app).await;
    let settings = "from authentik.core.models import (\n    USER_ATTRIBUTE_CHANGE_EMAIL,\n    USER_ATTRIBUTE_CHANGE_NAME,\n)\n\
        prompt_data = request.context.get(\"prompt_data\")\n\
        if not request.user.group_attributes(request.http_request).get(\n    USER_ATTRIBUTE_CHANGE_EMAIL, \
        request.http_request.tenant.default_user_change_email\n):\n    ak_message(\"Not allowed to change email address.\")\n    return False\nreturn True";
    let result = ask(&app, &user, settings).await;
    assert_eq!(result.messages, ["Not allowed to change email address."]);
    assert!(
        !ask(&app, &user, "akadmin = ak_user_by(username=\"oracle-expr\")\nreturn akadmin.has_usable_password()")
            .await
            .passing
    );
    assert!(ask(&app, &user, "return 'username' not in context.get('prompt_data', {})").await.passing);
}

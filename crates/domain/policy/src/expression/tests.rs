//! Expressions against what the recorded server answered, and the edges of what they may do.

use std::net::IpAddr;
use std::sync::Arc;

use feature::App;
use object::{Key, Record, Uuid, Value as Cell};
use serde_json::{Value as Json, json};

use super::{Namespace, Scope, evaluate, evaluate_with, show, try_mapping};
use crate::testing::{app, insert};
use crate::{Context, HttpInfo, PolicyRequest, Subject};

/// The recorded answers, when they lie beside the repository; else the few that are kept here.
fn recorded() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/parity/expected/p_expressions.jsonl");
    std::fs::read_to_string(path).unwrap_or_else(|_| include_str!("tests/recorded.jsonl").to_owned())
}

/// Recorded expressions whose answers differ here, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("return user.uid", "follows from the secret key"),
    ("return user.groups.all()", "the groups of the user, as in later releases of upstream"),
    ("return resolve_dns('localhost')", "depends on the machine"),
    ("return requests", "has an address in memory"),
    ("return open('/etc/hostname').read()", "expressions reach no files"),
    ("return __import__('os').getpid() > 0", "expressions reach no processes"),
    ("class A:\n    x = 1\nreturn A.x", "classes are refused when an expression is saved"),
    ("return user.date_joined.year", "the recording was made in another year"),
];

async fn world(app: &App) -> Arc<Subject> {
    let group = json!({"name": "expr-group-00b08f", "attributes": {"team": "red"}});
    let mut group =
        insert_as::<directory::Group>(app, group, Key::Uuid(id("85e662c1-2454-4232-8a31-497437f07c56"))).await;
    insert::<directory::User>(app, json!({"username": "akadmin", "name": "Admin", "email": "admin@example.com"})).await;
    let user = json!({
        "username": "oracle-expr", "name": "Oracle-Expr", "email": "oracle-expr@example.com",
        "attributes": {"n": 1, "foo": {"bar": "baz"}},
        "uuid": "8b751c1a-3410-4e6e-bf30-bb944f048a65",
    });
    let mut user = insert_as::<directory::User>(app, user, Key::Int(67)).await;
    user.set("groups", Cell::Keys(group.key().into_iter().collect()));
    app.store().update_record(&user).await.unwrap();
    group.set("name", "x");
    Subject::load(app, user.get("pk").as_int().unwrap()).await.unwrap().unwrap()
}

fn id(text: &str) -> Uuid {
    Uuid::try_parse(text).unwrap()
}

async fn insert_as<T: object::Object>(app: &App, values: Json, key: Key) -> Record {
    let made = insert::<T>(app, values).await;
    app.store().delete(T::model(), made.key().unwrap()).await.unwrap();
    let mut record = made;
    record.values[0] = key.into();
    app.store().insert_record(&mut record).await.unwrap();
    record
}

fn http(path: &str) -> Option<Arc<HttpInfo>> {
    Some(Arc::new(HttpInfo {
        method: "POST".into(),
        path: path.into(),
        client_ip: Some(IpAddr::from([127, 0, 0, 1])),
        host: "id.example".into(),
        headers: vec![("user-agent".into(), "test".into())],
        ..HttpInfo::default()
    }))
}

#[tokio::test]
async fn recorded_mappings_give_what_upstream_gave() {
    let app = app().await;
    let user = world(&app).await;
    let path = "/api/v3/propertymappings/all/a6f0dc20-799e-49e1-b1ba-415f7782f62a/test/";
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in recorded().lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let Some(source) = line["step"].as_str().and_then(|s| s.strip_prefix("test: ")) else { continue };
        if DIFFERENT.iter().any(|(known, _)| *known == source) {
            continue;
        }
        count += 1;
        let expected = &line["response"]["json"];
        let scope = Scope::mapping("oracle-expr-00b08f", None, Some(&user), http(path).as_ref(), Vec::new());
        let (result, successful) = try_mapping(&app, source, scope, false).await;
        let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
        let wanted = expected["result"].as_str().unwrap();
        let same = if successful { result == wanted } else { last(&result) == last(wanted) };
        if successful != (expected["successful"] == json!(true)) || !same {
            wrong.push(format!("{source}\n   wanted {}\n   got    {}", last(wanted), last(&result)));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 10);
}

async fn value(app: &App, user: &Arc<Subject>, source: &str) -> Json {
    let scope = Scope::mapping("m", None, Some(user), http("/").as_ref(), Vec::new());
    match evaluate(app, source, scope).await {
        Ok(value) => value.to_json_lenient().unwrap_or_else(|_| show(&value)),
        Err(failure) => json!({"error": format!("{}: {}", failure.exception, failure.message)}),
    }
}

#[tokio::test]
async fn query_sets_answer_as_django_does() {
    let app = app().await;
    let user = world(&app).await;
    for (source, expected) in [
        (
            "from authentik.core.models import User\nreturn [u.username for u in User.objects.order_by('-username')]",
            json!(["oracle-expr", "akadmin"]),
        ),
        (
            "from authentik.core.models import User\nreturn User.objects.filter(email__icontains='EXAMPLE').exclude(username='akadmin').count()",
            json!(1),
        ),
        (
            "from authentik.core.models import User\nreturn [list(x) for x in User.objects.order_by('username').values_list('username', 'email')]",
            json!([["akadmin", "admin@example.com"], ["oracle-expr", "oracle-expr@example.com"]]),
        ),
        (
            "from authentik.core.models import User\nreturn User.objects.filter(attributes__foo__bar='baz').first().username",
            json!("oracle-expr"),
        ),
        (
            "from authentik.core.models import User\nreturn User.objects.order_by('username')[1].username",
            json!("oracle-expr"),
        ),
        (
            "from authentik.core.models import User\nreturn [u.username for u in User.objects.order_by('username')[:1]]",
            json!(["akadmin"]),
        ),
        (
            "from authentik.core.models import User\nreturn User.objects.filter(groups__name='expr-group-00b08f').get().username",
            json!("oracle-expr"),
        ),
        (
            "from authentik.core.models import User\ntry:\n    User.objects.get(username='nope')\nexcept User.DoesNotExist:\n    return 'none'",
            json!("none"),
        ),
        (
            "from authentik.core.models import User\nreturn User.objects.filter(nope=1)",
            json!({"error": "FieldError: Cannot resolve keyword 'nope' into field. Choices are: attributes, date_joined, email, groups, is_active, last_login, last_updated, name, password_change_date, path, pk, roles, type, username, uuid"}),
        ),
        (
            "from authentik.core.models import Group\nreturn [g.name for g in Group.objects.filter(users=user)]",
            json!(["expr-group-00b08f"]),
        ),
        (
            "from authentik.core.models import Group\nreturn Group.objects.filter(user__username='akadmin').exists()",
            json!(false),
        ),
        ("return str(user.ak_groups.first().pk)", json!("85e662c1-2454-4232-8a31-497437f07c56")),
        ("return user.date_joined.tzinfo is not None and user.date_joined.year > 2000", json!(true)),
        ("return ak_user_by(nope=1)", json!(null)),
        ("return user in [ak_user_by(pk=67)]", json!(true)),
        ("return bool(user.ak_groups.filter(name='x'))", json!(false)),
        ("return user.ak_groups.all()[0].attributes['team']", json!("red")),
        ("return ak_is_group_member(user, name='expr-group-00b08f', is_superuser=False)", json!(true)),
        (
            "for g in user.ak_groups:\n    pass",
            json!({"error": "TypeError: 'ManyRelatedManager' object is not iterable"}),
        ),
        ("return sorted(g['name'] for g in user.ak_groups.values('name'))", json!(["expr-group-00b08f"])),
        ("user.attributes['x'] = 1\nreturn user.attributes.get('x')", json!(1)),
    ] {
        assert_eq!(value(&app, &user, source).await, expected, "{source}");
    }
}

#[tokio::test]
async fn a_query_set_as_the_result_is_shown_with_its_rows() {
    let app = app().await;
    let user = world(&app).await;
    for (source, expected) in [
        ("return user.ak_groups.all()", "\"<QuerySet [<Group: Group expr-group-00b08f>]>\""),
        (
            "from authentik.core.models import User\nreturn User.objects.filter(username='akadmin')",
            "\"<QuerySet [<User: akadmin>]>\"",
        ),
        ("return user.ak_groups.none()", "\"<QuerySet []>\""),
    ] {
        let scope = Scope::mapping("m", None, Some(&user), None, Vec::new());
        assert_eq!(try_mapping(&app, source, scope, false).await, (expected.to_owned(), true), "{source}");
    }
}

#[tokio::test]
async fn expressions_only_read_and_reach_nothing() {
    let app = app().await;
    let user = world(&app).await;
    for source in [
        "user.save()",
        "user.delete()",
        "return user.password",
        "return requests.get('http://localhost')",
        "ak_send_email('a@b', 's', body='x')",
        "from authentik.core.models import User\nUser.objects.filter(pk=67).update(username='x')",
        "from authentik.core.models import User\nUser.objects.all().delete()",
        "from authentik.core.models import User\nUser(username='x')",
        "from authentik.crypto.models import CertificateKeyPair",
        "from authentik.core.models import Session",
        "import os",
        "import subprocess",
    ] {
        let result = value(&app, &user, source).await;
        assert!(result.get("error").is_some(), "{source} gave {result}");
    }
    let looping = Scope::empty("loop").within(std::time::Duration::from_secs(5));
    assert!(evaluate(&app, "while True:\n    pass", looping).await.is_err());
}

#[tokio::test]
async fn policies_see_their_request_and_leave_things_in_the_context() {
    let app = app().await;
    let user = world(&app).await;
    let pending = Subject::new(Arc::clone(user.record()));
    let plan = Context::new([("pending_user".to_owned(), super::user::value(&pending))]);
    let context = Context::default();
    context.set("flow_plan", Namespace::new("FlowPlan").with("context", plan.value()).value());
    let request = PolicyRequest::new(Some(Arc::clone(&user))).with_context(context).over(http("/if/flow/x/"));
    let run = |source: &'static str| {
        let (app, scope) = (app.clone(), Scope::policy("p", &request));
        async move { evaluate_with(&app, source, scope).await }
    };
    let backend = "flow_plan = request.context.get('flow_plan')\nreturn not hasattr(flow_plan.context.get('pending_user'), 'backend')";
    assert!(matches!(run(backend).await.unwrap().value, expr::Value::Bool(true)));
    pending.attach("backend", "inbuilt");
    assert!(matches!(run(backend).await.unwrap().value, expr::Value::Bool(false)));
    let said = run("ak_message('one')\nak_message('two')\nreturn False").await.unwrap();
    assert_eq!(said.messages, ["one", "two"]);
    run("context['flow_plan'].context['pending_user'] = ak_user_by(username='akadmin')\nreturn True").await.unwrap();
    let chosen = super::user::subject_of(&plan.get("pending_user").unwrap()).unwrap();
    assert_eq!(chosen.username(), "akadmin");
    let address = run("return str(ak_client_ip) + ' ' + http_request.headers['User-Agent']").await.unwrap();
    assert_eq!(address.value.as_str(), Some("127.0.0.1 test"));
    let settings = run("from authentik.core.models import USER_ATTRIBUTE_CHANGE_NAME\n\
         return request.user.group_attributes(request.http_request).get(USER_ATTRIBUTE_CHANGE_NAME, \
         request.http_request.tenant.default_user_change_name)");
    assert!(matches!(settings.await.unwrap().value, expr::Value::Bool(true)));
}

#[tokio::test]
async fn events_are_kept_and_failed_mappings_recorded() {
    let app = app().await;
    let user = world(&app).await;
    assert_eq!(value(&app, &user, "ak_create_event('seen', colour='red')\nreturn 1").await, json!(1));
    assert!(value(&app, &user, "return 1/0").await.get("error").is_some());
    let skipped = Scope::mapping("m", None, Some(&user), None, Vec::new());
    assert!(evaluate(&app, "raise SkipObject", skipped).await.unwrap_err().is_skip());
    let model = app.store().model("authentik_events.event").unwrap();
    let query = store::Query::all().order(&["created"]);
    let actions: Vec<String> =
        app.store().records(model, &query).await.unwrap().iter().map(|e| e.text("action").to_owned()).collect();
    assert_eq!(actions, ["custom_seen", "property_mapping_exception"]);
}

/// Not a bench with statistics: it fails when the usual mapping becomes slow by far.
#[tokio::test]
async fn the_groups_mapping_is_quick() {
    let app = app().await;
    let user = world(&app).await;
    let run = || async {
        let scope = Scope::mapping("m", None, Some(&user), None, Vec::new());
        evaluate(&app, "return [group.name for group in user.ak_groups.all()]", scope).await.unwrap()
    };
    run().await;
    let before = app.clock().monotonic();
    for _ in 0..1000 {
        run().await;
    }
    let each = app.clock().monotonic().saturating_sub(before) / 1000;
    eprintln!("groups mapping: {each:?}");
    assert!(each < std::time::Duration::from_millis(1), "{each:?}");
}

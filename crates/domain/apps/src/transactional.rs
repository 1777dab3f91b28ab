//! An application with its provider and bindings, made in one step or not at all.

use feature::change::{self, Context, Options};
use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use http::StatusCode;
use object::{Model, Object, Record};
use policy::PolicyBinding;
use serde_json::{Map, Value as Json, json};

use crate::application::Application;

pub const OPERATION: Operation = Operation {
    id: "core_transactional_applications_update",
    method: Method::Put,
    path: "core/transactional/applications/",
    permission: Permission::Global("authentik_core.add_application"),
    summary: "Make an application, its provider and its bindings, all or nothing.",
    request: r##"{"$ref":"#/components/schemas/TransactionApplicationRequest"}"##,
    response: r##"{"$ref":"#/components/schemas/TransactionApplicationResponse"}"##,
    status: 200,
    parameters: &[],
    run,
};

type Input = Map<String, Json>;

/// What is asked for, taken apart.
struct Asked<'a> {
    app: &'a Input,
    model: &'static Model,
    provider: &'a Input,
    bindings: Vec<&'a Input>,
}

fn run(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let input = call.input()?;
        // Everything below happens in here; a problem leaves nothing behind.
        let tx = call.app.store().begin().await?;
        let context = Context { app: &call.app, store: &tx, caller: &call.caller, options: Options::default() };
        let mut errors = Map::new();
        let application = match part(input, "app", &mut errors) {
            Some(app) => nested(change::create(context, Application::model(), app).await, "app", &mut errors)?,
            None => None,
        };
        let asked = read(call, input, &mut errors)?;
        let (Some(application), Some(asked), true) = (application, asked, errors.is_empty()) else {
            return Err(Problem::new(StatusCode::BAD_REQUEST, Json::Object(errors)));
        };
        make(context, application, asked).await?;
        tx.commit().await?;
        Ok(Reply::ok(json!({"applied": true, "logs": []})))
    })
}

async fn make(context: Context<'_>, application: Record, asked: Asked<'_>) -> Result<(), Problem> {
    let mut errors = Map::new();
    let provider = nested(change::create(context, asked.model, asked.provider).await, "provider", &mut errors)?;
    let refused = |errors| Problem::new(StatusCode::BAD_REQUEST, Json::Object(errors));
    let Some(provider) = provider.and_then(|p| p.key()) else { return Err(refused(errors)) };
    if !asked.app.contains_key("provider") {
        let link = Map::from_iter([("provider".to_owned(), json!(provider))]);
        change::update(context, &application, &link, true).await?;
    }
    let target = json!(application.key());
    let mut problems = Vec::with_capacity(asked.bindings.len());
    for binding in asked.bindings {
        let mut binding = binding.clone();
        binding.insert("target".to_owned(), target.clone());
        let mut own = Map::new();
        nested(change::create(context, PolicyBinding::model(), &binding).await, "binding", &mut own)?;
        problems.push(own.remove("binding").unwrap_or_else(|| json!({})));
    }
    if problems.iter().any(|p| p != &json!({})) {
        errors.insert("policy_bindings".to_owned(), Json::Array(problems));
        return Err(refused(errors));
    }
    Ok(())
}

/// Puts what is wrong with a part under its name. Anything but mistakes in fields ends it all.
fn nested(result: Result<Record, Problem>, name: &str, errors: &mut Input) -> Result<Option<Record>, Problem> {
    match result {
        Ok(record) => Ok(Some(record)),
        Err(problem) if problem.status == StatusCode::BAD_REQUEST => {
            errors.insert(name.to_owned(), problem.body);
            Ok(None)
        }
        Err(problem) => Err(problem),
    }
}

/// A part of the input that is a mapping.
fn part<'a>(input: &'a Input, name: &str, errors: &mut Input) -> Option<&'a Input> {
    match input.get(name) {
        Some(Json::Object(map)) => return Some(map),
        Some(_) => {
            errors.insert(name.to_owned(), json!({"non_field_errors": ["Invalid data. Expected a dictionary."]}))
        }
        None => errors.insert(name.to_owned(), json!(["This field is required."])),
    };
    None
}

fn read<'a>(call: &Call, input: &'a Input, errors: &mut Input) -> Result<Option<Asked<'a>>, Problem> {
    let kinds = call.app.registry().catalogue.kinds("authentik_core.provider");
    let model = if let Some(name) = input.get("provider_model") {
        let found = kinds.into_iter().find(|m| Some(m.name()) == name.as_str());
        if found.is_none() {
            let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
            errors.insert("provider_model".to_owned(), json!([format!("\"{name}\" is not a valid choice.")]));
        }
        found
    } else {
        errors.insert("provider_model".to_owned(), json!(["This field is required."]));
        None
    };
    let provider = part(input, "provider", errors);
    let bindings = match input.get("policy_bindings") {
        None => Vec::new(),
        Some(Json::Array(items)) if items.iter().all(Json::is_object) => {
            items.iter().filter_map(Json::as_object).collect()
        }
        Some(_) => {
            errors.insert("policy_bindings".to_owned(), json!(["Expected a list of items but got another type."]));
            Vec::new()
        }
    };
    let (Some(app), Some(model), Some(provider)) = (input.get("app").and_then(Json::as_object), model, provider) else {
        return Ok(None);
    };
    let may = |app: &str, name: &str| call.caller.may(&format!("{app}.add_{name}"));
    let bind = bindings.is_empty() || may("authentik_policies", "policybinding");
    if !may(model.schema.app_label(), model.schema.model_name()) || !bind {
        return Err(Problem::forbidden());
    }
    Ok(Some(Asked { app, model, provider, bindings }))
}

//! A field as it is shown: its hint, its initial value and its choices, worked out where they are expressions.

use expr::Value;
use feature::Problem;
use flow::Visit;
use policy::expression::{Failure, Scope, anonymous, evaluate};
use serde_json::{Map, Value as Json, json};

use super::field::{FieldType, Prompt};

/// One of the values to choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub value: Json,
    pub label: Json,
}

/// A field with everything worked out.
#[derive(Debug, Clone)]
pub struct Shown {
    pub placeholder: String,
    pub initial: Json,
    pub choices: Option<Vec<Choice>>,
}

impl Prompt {
    pub fn has_choices(&self) -> bool {
        matches!(self.kind, FieldType::RadioButtonGroup | FieldType::Dropdown)
    }
    /// Whether people only look at it.
    pub fn is_fixed(&self) -> bool {
        use FieldType::{Hidden, Static, TextAreaReadOnly, TextReadOnly};
        matches!(self.kind, Hidden | Static | TextReadOnly | TextAreaReadOnly)
    }
    /// The field in a challenge.
    pub fn to_json(&self, shown: &Shown) -> Json {
        use object::Choices as _;
        let choices =
            shown.choices.as_ref().filter(|c| !c.is_empty()).map(|choices| -> Json {
                choices.iter().map(|c| json!({ "value": c.value, "label": c.label })).collect()
            });
        json!({
            "field_key": self.field_key,
            "label": self.label,
            "type": self.kind.as_str(),
            "required": self.required,
            "placeholder": shown.placeholder,
            "initial_value": text(&shown.initial),
            "order": self.order,
            "sub_text": self.sub_text,
            "choices": choices,
        })
    }
}

/// A value as text, the way Python writes one.
pub fn text(value: &Json) -> String {
    match value {
        Json::String(s) => s.clone(),
        Json::Null => String::new(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// What the expressions of a stage's fields see.
pub struct Scene {
    /// What earlier stages collected.
    pub context: Map<String, Json>,
}

impl Scene {
    pub fn of(visit: &Visit) -> Self {
        Self { context: visit.plan.context.prompt_data() }
    }

    /// Works out everything about a field. An expression that fails counts as nothing: its source is nobody's business.
    pub async fn show(&self, visit: &mut Visit, field: &Prompt) -> Result<Shown, Problem> {
        let known_choices = self.context.get(&format!("{}__choices", field.field_key)).filter(|_| field.has_choices());
        let placeholder = match known_choices {
            Some(choices) => choices.clone(),
            None if field.placeholder_expression => {
                self.evaluate(visit, field, &field.placeholder).await?.unwrap_or_default()
            }
            None => field.placeholder.clone().into(),
        };
        let mut initial = match self.context.get(&field.field_key) {
            Some(known) => known.clone(),
            None if field.initial_value_expression => {
                self.evaluate(visit, field, &field.initial_value).await?.unwrap_or_default()
            }
            None => field.initial_value.clone().into(),
        };
        // SECURITY: what somebody typed as a password is not sent back to the page.
        if field.kind == FieldType::Password && self.context.contains_key(&field.field_key) {
            initial = Json::String(String::new());
        }
        Ok(assemble(field, placeholder, initial))
    }

    async fn evaluate(&self, visit: &mut Visit, field: &Prompt, source: &str) -> Result<Option<Json>, Problem> {
        match run(visit, &self.context, field, source).await? {
            Ok(value) => Ok(Some(expr::to_json(&value).unwrap_or_default())),
            Err(failure) => {
                tracing::info!(prompt = field.name, "The expression of a prompt failed: {failure}");
                Ok(None)
            }
        }
    }
}

/// The choices of a field with choices are its placeholder; one of them is chosen from the start.
pub fn assemble(field: &Prompt, placeholder: Json, initial: Json) -> Shown {
    if !field.has_choices() {
        return Shown { placeholder: text(&placeholder), initial, choices: None };
    }
    let items = match placeholder {
        Json::Array(items) => items,
        Json::Null => Vec::new(),
        one => vec![one],
    };
    let choices: Vec<Choice> = items.into_iter().map(choice).collect();
    let is_one = choices.iter().any(|c| c.value == initial);
    let first = || choices.first().map_or(Json::String(String::new()), |c| c.value.clone());
    let initial = if is_one { initial } else { first() };
    Shown { placeholder: String::new(), initial, choices: Some(choices) }
}

async fn run(
    visit: &mut Visit,
    context: &Map<String, Json>,
    field: &Prompt,
    source: &str,
) -> Result<Result<Value, Failure>, Problem> {
    let subject = visit.subject().await?;
    let (_, shared) = visit.request().await?;
    let mut extra = vec![("prompt_context".to_owned(), expr::from_json(&Json::Object(context.clone())))];
    extra.extend(shared.entries().into_iter().filter(|(name, _)| name == "flow_plan"));
    let mut scope = Scope::mapping(field.name.as_str(), None, subject.as_ref(), visit.at.http.as_ref(), extra);
    if subject.is_none() {
        scope.set("user", anonymous());
    }
    Ok(evaluate(visit.app(), source, scope).await)
}

fn choice(item: Json) -> Choice {
    match item {
        Json::Object(mut map) => {
            let value = map.remove("value").unwrap_or_default();
            let label = map.remove("label").unwrap_or_else(|| value.clone());
            Choice { value, label }
        }
        other => Choice { label: Json::String(text(&other)), value: other },
    }
}

//! One request to a flow: who asks, in which flow, at which stage. What stages work with.

use std::sync::Arc;

use directory::{LazySession, User, WebSession};
use feature::{App, Caller, Problem};
use http::{Extensions, HeaderMap};
use jiff::Timestamp;
use net::Origin;
use object::{Id, Object, Uuid};
use policy::{HttpInfo, PolicyEngineMode, PolicyRequest, PolicyResult, Subject};
use serde_json::Value as Json;
use store::Snapshot;

use crate::binding::FlowStageBinding;
use crate::context::{AUTH_METHOD, AUTH_METHOD_ARGS, PendingUser, USER_BACKEND};
use crate::flow::Flow;
use crate::next;
use crate::plan::Plan;
use crate::rules;

/// Who asks and from where: all that is known before a flow is.
#[derive(Clone)]
pub struct Circumstances {
    pub app: App,
    pub caller: Caller,
    pub browser: WebSession,
    pub origin: Origin,
    pub http: Option<Arc<HttpInfo>>,
    /// The parameters of the page: the target (`next`) and what features put there.
    pub query: Vec<(String, String)>,
}

impl Circumstances {
    /// Out of a request: its extensions, its headers, and the query string of the page.
    ///
    /// # Errors
    /// The session cannot be read.
    pub async fn of_request(
        app: &App,
        extensions: &Extensions,
        headers: &HeaderMap,
        line: RequestLine<'_>,
        query: &str,
    ) -> Result<Self, Problem> {
        let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
        let Some(origin) = extensions.get::<Origin>().cloned() else {
            return Err(Problem::fault("a request without an origin came to a flow"));
        };
        let http = HttpInfo {
            method: line.method.to_owned(),
            path: line.path.to_owned(),
            query: line.query.to_owned(),
            headers: HttpInfo::headers(headers),
            client_ip: caller.address,
            host: origin.host.clone(),
            secure: origin.scheme.is_secure(),
            request_id: caller.request_id.clone(),
            ..HttpInfo::default()
        };
        let browser = LazySession::load_from(extensions).await?;
        let query = next::parse_query(query);
        Ok(Self { app: app.clone(), caller, browser, origin, http: Some(Arc::new(http)), query })
    }
    /// Who is logged in.
    pub fn user(&self) -> Option<i64> {
        self.browser.user().map(|u| u.pk.0).or(self.caller.user)
    }
    pub fn is_superuser(&self) -> bool {
        match self.browser.user() {
            Some(user) => user.is_superuser(&self.app.store().snapshot()),
            None => self.caller.superuser && self.caller.user.is_some(),
        }
    }
    pub fn parameter(&self, name: &str) -> Option<&str> {
        next::parameter(&self.query, name)
    }
    pub fn now(&self) -> Timestamp {
        self.app.clock().now()
    }
    /// Where the person wants to go at the end, as far as the address says.
    pub fn target(&self) -> Option<&str> {
        self.parameter(next::NEXT).filter(|t| !t.is_empty())
    }
}

/// The first line of a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestLine<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
}

/// One request to a flow.
pub struct Visit {
    pub at: Circumstances,
    pub snapshot: Arc<Snapshot>,
    pub flow: Arc<Flow>,
    pub plan: Plan,
    /// The binding of the present stage; none for stages that features put in.
    pub binding: Option<Arc<FlowStageBinding>>,
    subject: Option<(PendingUser, Option<Arc<Subject>>)>,
}

impl Visit {
    pub fn new(at: Circumstances, flow: Arc<Flow>, plan: Plan) -> Self {
        let snapshot = at.app.store().snapshot();
        Self { at, snapshot, flow, plan, binding: None, subject: None }
    }
    pub fn app(&self) -> &App {
        &self.at.app
    }
    pub fn caller(&self) -> &Caller {
        &self.at.caller
    }
    /// The name of the present stage; for stages that features put in, the one they are registered under.
    pub fn stage_name(&self) -> String {
        let row = self.binding.as_ref().and_then(|b| self.snapshot.concrete("authentik_flows.stage", b.stage.key()));
        row.map(|r| r.text("name").to_owned()).unwrap_or_default()
    }

    /// The person the flow is about: found by a stage, else whoever is logged in.
    pub fn user(&self) -> Option<PendingUser> {
        self.plan.context.pending_user().or_else(|| self.at.user().map(PendingUser::Known))
    }
    pub fn set_user(&mut self, user: &PendingUser) {
        self.plan.context.set_pending_user(user);
        self.subject = None;
    }
    /// Notes how the person proved who they are. `backend` is what checked it.
    pub fn set_authenticated(&mut self, backend: &str, method: &str, args: serde_json::Map<String, Json>) {
        let context = &mut self.plan.context;
        context.set(USER_BACKEND, backend);
        context.set(AUTH_METHOD, method);
        context.set(AUTH_METHOD_ARGS, args);
        self.subject = None;
    }
    /// The key of the person the flow is about, when they exist.
    pub fn known_user(&self) -> Option<i64> {
        match self.user()? {
            PendingUser::Known(pk) => Some(pk),
            PendingUser::Pretended(_) => None,
        }
    }
    /// The person's row, read now.
    pub async fn load_user(&self) -> Result<Option<User>, Problem> {
        match self.known_user() {
            Some(pk) => Ok(self.app().store().get::<User>(pk).await?),
            None => Ok(None),
        }
    }
    /// The person as policies see them. Nobody while nobody is known.
    pub async fn subject(&mut self) -> Result<Option<Arc<Subject>>, Problem> {
        let Some(user) = self.user() else { return Ok(None) };
        if let Some((cached, subject)) = &self.subject
            && *cached == user
        {
            return Ok(subject.clone());
        }
        let subject = subject_of(self.app(), &user).await?;
        // Policies ask for this to find out whether the person has proved who they are.
        if let (Some(subject), Some(backend)) = (&subject, self.plan.context.text(USER_BACKEND)) {
            subject.attach("backend", backend);
        }
        self.subject = Some((user, subject.clone()));
        Ok(subject)
    }
    /// What was cached of the person is no longer so.
    pub fn forget_user(&mut self) {
        self.subject = None;
    }

    /// Asks the policies bound to an object of the flow. What they leave in the context stays there.
    pub async fn passes(&mut self, target: Uuid, mode: PolicyEngineMode) -> Result<PolicyResult, Problem> {
        let (mut request, shared) = self.request().await?;
        let labels = [Flow::MODEL, FlowStageBinding::MODEL];
        if let Some(row) = labels.iter().find_map(|l| self.snapshot.row(l, target.into())) {
            request = request.about(Arc::clone(row));
        }
        let result = policy::check(self.app(), target, mode, &request).await;
        shared.read_back(&mut self.plan.context);
        Ok(result)
    }
    /// A question to policies about this visit, and the context they share.
    pub async fn request(&mut self) -> Result<(PolicyRequest, rules::Shared), Problem> {
        let subject = self.subject().await?;
        let shared = rules::Shared::of(self.app(), &self.plan.context, subject.as_ref()).await?;
        let request = PolicyRequest::new(subject).with_context(shared.context.clone()).over(self.at.http.clone());
        Ok((request, shared))
    }

    /// What the present stage remembers between two requests.
    pub fn note(&self, name: &str) -> Option<&Json> {
        self.plan.notes.get(name)
    }
    pub fn set_note(&mut self, name: &str, value: impl Into<Json>) {
        if !self.plan.notes.is_object() {
            self.plan.notes = Json::Object(serde_json::Map::new());
        }
        if let Json::Object(map) = &mut self.plan.notes {
            map.insert(name.to_owned(), value.into());
        }
    }
    /// A value that only this plan at this stage has, for `purpose`. It costs no write to the session.
    pub fn stage_token(&self, purpose: &str) -> Uuid {
        let signer = self.app().root_key().signer("flow stage token");
        let tag = signer.sign(format!("{purpose} {}", self.plan.form_token()).as_bytes());
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(tag.bytes().cycle()) {
            *byte = from;
        }
        Uuid::new_v5(&Uuid::from_bytes(bytes), tag.as_bytes())
    }
    /// The path of another flow with the parameters of this page.
    pub fn flow_address(&self, flow: Id<Flow>) -> Option<String> {
        let flow = self.snapshot.get(flow)?;
        let query = self.at.query.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        Some(next::with_query(&format!("/if/flow/{}/", flow.slug), query))
    }
}

async fn subject_of(app: &App, user: &PendingUser) -> Result<Option<Arc<Subject>>, Problem> {
    match user {
        PendingUser::Known(pk) => Ok(Subject::load(app, *pk).await?),
        PendingUser::Pretended(name) => Ok(Some(Subject::new(pretended(app, name).to_record()))),
    }
}

/// Somebody who does not exist, as upstream makes one up: a name and nothing else.
pub(crate) fn pretended(app: &App, name: &str) -> User {
    let now = app.clock().now();
    User {
        pk: Id::unsaved(),
        uuid: Uuid::nil(),
        username: name.to_owned(),
        name: String::new(),
        email: name.to_owned(),
        is_active: true,
        last_login: None,
        date_joined: now,
        path: String::new(),
        r#type: directory::UserType::Internal,
        attributes: serde_json::Map::new(),
        groups: object::Refs::default(),
        roles: object::Refs::default(),
        password_change_date: now,
        last_updated: now,
        password: String::new(),
    }
}

//! Clients, ready for use: the provider with its application and scopes, found without a query.

use std::collections::HashMap;
use std::sync::Arc;

use apps::Application;
use axum::body::Bytes;
use clock::TimeDelta;
use feature::App;
use oauth2_wire::{RedirectUri, ScopeSet};
use object::Id;
use parking_lot::Mutex;
use store::Snapshot;

use crate::claims::steady::{Kept, is_steady};
use crate::provider::{ClientType, IssuerMode, OAuth2Provider, extension};
use crate::scope_mapping::ScopeMapping;

/// Documents kept for a client: one for every address that it is reached at.
const MAX_DOCUMENTS: usize = 16;

/// A provider with what belongs to it.
pub struct Client {
    pub provider: Arc<OAuth2Provider>,
    /// None while nobody has linked one; such a client can do nothing.
    pub application: Option<Arc<Application>>,
    /// By name of the scope, as claims are put together in this order.
    pub mappings: Vec<Arc<ScopeMapping>>,
    pub scopes: ScopeSet,
    pub access_code_validity: TimeDelta,
    pub access_token_validity: TimeDelta,
    pub refresh_token_validity: TimeDelta,
    pub refresh_token_threshold: TimeDelta,
    documents: Mutex<HashMap<String, Bytes>>,
    /// Claims of people, kept as long as this snapshot.
    pub(crate) claims: Kept,
    /// Scopes whose mappings may say something else each time.
    unsteady: ScopeSet,
}

impl Client {
    /// The application, for who is about to be let into it. The log says when there is none, as the answer may not.
    pub fn linked(&self) -> Option<&Arc<Application>> {
        if self.application.is_none() {
            let provider = self.provider.base.name.as_str();
            tracing::warn!(
                provider,
                "Not let in: the provider has no application, so nobody may use it. Link one to it"
            );
        }
        self.application.as_ref()
    }
    fn new(provider: Arc<OAuth2Provider>, application: Option<Arc<Application>>, snapshot: &Snapshot) -> Self {
        let mut mappings: Vec<Arc<ScopeMapping>> =
            provider.base.property_mappings.iter().filter_map(|id| snapshot.get::<ScopeMapping>(Id(id.0))).collect();
        mappings.sort_by(|a, b| (&a.scope_name, &a.base.name).cmp(&(&b.scope_name, &b.base.name)));
        let scopes = mappings.iter().map(|m| m.scope_name.as_str()).collect();
        let unsteady = mappings.iter().filter(|m| !is_steady(&m.base.expression));
        // Checked when the provider was saved; what still cannot be read ends at once rather than never.
        let span = |text: &str| TimeDelta::parse(text).unwrap_or(TimeDelta::ZERO);
        Self {
            access_code_validity: span(&provider.access_code_validity),
            access_token_validity: span(&provider.access_token_validity),
            refresh_token_validity: span(&provider.refresh_token_validity),
            refresh_token_threshold: span(&provider.refresh_token_threshold),
            claims: Kept::default(),
            unsteady: unsteady.map(|m| m.scope_name.as_str()).collect(),
            provider,
            application,
            mappings,
            scopes,
            documents: Mutex::default(),
        }
    }
    pub fn id(&self) -> Id<OAuth2Provider> {
        Id(self.provider.base.pk.0)
    }
    pub fn client_id(&self) -> &str {
        &self.provider.client_id
    }
    pub fn is_confidential(&self) -> bool {
        self.provider.client_type == ClientType::Confidential
    }
    /// SECURITY: an empty secret is no secret; nobody authenticates with it.
    pub fn has_secret(&self, given: &str) -> bool {
        !self.provider.client_secret.is_empty() && secret::ct_eq(given, &self.provider.client_secret)
    }
    pub fn redirect_uris(&self) -> &[RedirectUri] {
        &self.provider.redirect_uris.0.0
    }
    /// The issuer of tokens (OpenID Connect Core §2), for a server reached at `base`.
    pub fn issuer(&self, base: &str) -> String {
        match (&self.provider.issuer_mode, &self.application) {
            (IssuerMode::PerProvider, Some(application)) => format!("{base}/application/o/{}/", application.slug),
            _ => format!("{base}/"),
        }
    }
    /// Whether tokens can be exchanged for this client's: only where somebody said whose.
    pub fn takes_part_in_exchange(&self) -> bool {
        !self.provider.jwt_federation_providers.is_empty()
    }
    /// Whether this client takes what another one got from us: its own, and that of the providers it names.
    pub fn takes_tokens_of(&self, issuer: &Self) -> bool {
        self.id() == issuer.id() || self.provider.jwt_federation_providers.contains(&issuer.id())
    }
    /// Whether the claims of these scopes stay the same as long as the user and the configuration do.
    pub fn is_steady(&self, scopes: &ScopeSet) -> bool {
        self.unsteady.intersection(scopes).is_empty()
    }
    /// Something that only changes with the configuration and the address, made once.
    pub fn document(&self, base: &str) -> Option<Bytes> {
        self.documents.lock().get(base).cloned()
    }
    pub fn keep_document(&self, base: &str, document: Bytes) {
        let mut documents = self.documents.lock();
        // Whoever makes up host names must not fill the memory.
        if documents.len() < MAX_DOCUMENTS {
            documents.insert(base.to_owned(), document);
        }
    }
}

/// The provider, without a key that its client could not decrypt with: whoever set one before it was refused shall not find
/// that nobody can log in.
fn readable(provider: &Arc<OAuth2Provider>, snapshot: &Snapshot) -> Arc<OAuth2Provider> {
    if provider.encryption_key.is_none() || extension(snapshot, provider.base.pk.key()).is_none() {
        return Arc::clone(provider);
    }
    tracing::warn!(
        provider = provider.base.name,
        "The encryption key of this provider does not count: its outpost has none"
    );
    let mut provider = OAuth2Provider::clone(provider);
    provider.encryption_key = None;
    Arc::new(provider)
}

/// All clients of one snapshot.
pub struct Clients {
    client_ids: HashMap<String, Arc<Client>>,
    slugs: HashMap<String, Arc<Client>>,
    pks: HashMap<i64, Arc<Client>>,
}

impl Clients {
    fn new(snapshot: &Snapshot) -> Self {
        let applications = snapshot.all::<Application>();
        let application_of: HashMap<i64, &Arc<Application>> =
            applications.iter().filter_map(|a| Some((a.provider?.0, a))).collect();
        let mut found = Self { client_ids: HashMap::new(), slugs: HashMap::new(), pks: HashMap::new() };
        for provider in snapshot.all::<OAuth2Provider>().iter() {
            let pk = provider.base.pk.0;
            let application = application_of.get(&pk).map(|a| Arc::clone(a));
            let client = Arc::new(Client::new(readable(provider, snapshot), application, snapshot));
            if let Some(application) = &client.application {
                found.slugs.insert(application.slug.clone(), Arc::clone(&client));
            }
            found.client_ids.insert(provider.client_id.clone(), Arc::clone(&client));
            found.pks.insert(pk, client);
        }
        found
    }
    /// The clients of now.
    pub fn of(app: &App) -> Arc<Self> {
        app.store().snapshot().derive(Self::new)
    }
    /// RFC 6749 §2.2: the id is compared as it is, in this case and no other.
    pub fn by_client_id(&self, client_id: &str) -> Option<&Arc<Client>> {
        self.client_ids.get(client_id)
    }
    /// The client of an application.
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<Client>> {
        self.slugs.get(slug)
    }
    pub fn by_pk(&self, pk: i64) -> Option<&Arc<Client>> {
        self.pks.get(&pk)
    }
    pub fn all(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.pks.values()
    }
}

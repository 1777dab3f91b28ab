//! Ends at outposts elsewhere what somebody may no longer: they keep sessions by themselves, and hear of logins that end, not
//! of groups that are left or of bindings that change.
//!
//! Separate from the outpost inside the server, which decides again by itself. Every node does it, as whichever is first takes
//! the tokens away by which the others would find the same. Policies are about a request and not looked at here: they count
//! when somebody logs in.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use apps::{Application, Provider};
use directory::Group;
use feature::{App, Problem};
use futures::FutureExt as _;
use object::{Id, Object, Record, render_value};
use outpost::{Instruction, Outpost};
use provider_oauth2::in_process;
use store::{News, Snapshot};

use crate::provider::ProxyProvider;

/// How often the configuration is looked at; news of people are heard at once.
const LOOK: Duration = Duration::from_millis(400);

/// Follows what people may, as long as the process runs.
pub async fn follow(app: App) {
    let mut news = directory::news::listen(app.store());
    let mut known = rules(&app.store().snapshot());
    let mut version = app.store().snapshot().version();
    loop {
        let mut concerned = Concerned::default();
        if let Ok(heard) = tokio::time::timeout(LOOK, news.next()).await {
            let Some(heard) = heard else { return };
            concerned.hear(&heard);
            while let Some(Some(heard)) = news.next().now_or_never() {
                concerned.hear(&heard);
            }
        }
        let snapshot = app.store().snapshot();
        if snapshot.version() != version {
            version = snapshot.version();
            let now = rules(&snapshot);
            let changed = now.iter().filter(|(provider, rule)| known.get(provider) != Some(rule));
            concerned.providers.extend(changed.map(|(provider, _)| *provider));
            known = now;
        }
        if let Err(problem) = concerned.end(&app, known.keys().copied().collect()).await {
            tracing::warn!("Sessions at outposts could not be looked at: {}", problem.body);
        }
    }
}

/// Who and what is to be looked at.
#[derive(Default)]
struct Concerned {
    users: BTreeSet<i64>,
    providers: BTreeSet<i64>,
    everything: bool,
}

impl Concerned {
    fn hear(&mut self, news: &News) {
        match news {
            News::Told(user) => self.users.extend(user.parse::<i64>()),
            News::Missed => self.everything = true,
        }
    }

    /// Ends what is over at the providers that are served elsewhere.
    async fn end(self, app: &App, served: Vec<i64>) -> Result<(), Problem> {
        if served.is_empty() {
            return Ok(());
        }
        let mut held = HashSet::new();
        let providers: Vec<i64> = if self.everything { served.clone() } else { self.providers.into_iter().collect() };
        if !providers.is_empty() {
            held.extend(in_process::holdings(app, &providers, None).await?);
        }
        for user in self.users.iter().filter(|_| !self.everything) {
            held.extend(in_process::holdings(app, &served, Some(*user)).await?);
        }
        let mut decided: HashMap<(i64, i64), bool> = HashMap::new();
        for holding in held {
            let (provider, user) = (holding.provider, holding.user);
            let could = match decided.get(&(provider, user)) {
                Some(could) => *could,
                None => in_process::could_enter(app, provider, user).await?,
            };
            decided.insert((provider, user), could);
            if could {
                continue;
            }
            tracing::info!(provider, user, "Somebody may no longer enter; the outposts are told");
            let session = holding.login.simple().to_string();
            for outpost in elsewhere(&app.store().snapshot(), provider) {
                outpost::instruct(app.store(), outpost, Instruction::SessionEnd { session: session.clone() }).await?;
            }
            in_process::take_back(app, provider, user).await?;
        }
        Ok(())
    }
}

/// The outposts other than the one inside the server that serve a provider.
fn elsewhere(snapshot: &Snapshot, provider: i64) -> Vec<Id<Outpost>> {
    let all = outpost::of_provider(snapshot, Id::<Provider>(provider));
    all.iter().filter(|outpost| !outpost.is_embedded()).map(|outpost| outpost.pk).collect()
}

/// By provider that is served elsewhere: what stands for who may enter its application, beside the people themselves.
fn rules(snapshot: &Snapshot) -> HashMap<i64, u64> {
    let mut groups = DefaultHasher::new();
    let mut are_hashed = false;
    let mut all = HashMap::new();
    for provider in snapshot.all::<ProxyProvider>().iter().map(|provider| provider.base.base.pk.0) {
        if elsewhere(snapshot, provider).is_empty() {
            continue;
        }
        let mut rule = DefaultHasher::new();
        if let Some(application) = apps::of_provider(snapshot, Id(provider)) {
            let key = application.base.pk.key();
            if let Some(row) = snapshot.row(Application::MODEL, key) {
                row.text("policy_engine_mode").hash(&mut rule);
            }
            for binding in policy::bindings(snapshot, application.base.pk.0) {
                add(&mut rule, &binding.to_record());
                if binding.group.is_some() && !are_hashed {
                    snapshot.rows(Group::MODEL).iter().for_each(|row| add(&mut groups, row));
                    are_hashed = true;
                }
                if binding.group.is_some() {
                    groups.finish().hash(&mut rule);
                }
            }
        }
        all.insert(provider, rule.finish());
    }
    all
}

fn add(hasher: &mut DefaultHasher, record: &Record) {
    for value in &record.values {
        render_value(value).to_string().hash(hasher);
    }
}

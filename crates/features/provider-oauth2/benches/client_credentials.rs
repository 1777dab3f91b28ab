//! Tokens for programs against the signatures they are made of: `cargo bench -p provider-oauth2`.
//!
//! Every answer holds two signatures, of the access token and of the ID token, and is kept durably before it goes out. The
//! promise is that signing is what it costs: at least 0.7 of the rate at which the library signs on the same cores.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use feature::change::{self, Context, Options};
use feature::{App, Caller, Feature, Parts, Registry};
use http::{Request, header};
use jose::{KeyKind, SigningKey};
use object::{Id, Object, Record};
use serde_json::{Map, Value as Json, json};
use tower::ServiceExt as _;

const SIGNATURES: f64 = 2.0;
const TIME: Duration = Duration::from_secs(5);
const TASKS: usize = 64;

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pem = KeyKind::Rsa2048.generate().expect("the library makes keys");
    let raw = raw(&pem, cores);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be started");
    let tokens = runtime.block_on(tokens(&pem));
    println!("{cores} cores: {raw:.0} RSA-2048 signatures/s, {tokens:.0} client_credentials answers/s");
    println!("ratio {:.2} ({SIGNATURES} signatures an answer)", tokens * SIGNATURES / raw);
}

fn raw(pem: &str, threads: usize) -> f64 {
    let key = Arc::new(SigningKey::from_pem(pem).expect("the key was just made"));
    let payload = vec![b'x'; 700];
    let begin = Instant::now();
    let work = move |key: Arc<SigningKey>, payload: Vec<u8>| {
        let mut count = 0_u32;
        while begin.elapsed() < TIME {
            key.sign(&payload).expect("signing works");
            count += 1;
        }
        count
    };
    let all: Vec<_> = (0..threads)
        .map(|_| (Arc::clone(&key), payload.clone()))
        .map(|(k, p)| std::thread::spawn(move || work(k, p)))
        .collect();
    let total: u32 = all.into_iter().map(|thread| thread.join().expect("no panic")).sum();
    f64::from(total) / begin.elapsed().as_secs_f64()
}

async fn tokens(pem: &str) -> f64 {
    let app = world(pem).await;
    let routes = provider_oauth2::FEATURE.routes.expect("the feature has routes");
    let router = routes(&app);
    let body = "grant_type=client_credentials&client_id=c&client_secret=s&scope=openid+profile";
    let once = {
        let router = router.clone();
        move || {
            let router = router.clone();
            async move {
                let request = Request::post("/application/o/token/")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from(body))
                    .expect("a request");
                let response = router.oneshot(request).await.expect("an answer");
                assert_eq!(response.status(), 200);
                to_bytes(response.into_body(), 1 << 20).await.expect("a body")
            }
        }
    };
    once().await;
    let begin = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let once = once.clone();
            tokio::spawn(async move {
                let mut count = 0_u32;
                while begin.elapsed() < TIME {
                    once().await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        total += task.await.expect("no panic");
    }
    f64::from(total) / begin.elapsed().as_secs_f64()
}

async fn world(pem: &str) -> App {
    static FEATURES: &[&Feature] = &[
        &events::FEATURE,
        &keys::FEATURE,
        &directory::FEATURE,
        &access::FEATURE,
        &policy::FEATURE,
        &flow::FEATURE,
        &apps::FEATURE,
        &brand::FEATURE,
        &provider_oauth2::FEATURE,
    ];
    let registry = Registry::new(FEATURES).expect("the catalogue is sound");
    let random = clock::Random::system();
    let app = App::new(Parts {
        store: store::Store::open_temporary(registry.catalogue).await.expect("a database"),
        registry,
        settings: Arc::new(settings::Settings::load(&settings::Sources::default()).expect("defaults").settings),
        secret_key: secret::Secret::new("k".repeat(50)),
        clock: clock::Clock::system(),
        hasher: secret::Hasher::new(random.clone()),
        random,
        metrics: telemetry::Metrics::default(),
    });
    for setup in FEATURES.iter().filter_map(|feature| feature.setup) {
        setup(&app);
    }
    let pair = keys::CertificateKeyPair {
        pk: Id::unsaved(),
        name: "pair".into(),
        certificate_data: String::new(),
        key_data: pem.to_owned(),
        managed: None,
    };
    let key = app.store().insert(&pair).await.expect("a key").to_string();
    let flow = json!({"name": "f", "title": "f", "slug": "f", "designation": "authorization"});
    let flow = text(&create::<flow::Flow>(&app, flow).await);
    let mut mappings = Vec::new();
    for (name, expression) in [
        ("openid", "return {}"),
        (
            "profile",
            "return {'name': request.user.name, 'groups': [group.name for group in request.user.ak_groups.all()]}",
        ),
    ] {
        let input = json!({"name": name, "scope_name": name, "expression": expression});
        mappings.push(text(&create::<provider_oauth2::ScopeMapping>(&app, input).await));
    }
    let provider = json!({
        "name": "p", "client_id": "c", "client_secret": "s", "authorization_flow": flow, "invalidation_flow": flow,
        "signing_key": key, "property_mappings": mappings, "redirect_uris": [],
    });
    let provider = create::<provider_oauth2::OAuth2Provider>(&app, provider).await;
    let application = json!({"name": "App", "slug": "app", "provider": provider.key()});
    create::<apps::Application>(&app, application).await;
    app
}

async fn create<T: Object>(app: &App, input: Json) -> Record {
    let caller = Caller::system();
    let context = Context { app, store: app.store(), caller: &caller, options: Options::default() };
    let input: Map<String, Json> = input.as_object().expect("an object").clone();
    change::create(context, T::model(), &input).await.expect("it can be made")
}

fn text(record: &Record) -> String {
    record.key().expect("a key").to_string()
}

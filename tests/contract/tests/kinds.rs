//! Every kind with a path: created, read, listed, searched, filtered, changed, used and deleted, on SQLite and, where it can be had, on PostgreSQL.
//!
//! A kind that is added to the registry is tested by that alone. All failures of a walk are reported together.

use contract::{Client, Maker, Who, kinds, registry, value};
use feature::Kind;
use object::{Access, Default, Field, Model};
use serde_json::{Map, Value as Json, json};
use store::{PostgresConfig, Store};

struct Walk {
    failures: Vec<String>,
}

impl Walk {
    fn expect(&mut self, ok: bool, what: impl FnOnce() -> String) {
        if !ok {
            self.failures.push(what());
        }
    }
    fn end(self) {
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
    }
}

fn has(model: &Model, verb: &str) -> bool {
    model.schema.verbs.contains(&verb)
}

fn is_settable(field: &Field) -> bool {
    matches!(field.access, Access::ReadWrite | Access::WriteOnly | Access::CreateOnly)
}

/// Texts that a hook compares with something outside the object, so that not every text will do.
fn is_checked(model: &Model, field: &Field) -> bool {
    matches!(
        (model.name(), field.wire),
        ("authentik_blueprints.blueprintinstance", "path" | "content")
            | ("authentik_outposts.dockerserviceconnection", "url")
    )
}

/// The path of an object that the API showed.
fn path_of(model: &'static Model, shown: &Json) -> String {
    let path = model.schema.path.unwrap_or_default();
    let table = rest::Table::new(registry());
    let named =
        table.endpoints.iter().find_map(|e| e.pattern.strip_prefix(path)?.strip_prefix("/{")?.strip_suffix("}/"));
    let names = [model.lookup().wire, "pk", named.unwrap_or_default()];
    let segment = names.iter().find_map(|n| shown.get(*n)).unwrap_or(&Json::Null);
    let segment = segment.as_str().map_or_else(|| segment.to_string(), ToOwned::to_owned);
    format!("{path}/{segment}/")
}

/// An object of the kind as reading it shows it, however it comes into being.
async fn existing(client: &Client, maker: &Maker<'_>, kind: &'static Kind) -> Result<Json, String> {
    let model = (kind.model)();
    let path = model.schema.path.unwrap_or_default();
    if has(model, "create") {
        let input = maker.input(model).await;
        let made = client.post(&format!("{path}/"), Json::Object(input.clone())).await;
        if made.status != 201 {
            return Err(format!("POST {path}/ {}: {} {}", Json::Object(input), made.status, made.text));
        }
        return Ok(made.body);
    }
    let concrete = registry().catalogue.kinds(model.name());
    let Some(concrete) = concrete.first() else { return Err(format!("{path}: no kinds")) };
    let record = maker.record(concrete).await;
    let key = record.key().map(|k| k.to_string()).unwrap_or_default();
    let lookup = record.get(model.lookup().name).as_str().map_or(key, ToOwned::to_owned);
    Ok(json!({ model.lookup().wire: lookup, "pk": lookup }))
}

/// An object of every kind that can be had.
async fn objects(client: &Client) -> Vec<(&'static Kind, &'static Model, Json)> {
    let maker = Maker::new(client);
    let mut found = Vec::new();
    for kind in kinds() {
        if let Ok(shown) = existing(client, &maker, kind).await {
            found.push((kind, (kind.model)(), shown));
        }
    }
    found
}

async fn lists(client: &Client, walk: &mut Walk, model: &'static Model, list: &str, shown: &Json) {
    let all = client.get(&format!("{list}?page_size=100")).await;
    let full = all.body["pagination"]["count"].as_u64().unwrap_or_default();
    walk.expect(all.status == 200 && full >= 1, || format!("GET {list}: {} {}", all.status, all.text));
    for declared in model.schema.filters {
        let name = declared.split_once('=').map_or(*declared, |(name, _)| name);
        // A value that was shown finds the object again; any value at all must not be a fault.
        let any = client.get(&format!("{list}?{name}=x")).await;
        walk.expect(!any.status.is_server_error(), || format!("GET {list}?{name}=x: {} {}", any.status, any.text));
        if let Some(text) = shown.get(name).and_then(Json::as_str).filter(|t| !t.is_empty()) {
            let hex = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap();
            let encoded: String = text.bytes().flat_map(|b| ['%', hex(b >> 4), hex(b & 15)]).collect();
            let found = client.get(&format!("{list}?{name}={encoded}")).await;
            walk.expect(found.body["pagination"]["count"].as_u64() >= Some(1), || {
                format!("GET {list}?{name}={text}: {}", found.text)
            });
        }
    }
    for query in
        ["search=x", "search=%25%27%22%00", "ordering=-pk,name,nope", "page_size=1", "ordering=password,key,token"]
    {
        let got = client.get(&format!("{list}?{query}")).await;
        walk.expect(got.status == 200, || format!("GET {list}?{query}: {} {}", got.status, got.text));
    }
    let wrong = client.get(&format!("{list}?page=99999")).await;
    walk.expect(wrong.status == 404, || format!("GET {list}?page=99999: {}", wrong.status));
}

/// A change of one field; with it goes what a hook asks for at every change.
fn change(model: &Model, field: &str, value: Json) -> Json {
    let mut body = match model.name() {
        "authentik_providers_proxy.proxyprovider" => json!({ "internal_host": "https://inside.example.com" }),
        _ => json!({}),
    };
    if !field.is_empty() {
        body[field] = value;
    }
    body
}

async fn patches(client: &Client, maker: &Maker<'_>, walk: &mut Walk, model: &'static Model, path: &str, shown: &Json) {
    let nothing = client.send(Who::Admin, "PATCH", path, Some(&change(model, "", Json::Null))).await;
    walk.expect(nothing.status == 200, || format!("PATCH {path} {{}}: {} {}", nothing.status, nothing.text));
    let plain = |f: &&&'static Field| {
        !is_checked(model, f)
            && matches!(f.kind, object::Kind::Text { .. })
            && f.access == Access::ReadWrite
            && !f.unique
            && f.shown_if.is_empty()
            && shown.get(f.wire).is_some()
    };
    if let Some(field) = model.fields.iter().skip(1).find(plain) {
        let new = value(field, 900);
        let patched = client.send(Who::Admin, "PATCH", path, Some(&change(model, field.wire, new.clone()))).await;
        let ok = patched.status == 200 && patched.body[field.wire] == new;
        walk.expect(ok, || format!("PATCH {path} {}={new}: {} {}", field.wire, patched.status, patched.text));
    }
    if has(model, "update") {
        let put = client.send(Who::Admin, "PUT", path, Some(&Json::Object(maker.input(model).await))).await;
        // The path changes when the lookup does; put it back.
        walk.expect(put.status == 200, || format!("PUT {path}: {} {}", put.status, put.text));
        let lookup = model.lookup().wire;
        if put.status == 200 && put.body.get(lookup) != shown.get(lookup) && is_settable(model.lookup()) {
            let moved = path_of(model, &put.body);
            let back = client.send(Who::Admin, "PATCH", &moved, Some(&json!({ lookup: shown[lookup] }))).await;
            walk.expect(back.status == 200, || format!("PATCH {moved}: {} {}", back.status, back.text));
        }
    }
}

testkit::on_each_store! { registry().catalogue;
    async fn every_kind_lives_and_dies(store: Store) {
        let client = Client::on(store).await;
        let maker = Maker::new(&client);
        let mut walk = Walk { failures: Vec::new() };
        for kind in kinds() {
            let model = (kind.model)();
            let list = format!("{}/", model.schema.path.unwrap_or_default());
            let shown = match existing(&client, &maker, kind).await {
                Ok(shown) => shown,
                Err(failure) => {
                    walk.failures.push(failure);
                    continue;
                }
            };
            let path = path_of(model, &shown);
            if has(model, "retrieve") {
                let read = client.get(&path).await;
                walk.expect(read.status == 200, || format!("GET {path}: {} {}", read.status, read.text));
                if has(model, "create") {
                    walk.expect(read.body == shown, || {
                        format!("GET {path}: {} differs from what POST showed: {shown}", read.text)
                    });
                }
            }
            if has(model, "list") {
                lists(&client, &mut walk, model, &list, &shown).await;
            }
            if has(model, "partial_update") {
                patches(&client, &maker, &mut walk, model, &path, &shown).await;
            }
            if has(model, "used_by") {
                let used = client.get(&format!("{path}used_by/")).await;
                walk.expect(used.status == 200 && used.body.is_array(), || {
                    format!("GET {path}used_by/: {} {}", used.status, used.text)
                });
            }
            if has(model, "destroy") {
                let gone = client.send(Who::Admin, "DELETE", &path, None).await;
                walk.expect(gone.status == 204, || format!("DELETE {path}: {} {}", gone.status, gone.text));
                let read = client.get(&path).await;
                walk.expect(read.status == 404 || !has(model, "retrieve"), || {
                    format!("GET {path} after DELETE: {}", read.status)
                });
            }
        }
        walk.end();
    }

    async fn nonsense_is_refused_by_field_and_nothing_is_written(store: Store) {
        let client = Client::on(store).await;
        let mut walk = Walk { failures: Vec::new() };
        for kind in kinds() {
            let model = (kind.model)();
            if !has(model, "create") {
                continue;
            }
            let list = format!("{}/", model.schema.path.unwrap_or_default());
            let before = client.get(&list).await.body["pagination"]["count"].clone();
            let is_asked_for = |f: &Field| is_settable(f) && !registry().is_derived(model, f.wire);
            let required = model.fields.iter().skip(1).filter(|f| matches!(f.default, Default::Required) && is_asked_for(f));
            let empty = client.post(&list, json!({})).await;
            for field in required {
                let said = &empty.body[field.wire];
                walk.expect(*said == json!(["This field is required."]), || {
                    format!("POST {list} {{}}: {} says {said}", field.wire)
                });
            }
            let wrong: Map<String, Json> = model
                .fields
                .iter()
                .skip(1)
                .filter(|f| is_settable(f))
                .map(|f| (f.wire.to_owned(), json!({"x": [1]})))
                .collect();
            let refused = client.post(&list, Json::Object(wrong)).await;
            walk.expect(refused.status == 400, || {
                format!("POST {list} of wrong types: {} {}", refused.status, refused.text)
            });
            for body in [json!([]), json!("x"), json!(3), json!({ "no_such_field": 1 })] {
                let refused = client.post(&list, body.clone()).await;
                walk.expect(refused.status == 400, || format!("POST {list} {body}: {} {}", refused.status, refused.text));
            }
            let listed = client.get(&list).await;
            let after = listed.body["pagination"]["count"].clone();
            walk.expect(before == after, || {
                format!("{list} has {after} objects after refusals, {before} before: {} {}", listed.status, listed.text)
            });
        }
        walk.end();
    }

    async fn without_permission_there_is_nothing_to_see(store: Store) {
        let client = Client::on(store).await;
        let mut walk = Walk { failures: Vec::new() };
        for (kind, model, shown) in objects(&client).await {
            let (list, path) = (format!("{}/", model.schema.path.unwrap_or_default()), path_of(model, &shown));
            let open = kind.open_to_users || kind.own_rows.is_some() || kind.listing.is_some();
            if has(model, "list") {
                let got = client.send(Who::Stranger, "GET", &list, None).await;
                let ok = got.status == 403 || (open && got.status == 200);
                walk.expect(ok, || format!("a stranger's GET {list}: {} {}", got.status, got.text));
            }
            for (verb, method) in
                [("retrieve", "GET"), ("update", "PUT"), ("partial_update", "PATCH"), ("destroy", "DELETE")]
            {
                if !has(model, verb) {
                    continue;
                }
                let body = json!({});
                let got = client.send(Who::Stranger, method, &path, Some(&body)).await;
                let ok = got.status == 403 || got.status == 404 || (open && verb == "retrieve");
                walk.expect(ok, || format!("a stranger's {method} {path}: {} {}", got.status, got.text));
            }
            if has(model, "create") && !kind.own_changes {
                let got = client.send(Who::Stranger, "POST", &list, Some(&json!({}))).await;
                walk.expect(got.status == 403, || format!("a stranger's POST {list}: {} {}", got.status, got.text));
            }
        }
        walk.end();
    }

    async fn what_is_not_part_of_the_api_is_never_shown(store: Store) {
        let client = Client::on(store).await;
        let mut walk = Walk { failures: Vec::new() };
        for (_, model, shown) in objects(&client).await {
            let computed: Vec<&str> = registry().chain(model).flat_map(|k| k.computed).map(|c| c.name).collect();
            let list = client.get(&format!("{}/", model.schema.path.unwrap_or_default())).await;
            let first = list.body["results"].as_array().and_then(|r| r.first()).cloned().unwrap_or_default();
            for field in model.fields.iter().filter(|f| matches!(f.access, Access::Internal | Access::WriteOnly)) {
                if computed.contains(&field.wire) {
                    continue;
                }
                for (where_, body) in [("detail", &shown), ("list", &first)] {
                    walk.expect(body.get(field.wire).is_none(), || {
                        format!("{} shows {} in its {where_}", model.name(), field.wire)
                    });
                }
            }
        }
        walk.end();
    }
}

//! Every path and method of the API without credentials. What is open stands in a list that a person has to change.

use contract::{Client, Who, registry};
use feature::Permission;
use rest::Table;

/// Operations that answer everybody. Each is here because a page without a login needs it.
const OPEN: &[&str] = &[
    "core_brands_current_retrieve",
    "flows_executor_get",
    "flows_executor_solve",
    "flows_inspector_get",
    "root_config_retrieve",
    "schema_retrieve",
    "core_users_impersonate_end_retrieve",
];

#[tokio::test]
async fn everything_else_is_refused() {
    let client = Client::new().await;
    let table = Table::new(registry());
    let mut failures = Vec::new();
    for endpoint in &table.endpoints {
        let path = endpoint.pattern.replace(['{', '}'], "");
        for (method, action) in &endpoint.methods {
            let id = match action {
                rest::Action::Operation(operation) => operation.id,
                rest::Action::Schema => "schema_retrieve",
                _ => "",
            };
            if OPEN.contains(&id) {
                continue;
            }
            let got = client.send(Who::Nobody, method.as_str(), &path, None).await;
            if !matches!(got.status.as_u16(), 401 | 403) {
                failures.push(format!("{method} {path} ({id}): {} {}", got.status, got.text));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_list_of_open_operations_is_complete() {
    let operations =
        registry().features.iter().flat_map(|f| f.operations.iter().chain(f.kinds.iter().flat_map(|k| k.operations)));
    let open = operations.filter(|o| o.permission == Permission::Anonymous).map(|o| o.id);
    let unlisted: Vec<&str> = open.filter(|id| !OPEN.contains(id)).collect();
    assert!(unlisted.is_empty(), "open to everybody, but not on the list: {unlisted:?}");
}

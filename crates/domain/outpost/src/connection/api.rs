//! What is checked of connections, and the API's questions about them.

use feature::{BoxFuture, Call, Change, Kind, Method, Operation, Permission, Problem, Reply};
use serde_json::json;

use super::{DockerServiceConnection, KubernetesServiceConnection, OutpostServiceConnection, kubeconfig};

pub const KINDS: [Kind; 3] = [
    Kind::of::<OutpostServiceConnection>()
        .display(|record| format!("Outpost service connection {}", record.text("name")))
        .operations(&[STATE]),
    Kind::of::<DockerServiceConnection>()
        .display(|record| format!("Docker Service-Connection {}", record.text("name")))
        .check(check_docker),
    Kind::of::<KubernetesServiceConnection>()
        .display(|record| format!("Kubernetes Service-Connection {}", record.text("name")))
        .check(check_kubernetes),
];

const STATE: Operation = Operation {
    id: "outposts_service_connections_all_state_retrieve",
    method: Method::Get,
    path: "outposts/service_connections/all/{uuid}/state/",
    permission: Permission::Visible,
    summary: "Tells whether the place can be reached. Nothing is connected to yet, so that it never can.",
    request: "",
    response: r##"{"$ref":"#/components/schemas/ServiceConnectionState"}"##,
    status: 200,
    parameters: &[],
    run: state,
};

fn state(_: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::ok(json!({"healthy": false, "version": ""}))) })
}

fn check_docker<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let url = change.record.text("url");
        let schemes = ["unix://", "tcp://", "http://", "https://", "ssh://", "npipe://", "/"];
        if change.differs("url") && !schemes.iter().any(|s| url.starts_with(s)) {
            let message = "Must be an address like unix:///var/run/docker.sock or https://host:2376.";
            return Err(Problem::field("url", message));
        }
        Ok(())
    })
}

fn check_kubernetes<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        if !change.differs("kubeconfig") && !change.differs("local") {
            return Ok(());
        }
        let config = change.record.get("kubeconfig").as_json().and_then(|j| j.as_object());
        match config.filter(|c| !c.is_empty()) {
            Some(config) => kubeconfig::check(config).map_err(|text| Problem::field("kubeconfig", text)),
            None if change.record.get("local").as_bool() == Some(true) => Ok(()),
            None => {
                let message = "You can only use an empty kubeconfig when connecting to a local cluster.";
                Err(Problem::field("kubeconfig", message))
            }
        }
    })
}

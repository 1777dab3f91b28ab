//! What an outpost may be configured to, and what is kept of where it runs.

use super::*;
use crate::config::{address, fault};
use crate::{Config, DockerServiceConnection, KubernetesServiceConnection};

fn said(config: Json) -> String {
    fault(&map(config)).unwrap_or_default()
}

#[test]
fn a_wrong_type_is_named_as_clients_know_it() {
    let text = "Failed to validate config: wrong value type for field \"authentik_host\" - should be \"str\" instead of \
        value \"3\" of type \"int\"";
    assert_eq!(said(json!({"authentik_host": 3})), text);
    for (config, part) in [
        (
            json!({"docker_map_ports": "x"}),
            "\"docker_map_ports\" - should be \"bool\" instead of value \"x\" of type \"str\"",
        ),
        (json!({"kubernetes_replicas": null}), "should be \"int\""),
        (
            json!({"container_image": 1}),
            "can not match type \"int\" to any type of \"container_image\" union: str | None",
        ),
        (json!({"kubernetes_ingress_annotations": {"a": 1}}), "\"kubernetes_ingress_annotations.a\""),
        (json!({"kubernetes_disabled_components": ["a", 2]}), "\"kubernetes_disabled_components.1\""),
    ] {
        let text = said(config.clone());
        assert!(text.contains(part), "{config}: {text}");
    }
    assert_eq!(said(json!({"unknown": {"x": 1}, "container_image": null})), "");
}

#[test]
fn values_that_cannot_work_are_refused() {
    for (config, part) in [
        (json!({"refresh_interval": "soon"}), "no span of time"),
        (json!({"refresh_interval": "minutes=0"}), "longer than nothing"),
        (json!({"authentik_host": "id.example.com"}), "https://id.example.com"),
        (json!({"authentik_host": "ftp://id.example.com"}), "https://id.example.com"),
        (json!({"authentik_host_browser": "http://0.0.0.0:9000"}), "0.0.0.0"),
        (json!({"authentik_host": "http://[::]:9000/"}), "0.0.0.0"),
        (json!({"authentik_host": "http://0:9000/"}), "0.0.0.0"),
        (json!({"authentik_host": "https://user:pass@id.example.com"}), "credentials"),
        (json!({"kubernetes_replicas": -1}), "0 or more"),
    ] {
        let text = said(config.clone());
        assert!(text.contains(part), "{config}: {text}");
    }
    assert_eq!(said(json!({"authentik_host": "https://x", "refresh_interval": "seconds=30"})), "");
    assert_eq!(address(" "), Ok(None));
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = Config::of(&map(json!({"log_level": "debug"})));
    assert_eq!((config.log_level.as_str(), config.kubernetes_replicas, config.docker_map_ports), ("debug", 1, true));
    assert_eq!(config.refresh_interval().as_secs(), 300);
    assert_eq!(Config::default().to_map().keys().next().map(String::as_str), Some("authentik_host"));
    let names: Vec<String> = Config::default().to_map().keys().cloned().collect();
    for name in names {
        // Every field is one that is checked.
        assert!(
            !said(json!({ name.as_str(): ["x", 1] })).is_empty() || name == "kubernetes_httproute_parent_refs",
            "{name}"
        );
    }
}

#[tokio::test]
async fn connections_are_checked_and_kept() {
    let app = app().await;
    create::<DockerServiceConnection>(&app, json!({"name": "d", "url": "unix:///var/run/docker.sock"})).await.unwrap();
    let wrong = create::<DockerServiceConnection>(&app, json!({"name": "e", "url": "docker"})).await.unwrap_err();
    assert!(wrong["url"][0].as_str().unwrap().contains("unix://"));
    let taken = create::<DockerServiceConnection>(&app, json!({"name": "d", "url": "http://x"})).await.unwrap_err();
    assert_eq!(taken["name"][0], "Outpost Service-Connection with this name already exists.");

    let cluster = |json: Json| json!({"name": "k", "kubeconfig": json});
    let refusal = |e: Json| e["kubeconfig"][0].as_str().unwrap_or_default().to_owned();
    let empty = create::<KubernetesServiceConnection>(&app, cluster(json!({}))).await.unwrap_err();
    assert_eq!(refusal(empty), "You can only use an empty kubeconfig when connecting to a local cluster.");
    let no_config = create::<KubernetesServiceConnection>(&app, cluster(json!({"a": 1}))).await.unwrap_err();
    assert_eq!(refusal(no_config), "Invalid kubeconfig");
    let config = json!({
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://k:6443"}}],
        "users": [{"name": "u", "user": {}}],
    });
    for (list, part) in [("contexts", "context “c”"), ("clusters", "cluster “k”"), ("users", "user “u”")] {
        let mut broken = config.clone();
        broken[list] = json!([]);
        let text = refusal(create::<KubernetesServiceConnection>(&app, cluster(broken)).await.unwrap_err());
        assert!(text.contains(part), "{text}");
    }
    create::<KubernetesServiceConnection>(&app, cluster(config)).await.unwrap();
    create::<KubernetesServiceConnection>(&app, json!({"name": "l", "local": true})).await.unwrap();
}

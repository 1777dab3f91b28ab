//! Where outposts run: connections to Docker and Kubernetes. Kept and checked; nothing here ever connects.

pub mod api;
mod kubeconfig;

use keys::CertificateKeyPair;
use object::{Id, Object};
use serde_json::{Map, Value as Json};

/// Access to a place where outposts run.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_outposts.outpostserviceconnection",
    table = "authentik_outposts_outpostserviceconnection",
    path = "outposts/service_connections/all",
    verbose = "Outpost Service-Connection",
    plural = "Outpost Service-Connections",
    api_name = "ServiceConnection",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    filters = ["name"],
    search = ["name"],
    ordering = ["name"],
    cached,
    family
)]
pub struct OutpostServiceConnection {
    #[field(key, label = "Uuid")]
    pub pk: Id<Self>,
    /// Name, unlike that of any other connection.
    #[field(unique, unique_text = "Outpost Service-Connection with this name already exists.")]
    pub name: String,
    /// The place is the one where this program itself runs, and its own rights are used.
    pub local: bool,
}

/// Access to a Docker daemon.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_outposts.dockerserviceconnection",
    table = "authentik_outposts_dockerserviceconnection",
    path = "outposts/service_connections/docker",
    verbose = "Docker Service-Connection",
    plural = "Docker Service-Connections",
    component = "ak-service-connection-docker-form",
    api_name = "DockerServiceConnection",
    filters = ["name", "local", "url", "tls_verification", "tls_authentication"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct DockerServiceConnection {
    pub base: OutpostServiceConnection,
    /// The daemon's address: `unix://` and a path for one on this machine, `https://host:2376` for another.
    pub url: String,
    /// Authority that has to have issued the daemon's certificate. Without one it is not checked.
    #[field(set_null)]
    pub tls_verification: Option<Id<CertificateKeyPair>>,
    /// Certificate and key to log in with.
    #[field(set_null)]
    pub tls_authentication: Option<Id<CertificateKeyPair>>,
}

/// Access to a Kubernetes cluster.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_outposts.kubernetesserviceconnection",
    table = "authentik_outposts_kubernetesserviceconnection",
    path = "outposts/service_connections/kubernetes",
    verbose = "Kubernetes Service-Connection",
    plural = "Kubernetes Service-Connections",
    component = "ak-service-connection-kubernetes-form",
    api_name = "KubernetesServiceConnection",
    filters = ["name", "local"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct KubernetesServiceConnection {
    pub base: OutpostServiceConnection,
    /// The kubeconfig as JSON; its current context counts. Leave it empty for the cluster this program runs in.
    #[field(secret)]
    pub kubeconfig: Map<String, Json>,
    /// Check the certificate of the cluster's API server.
    #[field(default_bool = true)]
    pub verify_ssl: bool,
}

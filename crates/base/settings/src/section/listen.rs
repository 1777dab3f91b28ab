//! Addresses, limits and trusted proxies of the listeners.

use std::time::Duration;

use ipnet::IpNet;

use crate::{ListenAddress, declare::settings};

settings! {
    /// Addresses the server listens on and whom it believes.
    ///
    /// Addresses are comma separated; an empty value switches the listener off.
    pub struct Listen {
        /// Plain HTTP.
        http: Vec<ListenAddress>, "listen.http" | "listen.listen_http" | "web.listen" = "[::]:9000";
        /// HTTPS.
        https: Vec<ListenAddress>, "listen.https" | "listen.listen_https" | "web.listen_tls" = "[::]:9443";
        /// Metrics in the Prometheus format.
        metrics: Vec<ListenAddress>, "listen.metrics" | "listen.listen_metrics" = "[::]:9300";
        /// Networks whose `X-Forwarded-*` headers, and whose word about the client by the PROXY protocol, are believed. Empty:
        /// nobody is.
        trusted_proxy_cidrs: Vec<IpNet>, "listen.trusted_proxy_cidrs"
            = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fe80::/10,::1/128";
        /// Connections served at the same time per listener; further ones wait.
        max_connections: u32, "listen.max_connections" = "10000";
        /// Time a client has to send the head of a request.
        header_timeout: Duration, "listen.header_timeout" = "seconds=30";
        /// How long a node of several goes on accepting requests after it was told to stop. It says at once that it is not
        /// ready, so that whatever balances the load sends no more.
        shutdown_delay: Duration, "listen.shutdown_delay" = "seconds=3";
        /// Time running requests have to finish when the server stops.
        shutdown_grace: Duration, "listen.shutdown_grace" = "seconds=25";
    }
}

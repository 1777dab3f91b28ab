//! The connection loop: accepting, limits, and an orderly end.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use settings::Listen;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tower::ServiceExt as _;

use crate::{
    Connection, Listener, Tls,
    activity::{Activity, Guarded, KeepOpen},
    listener::{Accepted, Io},
    patience::Patient,
};

/// Largest head of a request.
const MAX_HEAD: usize = 64 * 1024;
/// Most header lines of a request.
const MAX_HEADERS: usize = 100;
/// Requests at a time over one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;
/// Pause after a failed accept, which mostly means that there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Limits of one listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time; further ones wait in the kernel's queue.
    pub max_connections: u32,
    /// Time for the TLS handshake, for the head of a request, between two parts of its body, and for
    /// doing nothing between requests.
    pub header_timeout: Duration,
    /// Time running requests have to finish at the end.
    pub shutdown_grace: Duration,
}

impl Limits {
    /// As set.
    pub fn from_settings(listen: &Listen) -> Self {
        Self {
            max_connections: listen.max_connections,
            header_timeout: listen.header_timeout,
            shutdown_grace: listen.shutdown_grace,
        }
    }
}

/// Serves `router` until `shutdown` completes and the running requests are answered or out of time.
pub async fn serve(
    listener: Listener,
    tls: Option<Arc<Tls>>,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.max_connections as usize));
    let graceful = GracefulShutdown::new();
    // Dropping the sender is the signal.
    let (running, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            // The semaphore is never closed, so there always is a slot some time.
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = &mut shutdown => break,
            // Without this the results of finished connections would pile up.
            Some(_) = connections.join_next() => continue,
            next = next => next,
        };
        match accepted {
            Ok(accepted) => {
                let served = Served {
                    tls: tls.clone(),
                    router: router.clone(),
                    limits,
                    connection: accepted.connection,
                    watcher: graceful.watcher(),
                    stopping: stopping.clone(),
                };
                connections.spawn(async move {
                    served.run(accepted).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "Cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(running);
    if timeout(limits.shutdown_grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("Stopped with {} connections still open", connections.len());
    }
    connections.shutdown().await;
}

/// One connection with everything it needs.
struct Served {
    tls: Option<Arc<Tls>>,
    router: Router,
    limits: Limits,
    connection: Connection,
    watcher: Watcher,
    stopping: watch::Receiver<()>,
}

impl Served {
    async fn run(mut self, accepted: Accepted) {
        let opening = timeout(self.limits.header_timeout, accepted.opened());
        let opened = tokio::select! {
            // What has come is answered, also at the end.
            biased;
            opened = opening => opened,
            _ = self.stopping.changed() => return,
        };
        let peer = self.connection.peer;
        let stream = match opened {
            Ok(Ok((stream, connection))) => {
                self.connection = connection;
                stream
            }
            Ok(Err(error)) => {
                tracing::warn!("{peer} does not speak the PROXY protocol as a trusted proxy has to: {error}");
                return;
            }
            // Nothing came at all, mostly.
            Err(_) => return,
        };
        let Some(tls) = self.tls.take() else {
            return self.speak_http(stream).await;
        };
        let handshake = timeout(self.limits.header_timeout, tls.accept(stream));
        let result = tokio::select! {
            // Nobody has asked for anything yet, so the end need not wait for them.
            _ = self.stopping.changed() => return,
            result = handshake => result,
        };
        match result {
            Ok(Ok(stream)) => {
                self.connection.is_tls = true;
                self.speak_http(stream).await;
            }
            Ok(Err(error)) => tracing::debug!("TLS handshake with {peer} failed: {error}"),
            Err(_) => tracing::debug!("TLS handshake with {peer} took too long"),
        }
    }

    async fn speak_http(self, stream: impl Io + 'static) {
        let Self { router, limits, connection, watcher, .. } = self;
        let activity = Activity::new();
        let service = {
            let activity = activity.clone();
            service_fn(move |mut request: Request<Incoming>| {
                let guard = KeepOpen::begin(&activity);
                let router = router.clone();
                request.extensions_mut().insert(connection);
                request.extensions_mut().insert(guard.clone());
                let request = request.map(|body| Body::new(Patient::new(body, limits.header_timeout)));
                async move {
                    let Ok(response): Result<Response<Body>, Infallible> = router.oneshot(request).await;
                    Ok::<_, Infallible>(response.map(|body| Guarded { body, _guard: guard }))
                }
            })
        };
        let builder = builder(limits.header_timeout);
        let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let serving = watcher.watch(serving.into_owned());
        tokio::select! {
            result = serving => {
                if let Err(error) = result {
                    tracing::debug!("Connection from {} ended: {error}", connection.peer);
                }
            }
            // Dropping the connection closes it.
            () = activity.idle_for(limits.header_timeout) => {}
        }
    }
}

fn builder(header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD as u32)
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(Some(header_timeout))
        .enable_connect_protocol();
    builder
}

#[cfg(test)]
mod tests;

//! Whether a connection is in use, so that one that is not can be closed.
//!
//! hyper limits the time for the head of an HTTP/1 request, but neither the time until the first bytes
//! tell the version nor the life of an idle HTTP/2 connection.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Requests in flight, and since when there are none.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    idle_since: Instant,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { in_flight: 0, idle_since: Instant::now() })))
    }

    /// A request has begun; it lasts until the guard is dropped.
    pub(crate) fn begin(&self) -> Guard {
        self.0.lock().in_flight += 1;
        Guard(self.clone())
    }

    /// Returns once nothing has happened for `limit`.
    pub(crate) async fn idle_for(&self, limit: Duration) {
        loop {
            let until = {
                let state = self.0.lock();
                let since = if state.in_flight == 0 { state.idle_since } else { Instant::now() };
                since + limit
            };
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

/// Keeps a connection in use.
#[derive(Debug)]
pub(crate) struct Guard(Activity);

/// An extension of every request: whoever holds it keeps the connection in use after the answer. A tunnel over HTTP/2 is
/// one stream of a connection that looks idle otherwise.
#[derive(Debug, Clone)]
pub struct KeepOpen(#[expect(dead_code, reason = "held for its drop")] Arc<Guard>);

impl KeepOpen {
    pub(crate) fn begin(activity: &Activity) -> Self {
        Self(Arc::new(activity.begin()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.in_flight -= 1;
        state.idle_since = Instant::now();
    }
}

/// The body of an answer: the request lasts until it is sent.
pub(crate) struct Guarded {
    pub(crate) body: axum::body::Body,
    pub(crate) _guard: KeepOpen,
}

impl Body for Guarded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! The body of an answer, which ends early when whoever reads it may no longer.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// Completes when the permission for a request ends.
pub(crate) type Until = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An upstream's body with the end of its permission.
pub(crate) struct Permitted {
    pub(crate) body: Incoming,
    pub(crate) until: Until,
}

impl Body for Permitted {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        match self.until.as_mut().poll(context) {
            // An error, not an end: a part must not look like the whole.
            Poll::Ready(()) => {
                self.until = Box::pin(std::future::ready(()));
                Poll::Ready(Some(Err("the session has ended".into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

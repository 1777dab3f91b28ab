//! The body of a request, without the fields that may follow it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body as AnyBody;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A client's body that ends with its last byte.
///
/// SECURITY: some applications put the fields behind a body among the headers, where `X-authentik-username` would be the
/// client's own word. RFC 9110 §6.5.1 lets anybody in between discard them, and no browser sends any.
pub(crate) struct WithoutTrailers(pub(crate) AnyBody);

impl Body for WithoutTrailers {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll_frame(context)) {
            Some(Ok(frame)) if frame.is_trailers() => None,
            other => other,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

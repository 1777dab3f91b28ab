//! The body of an answer, which ends early when whoever reads it may no longer.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Completes when the permission for a request ends.
pub(crate) type Until = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An upstream's body with the end of its permission.
pub(crate) struct Permitted<B> {
    pub(crate) body: B,
    pub(crate) until: Until,
}

impl<B> Body for Permitted<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        // SECURITY: first, or a body that always has its next part at hand would never be asked whether it may go on.
        if self.until.as_mut().poll(context).is_ready() {
            self.until = Box::pin(std::future::ready(()));
            // An error, not an end: a part must not look like the whole.
            return Poll::Ready(Some(Err("the session has ended".into())));
        }
        Pin::new(&mut self.body).poll_frame(context).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    //! When a body may go on.

    use std::convert::Infallible;

    use http_body_util::BodyExt as _;
    use tokio::sync::oneshot;

    use super::*;

    /// Never pauses and never ends.
    struct Endless;

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"more")))))
        }
    }

    #[tokio::test]
    async fn a_body_that_never_pauses_ends_with_the_session() {
        let (end, ended) = oneshot::channel::<()>();
        let until = Box::pin(async move { _ = ended.await });
        let mut body = Permitted { body: Endless, until };
        assert!(body.frame().await.unwrap().is_ok());
        drop(end);
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.unwrap().is_err(), "and it does not begin again");
    }
}

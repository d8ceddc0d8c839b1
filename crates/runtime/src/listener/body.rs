//! Request bodies with a deadline and answers that tell when they are through. A header timeout alone does not
//! stop a client that sends its body a byte at a time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};
use tower::BoxError;

use super::Deadlines;
use super::io::{Activity, Exchange};

/// The most of an unread body that is taken in for the sake of its connection.
const DRAINED_BYTES: u64 = 16 << 10;

/// The client stopped sending its body.
#[derive(Debug, thiserror::Error)]
#[error("the request body did not arrive in time")]
pub struct BodyTimeout;

/// A request body under both deadlines. The timer exists only once the body is waited for.
pub(super) struct Timed {
    inner: Incoming,
    activity: Activity,
    timer: Option<Pin<Box<Sleep>>>,
    whole: Instant,
    idle: Duration,
}

impl Timed {
    pub(super) fn new(inner: Incoming, activity: Activity, deadlines: Deadlines) -> Self {
        let more = inner.size_hint().upper();
        activity.set_unread(more.is_none_or(|bytes| bytes > DRAINED_BYTES));
        Self {
            inner,
            activity,
            timer: None,
            whole: Instant::now() + deadlines.body,
            idle: deadlines.body_idle,
        }
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.timer = None;
            if frame.is_none() || self.inner.is_end_stream() {
                self.activity.set_unread(false);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let until = self.whole.min(Instant::now() + self.idle);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(BodyTimeout.into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body that ends its exchange when it is dropped.
pub(super) struct Answer<B> {
    inner: B,
    _exchange: Exchange,
}

impl<B> Answer<B> {
    pub(super) fn new(inner: B, exchange: Exchange) -> Self {
        Self {
            inner,
            _exchange: exchange,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

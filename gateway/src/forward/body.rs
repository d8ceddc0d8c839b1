//! Bodies on their way through: requests are counted, answers have a deadline.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use httpkit::Problem;
use hyper::body::Incoming;
use tokio::time::Sleep;
use tower::BoxError;

use crate::edge::{BODY_BYTES, body_too_large};

/// What is known of an upload beside its bytes.
#[derive(Debug, Default)]
pub(super) struct Progress {
    begun: AtomicBool,
    ended: AtomicBool,
    too_large: AtomicBool,
    broken: AtomicBool,
}

impl Progress {
    /// The answer, when it was the client's body that ended the exchange.
    pub(super) fn blame(&self) -> Option<Problem> {
        if self.too_large.load(Ordering::Relaxed) {
            return Some(body_too_large());
        }
        let broken = self.broken.load(Ordering::Relaxed);
        broken.then(|| {
            Problem::bad_request("body_incomplete", "the request's body did not arrive whole")
        })
    }

    /// Whether the client is still sending.
    pub(super) fn unfinished(&self) -> bool {
        self.begun.load(Ordering::Relaxed) && !self.ended.load(Ordering::Relaxed)
    }
}

/// A request's body, cut off beyond its limit.
pub(super) struct Upload {
    inner: Body,
    left: usize,
    progress: Arc<Progress>,
}

impl Upload {
    pub(super) fn new(inner: Body, progress: Arc<Progress>) -> Self {
        progress.begun.store(true, Ordering::Relaxed);
        Self {
            inner,
            left: BODY_BYTES,
            progress,
        }
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let answer = match frame {
            None => {
                self.progress.ended.store(true, Ordering::Relaxed);
                None
            }
            Some(Err(error)) => {
                self.progress.broken.store(true, Ordering::Relaxed);
                Some(Err(error.into()))
            }
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Buf::remaining);
                match self.left.checked_sub(bytes) {
                    Some(left) => {
                        self.left = left;
                        if self.inner.is_end_stream() {
                            self.progress.ended.store(true, Ordering::Relaxed);
                        }
                        Some(Ok(frame))
                    }
                    None => {
                        self.progress.too_large.store(true, Ordering::Relaxed);
                        Some(Err("the body is too large".into()))
                    }
                }
            }
        };
        Poll::Ready(answer)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body that must be through by its deadline. The timer exists only once it is waited for.
pub(super) struct Within {
    inner: Incoming,
    deadline: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Within {
    pub(super) fn new(inner: Incoming, deadline: Instant) -> Self {
        Self {
            inner,
            deadline,
            timer: None,
        }
    }
}

impl HttpBody for Within {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = self.deadline.into();
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        timer
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err("the answer took too long".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

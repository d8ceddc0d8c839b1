//! Smaller answers for clients that ask for them. The layer is passed by where it could do nothing: it costs
//! more than the rest of the way.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::Body;
use futures::future::BoxFuture;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{Extensions, HeaderMap, Request, Response, StatusCode, Version};
use tower::Service;
use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, Predicate, SizeAbove};
use tower_http::compression::{Compression, CompressionLayer};

use crate::edge::Gateway;

/// Smaller bodies fit into one segment anyway.
const LEAST_BYTES: u64 = 1024;

/// Text that is worth it.
const TEXTS: [&str; 6] = [
    "application/json",
    "application/problem+json",
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
];

type IsText = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// The gateway, with compressed answers for who wants them.
#[derive(Clone)]
pub struct Compressed {
    plain: Gateway,
    smaller: Compression<Gateway, And<SizeAbove, IsText>>,
}

impl Compressed {
    /// Wraps the gateway.
    pub fn new(gateway: Gateway) -> Self {
        let worth_it = SizeAbove::new(LEAST_BYTES).and(is_text as IsText);
        // The fastest level: a request waits for it.
        let layer = CompressionLayer::new()
            .quality(CompressionLevel::Fastest)
            .compress_when(worth_it);
        Self {
            plain: gateway.clone(),
            smaller: tower::Layer::layer(&layer, gateway),
        }
    }
}

impl Service<Request<Body>> for Compressed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if !request.headers().contains_key(ACCEPT_ENCODING) {
            return self.plain.call(request);
        }
        let answer = self.smaller.call(request);
        Box::pin(async move { Ok(answer.await?.map(Body::new)) })
    }
}

fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    TEXTS.iter().any(|text| kind.starts_with(text))
}

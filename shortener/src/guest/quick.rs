//! The short way: an open link to an address, known here, asked for by a person. Most opens are that, and around it a
//! router and its layers cost more than all the rest. Everything else, and every doubt, takes the long way.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use futures::future::Either;
use http::header::{LOCATION, REFERER, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use httpkit::{CLIENT_ADDRESS_HEADER, Guard, Service as Caller};
use metrics::{Counter, Histogram};
use runtime::Health;
use tower::Service;

use super::answer::Format;
use super::routes::protect_headers;
use crate::code::Address;
use crate::links::model::{Standing, standing};
use crate::state::{AppState, Shortener};
use crate::visits::Seen;

/// The service, with the short way before the router. Every request has a clone of it.
#[derive(Clone)]
pub struct Quick(Arc<Ways>);

struct Ways {
    shortener: Arc<Shortener>,
    guard: Guard,
    health: Health,
    router: Router,
    requests: Counter,
    duration: Histogram,
}

impl Quick {
    /// `router` has its layers already.
    pub(crate) fn new(state: &AppState, health: Health, router: Router) -> Self {
        // The same as the layers of the router record.
        let labels = [("method", "GET"), ("route", "/s/{code}"), ("status", "3xx")];
        Self(Arc::new(Ways {
            shortener: Arc::clone(&state.shortener),
            guard: state.guard.clone(),
            health,
            router,
            requests: metrics::counter!("http_requests_total", &labels),
            duration: metrics::histogram!("http_request_duration_seconds", &labels),
        }))
    }
}

impl Ways {
    fn redirect(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let started = Instant::now();
        let (headers, shortener) = (request.headers(), &self.shortener);
        if *request.method() != Method::GET || self.health.draining() {
            return None;
        }
        let address = Address::parse(request.uri().path().strip_prefix("/s/")?)?;
        let caller = self.guard.caller(headers).ok()?;
        caller.only(&[Caller::Gateway]).ok()?;
        let tenant = caller.tenant?;
        let link = shortener.known.get(tenant, &address)?;
        let now = shortener.clock.now();
        let plain = link.password_hash.is_none() && link.max_opens.is_none();
        if !plain || standing(&link, now) != Standing::Live {
            return None;
        }
        let target = HeaderValue::from_str(link.target.as_deref()?).ok()?;
        let person = Format::of(headers) == Format::Html && !shortener.agents.is_machine(headers);
        if !person || !shortener.tenants.is_known_open(tenant) {
            return None;
        }
        let client = headers.get(CLIENT_ADDRESS_HEADER);
        let trace = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        shortener.visits.record(Seen {
            at: now,
            link,
            client: client.and_then(|client| client.to_str().ok()?.parse().ok()),
            agent: headers.get(USER_AGENT).cloned(),
            referrer: headers.get(REFERER).cloned(),
            bot: false,
            uncounted: true,
            traceparent: trace.map(str::to_owned),
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        let fields = response.headers_mut();
        fields.reserve(8);
        fields.insert(LOCATION, target);
        protect_headers(fields);
        self.requests.increment(1);
        self.duration.record(started.elapsed().as_secs_f64());
        Some(response)
    }
}

impl Service<Request<Body>> for Quick {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        Ready<Result<Response<Body>, Infallible>>,
        <Router as Service<Request<Body>>>::Future,
    >;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.0.redirect(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.0.router.clone().call(request)),
        }
    }
}

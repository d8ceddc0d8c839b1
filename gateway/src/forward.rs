//! The way to the services: hyper's pooled client, a service token, deadlines, a breaker per service.

mod body;
mod connect;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::body::Body;
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use httpkit::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};
use httpkit::{Problem, Service};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use runtime::Common;
use url::Url;

use self::body::{Progress, Upload, Within};
use self::connect::Patient;
use crate::breaker::{Breaker, Change};
use crate::exchange::Exchange;
use crate::headers;

/// The whole exchange with a service, answer's body included.
const WHOLE: Duration = Duration::from_secs(8);

/// Until the answer begins.
const RESPONSE: Duration = Duration::from_secs(6);

/// Shorter than the services keep idle connections, so that they are closed from this side.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// Idle connections kept to one service.
const POOL_SIZE: usize = 256;

/// Seconds after which a client may come back when a service is away.
const RETRY_AFTER_SECONDS: u64 = 2;

const TENANT: HeaderName = HeaderName::from_static("x-tenantry-tenant");
const CLIENT: HeaderName = HeaderName::from_static(httpkit::CLIENT_ADDRESS_HEADER);
const SERVICE_TOKEN: HeaderName = HeaderName::from_static(SERVICE_TOKEN_HEADER);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Sends requests to services.
pub struct Forward {
    client: Client<Patient<HttpConnector>, Body>,
    signer: ServiceSigner,
    upstreams: HashMap<Service, Upstream>,
}

/// One service, its address taken apart once.
struct Upstream {
    service: Service,
    authority: Authority,
    host: HeaderValue,
    breaker: Breaker,
}

impl Forward {
    /// Reaches the services that `common` names.
    pub fn new(common: &Common, signer: ServiceSigner) -> anyhow::Result<Self> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_SIZE)
            .set_host(false)
            .build(Patient::new(connect::connector()));
        let upstreams = addresses(common)
            .into_iter()
            .map(|(service, url)| Ok((service, Upstream::new(service, url)?)))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            client,
            signer,
            upstreams,
        })
    }

    /// Sends a request that has passed the door, and brings the answer's head.
    pub async fn send(
        &self,
        service: Service,
        exchange: &Exchange,
        client: std::net::IpAddr,
        parts: Parts,
        body: Body,
    ) -> Result<Response<Body>, Problem> {
        let upstream = self
            .upstreams
            .get(&service)
            .ok_or_else(Problem::not_found)?;
        upstream
            .breaker
            .allow(Instant::now())
            .map_err(|open| away(service, open.retry_after_seconds))?;
        let progress = Arc::new(Progress::default());
        let body = if body.is_end_stream() {
            body
        } else {
            Body::new(Upload::new(body, Arc::clone(&progress)))
        };
        let request = self.prepare(upstream, exchange, client, parts, body)?;

        let answer = tokio::time::timeout(RESPONSE, self.client.request(request)).await;
        if let Some(problem) = progress.blame() {
            return Err(problem);
        }
        match answer {
            Ok(Ok(answer)) => {
                upstream.succeeded();
                Ok(finish(answer, exchange.started + WHOLE))
            }
            Ok(Err(error)) if error.is_connect() => {
                upstream.failed("connect");
                Err(away(service, RETRY_AFTER_SECONDS).with_cause(error))
            }
            Ok(Err(error)) => {
                upstream.failed("broken");
                Err(broken().with_cause(error))
            }
            Err(_) if progress.unfinished() => Err(too_slow()),
            Err(_) => {
                upstream.failed("deadline");
                Err(late(service))
            }
        }
    }

    /// Makes the request that the service gets.
    fn prepare(
        &self,
        upstream: &Upstream,
        exchange: &Exchange,
        client: std::net::IpAddr,
        mut parts: Parts,
        body: Body,
    ) -> Result<Request<Body>, Problem> {
        let mut uri = std::mem::take(&mut parts.uri).into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(upstream.authority.clone());
        parts.uri = Uri::from_parts(uri).map_err(Problem::internal)?;
        parts.version = Version::HTTP_11;
        parts.extensions.clear();

        let token = self
            .signer
            .token(upstream.service, exchange.tenant)
            .map_err(Problem::internal)?;
        let fields = &mut parts.headers;
        headers::strip_request(fields);
        fields.insert(header::HOST, upstream.host.clone());
        fields.insert(SERVICE_TOKEN, value(&token)?);
        fields.insert(REQUEST_ID, value(&exchange.request_id)?);
        fields.insert(TRACEPARENT, value(&exchange.traceparent)?);
        fields.insert(CLIENT, value(&client.to_string())?);
        if let Some(tenant) = exchange.tenant {
            fields.insert(TENANT, value(&tenant.to_string())?);
        }
        Ok(Request::from_parts(parts, body))
    }
}

impl Upstream {
    fn new(service: Service, url: &Url) -> anyhow::Result<Self> {
        let authority: Authority = url
            .authority()
            .parse()
            .with_context(|| format!("the address of {service}"))?;
        let host = HeaderValue::from_str(authority.as_str())
            .with_context(|| format!("the address of {service}"))?;
        Ok(Self {
            service,
            authority,
            host,
            breaker: Breaker::default(),
        })
    }

    fn succeeded(&self) {
        self.turned(self.breaker.learn(Instant::now(), true));
    }

    fn failed(&self, reason: &'static str) {
        metrics::counter!("upstream_failures_total", "service" => self.service.name(), "reason" => reason).increment(1);
        self.turned(self.breaker.learn(Instant::now(), false));
    }

    fn turned(&self, change: Option<Change>) {
        let Some(change) = change else { return };
        let open = change == Change::Opened;
        metrics::gauge!("circuit_breaker_open", "service" => self.service.name())
            .set(f64::from(u8::from(open)));
        tracing::warn!(service = %self.service, open, "circuit breaker turned");
    }
}

/// The services behind the gateway and where they are.
pub(crate) fn addresses(common: &Common) -> [(Service, &Url); 4] {
    [
        (Service::Identity, &common.identity_url),
        (Service::ProjectSvc, &common.project_url),
        (Service::Shortener, &common.shortener_url),
        (Service::Analytics, &common.analytics_url),
    ]
}

fn finish(answer: Response<Incoming>, deadline: Instant) -> Response<Body> {
    let mut answer = answer.map(|body| {
        if body.is_end_stream() {
            Body::empty()
        } else {
            Body::new(Within::new(body, deadline))
        }
    });
    headers::strip_response(answer.headers_mut());
    answer
}

fn value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(Problem::internal)
}

fn away(service: Service, retry_after_seconds: u64) -> Problem {
    Problem::unavailable("service_unavailable", retry_after_seconds)
        .with_cause(format!("{service} is away"))
}

fn broken() -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, "answer_broken").with_detail(
        "the connection broke before the answer; whether the request had its effect is not known",
    )
}

fn late(service: Service) -> Problem {
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded")
        .with_detail("the answer took too long; whether the request had its effect is not known")
        .with_cause(format!("{service} did not answer in time"))
}

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout")
        .with_detail("the request's body took too long to arrive")
}

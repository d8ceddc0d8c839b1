//! The way to the services: hyper's pooled client, a service token, deadlines, a breaker per service.

mod body;
mod connect;
mod upstream;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use httpkit::browser::BROWSER_HEADER;
use httpkit::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};
use httpkit::{LEAVING_HEADER, Problem, Service};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use runtime::Common;
use url::Url;

use self::body::{Progress, Upload, Within};
use self::connect::Patient;
use self::upstream::{Instances, Upstream};
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
const BROWSER: HeaderName = HeaderName::from_static(BROWSER_HEADER);
const LEAVING: HeaderName = HeaderName::from_static(LEAVING_HEADER);
const SERVICE_TOKEN: HeaderName = HeaderName::from_static(SERVICE_TOKEN_HEADER);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Sends requests to services.
pub struct Forward {
    client: Client<Patient<HttpConnector>, Body>,
    signer: ServiceSigner,
    services: HashMap<Service, Instances>,
}

/// Why a service gave no answer.
enum Failure {
    /// It was not reached: nothing of the request has been sent.
    Unreached(Problem),
    /// What became of the request is not known, or it is the client's fault.
    Other(Problem),
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
        let services = addresses(common)
            .into_iter()
            .map(|(service, url)| {
                let urls: Vec<&Url> = match service {
                    Service::ProjectSvc => common.project_url.all().collect(),
                    _ => vec![url],
                };
                Ok((service, Instances::new(service, &urls)?))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            client,
            signer,
            services,
        })
    }

    /// Sends a request that has passed the door, and brings the answer's head. A read that found nobody at its
    /// instance goes to the next one.
    pub async fn send(
        &self,
        service: Service,
        exchange: &Exchange,
        client: IpAddr,
        parts: Parts,
        body: Body,
    ) -> Result<Response<Body>, Problem> {
        let instances = self.services.get(&service).ok_or_else(Problem::not_found)?;
        let tenant = exchange.tenant;
        let upstream = instances
            .choose(tenant, None)
            .map_err(|open| away(service, open.retry_after_seconds))?;
        let again = (instances.several() && is_read(&parts, &body)).then(|| parts.clone());
        let outcome = self.attempt(upstream, exchange, client, parts, body).await;
        let outcome = match (outcome, again) {
            (Err(Failure::Unreached(problem)), Some(parts)) => {
                let next = instances.choose(tenant, Some(upstream));
                let next = next.map_err(|_open| problem)?;
                self.attempt(next, exchange, client, parts, Body::empty())
                    .await
            }
            (outcome, _) => outcome,
        };
        outcome.map_err(|(Failure::Unreached(problem) | Failure::Other(problem))| problem)
    }

    async fn attempt(
        &self,
        upstream: &Upstream,
        exchange: &Exchange,
        client: IpAddr,
        parts: Parts,
        body: Body,
    ) -> Result<Response<Body>, Failure> {
        let service = upstream.service;
        let progress = Arc::new(Progress::default());
        let body = if body.is_end_stream() {
            body
        } else {
            Body::new(Upload::new(body, Arc::clone(&progress)))
        };
        let request = self
            .prepare(upstream, exchange, client, parts, body)
            .map_err(Failure::Other)?;

        let answer = tokio::time::timeout(RESPONSE, self.client.request(request)).await;
        if let Some(problem) = progress.blame() {
            return Err(Failure::Other(problem));
        }
        match answer {
            Ok(Ok(answer)) => {
                if answer.headers().contains_key(LEAVING) {
                    upstream.leaving();
                } else {
                    upstream.succeeded();
                }
                Ok(finish(answer, exchange.started + WHOLE))
            }
            Ok(Err(error)) if error.is_connect() => {
                upstream.failed("connect");
                let problem = away(service, RETRY_AFTER_SECONDS).with_cause(error);
                Err(Failure::Unreached(problem))
            }
            Ok(Err(error)) => {
                upstream.failed("broken");
                Err(Failure::Other(broken().with_cause(error)))
            }
            Err(_) if progress.unfinished() => Err(Failure::Other(too_slow())),
            Err(_) => {
                upstream.failed("deadline");
                Err(Failure::Other(late(service)))
            }
        }
    }

    /// Makes the request that the service gets.
    fn prepare(
        &self,
        upstream: &Upstream,
        exchange: &Exchange,
        client: IpAddr,
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
        if exchange.browser {
            fields.insert(BROWSER, HeaderValue::from_static("1"));
        }
        if let Some(tenant) = exchange.tenant {
            fields.insert(TENANT, value(&tenant.to_string())?);
        }
        Ok(Request::from_parts(parts, body))
    }
}

/// Whether a request can be made again as it was.
fn is_read(parts: &Parts, body: &Body) -> bool {
    [Method::GET, Method::HEAD].contains(&parts.method) && body.is_end_stream()
}

/// The services behind the gateway and where one instance of each is.
pub(crate) fn addresses(common: &Common) -> [(Service, &Url); 4] {
    [
        (Service::Identity, &common.identity_url),
        (Service::ProjectSvc, common.project_url.first()),
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

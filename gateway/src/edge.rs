//! The door itself: everything a request passes before a service sees it, in one function and without a stack
//! of layers (each layer costs more than the proxying). The order is the cost: what is cheap to refuse is
//! refused first, and nothing is asked of another service before the client's address is within its limit.

mod meter;

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, HeaderValue, LOCATION};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use httpkit::browser::Csrf;
use httpkit::{Problem, bearer};
use kernel::{Ids, Subdomain};
use runtime::Common;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};
use tracing::Instrument;

pub(crate) use self::meter::Meters;
use crate::access_log::AccessLog;
use crate::client::{ClientAddress, network};
use crate::cookies::{self, Crumbs};
use crate::exchange::Exchange;
use crate::forward::Forward;
use crate::headers::{self, HeaderError};
use crate::host::{Domain, HostError, Place};
use crate::limits::Limits;
use crate::live::{Live, Opening};
use crate::path;
use crate::personal::PersonalTokens;
use crate::plan::Plans;
use crate::route::{self, Route, Target, Where};
use crate::session::{OUTDATED, Session, Sessions};
use crate::tenant::{self, Tenant, Tenants};

/// Largest request body.
pub(crate) const BODY_BYTES: usize = 1024 * 1024;

const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// The parts of the door.
pub struct Edge {
    pub domain: Domain,
    pub csrf: Csrf,
    /// Public addresses.
    pub common: Arc<Common>,
    pub client: ClientAddress,
    pub limits: Limits,
    pub plans: Plans,
    pub tenants: Tenants,
    pub sessions: Sessions,
    pub personal: PersonalTokens,
    pub forward: Arc<Forward>,
    pub(crate) live: Live,
    pub own: Router,
    pub log: AccessLog,
    pub ids: Ids,
    pub meters: Meters,
    /// Whether spans go anywhere; making them for nobody costs too much here.
    pub traced: bool,
}

/// The door as a service.
#[derive(Clone)]
pub struct Gateway(Arc<Edge>);

impl Gateway {
    /// Opens the door.
    pub fn new(edge: Edge) -> Self {
        Self(Arc::new(edge))
    }
}

impl Service<Request<Body>> for Gateway {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let edge = Arc::clone(&self.0);
        Box::pin(async move { Ok(edge.serve(request).await) })
    }
}

impl Edge {
    async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let mut exchange = Exchange::new(&self.ids, &parts);
        if !self.traced {
            return self.respond(&mut exchange, parts, body).await;
        }
        let span = exchange.span(parts.headers.get("traceparent"));
        let answer = self.respond(&mut exchange, parts, body);
        let response = answer.instrument(span.clone()).await;
        span.record("route", exchange.route);
        span.record("status", response.status().as_u16());
        response
    }

    async fn respond(&self, exchange: &mut Exchange, parts: Parts, body: Body) -> Response<Body> {
        let answer = AssertUnwindSafe(self.answer(exchange, parts, body))
            .catch_unwind()
            .await;
        let answer = answer.unwrap_or_else(|_| Err(Problem::internal("the gateway panicked")));
        let mut response = match answer {
            Ok(response) => response,
            Err(problem) => exchange.problem(problem).await,
        };
        self.finish(exchange, &mut response);
        response
    }

    async fn answer(
        &self,
        exchange: &mut Exchange,
        mut parts: Parts,
        body: Body,
    ) -> Result<Response<Body>, Problem> {
        let client = self.client.find(&parts.headers, &parts.extensions);
        let client = client.ok_or_else(|| Problem::internal("the listener told no peer"))?;
        exchange.standing = Some(self.limits.address.count(&network(client)));
        exchange
            .standing
            .as_ref()
            .map_or(Ok(()), |standing| standing.check())?;

        admissible(&parts)?;
        let place = self.domain.place(&parts).map_err(refused_host)?;
        let route =
            route::find(&parts.method, parts.uri.path()).filter(|route| exists(route, &place));
        if let Some(route) = &route {
            exchange.route = route.label;
            self.guard_guesses(exchange, route, client)?;
        }
        let tenant = match &place {
            Place::Bare => None,
            Place::Tenant(subdomain) => match self.tenants.find(subdomain).await? {
                tenant::Place::Here(tenant) => Some(tenant),
                tenant::Place::Moved(id, present) => {
                    exchange.tenant = Some(id);
                    return self.send_on(&present, &parts);
                }
            },
        };
        exchange.tenant = tenant.map(|tenant| tenant.id);
        let route = route.ok_or_else(Problem::not_found)?;
        let path = parts.uri.path();
        let crumbs = Crumbs::take(&mut parts.headers, &route, path);
        if let Place::Tenant(subdomain) = &place
            && crumbs.browser
        {
            let origin = self.common.tenant_origin(subdomain);
            cookies::check_origin(&parts.method, &parts.headers, &origin)?;
            exchange.browser = true;
        }
        let mut member = None;
        if !route.public {
            let tenant = tenant.ok_or_else(Problem::not_found)?;
            let session = self.admit_member(exchange, tenant, &mut parts, &crumbs, route.target);
            member = Some(session.await?);
        }
        match route.target {
            Target::Service(service) => {
                self.forward
                    .send(service, exchange, client, parts, body)
                    .await
            }
            Target::Live => {
                let Place::Tenant(subdomain) = &place else {
                    return Err(Problem::not_found());
                };
                let token = bearer(&parts.headers).map(str::to_owned);
                let (session, token) = member.zip(token).ok_or_else(Problem::not_found)?;
                let opening = Opening {
                    tenant: session.tenant,
                    session,
                    token,
                    client,
                    line: CancellationToken::new(),
                };
                let origin = self.common.tenant_origin(subdomain);
                let request = Request::from_parts(parts, body);
                self.live
                    .serve(opening, &origin, crumbs.browser, request)
                    .await
            }
            Target::Own => {
                parts.extensions.insert(place);
                let answer = self
                    .own
                    .clone()
                    .oneshot(Request::from_parts(parts, body))
                    .await;
                Ok(answer.unwrap_or_else(|never| match never {}))
            }
        }
    }

    /// Where passwords and tokens could be guessed the limit is tighter.
    fn guard_guesses(
        &self,
        exchange: &mut Exchange,
        route: &Route,
        client: IpAddr,
    ) -> Result<(), Problem> {
        if !route.guessed_at {
            return Ok(());
        }
        let standing = self.limits.guesses.count(&network(client));
        let within = standing.check();
        exchange.standing = Some(standing);
        within
    }

    /// Lets a signed-in person in.
    async fn admit_member(
        &self,
        exchange: &mut Exchange,
        tenant: Tenant,
        parts: &mut Parts,
        crumbs: &Crumbs,
        target: Target,
    ) -> Result<Session, Problem> {
        let by_cookie = crumbs.sign(&mut parts.headers);
        let session = match bearer(&parts.headers).filter(|token| PersonalTokens::is_one(token)) {
            Some(token) => {
                let token = token.to_owned();
                self.exchange(&token, tenant, &mut parts.headers).await?
            }
            None => self.sessions.of(&parts.headers, tenant.id).await?,
        };
        // Live updates change nothing; what they may not is be read by another site, which their origin tells.
        if by_cookie && target != Target::Live {
            cookies::check_token(&parts.method, &parts.headers, &self.csrf, session.id)?;
        }
        exchange.user = Some(session.user);
        let standing = self.limits.user.count(&session.user);
        let within = standing.check();
        exchange.standing = Some(standing);
        within?;
        let Some(of_all) = self.plans.count(tenant)? else {
            return Ok(session);
        };
        let within = of_all.check();
        let own = exchange.standing.take();
        exchange.standing = own.map(|own| own.nearer(of_all));
        within.map(|()| session)
    }

    /// Puts the access token that a program's token stands for in its place. One that was signed before its owner's
    /// rights changed is fetched anew, once.
    async fn exchange(
        &self,
        token: &str,
        tenant: Tenant,
        headers: &mut HeaderMap,
    ) -> Result<Session, Problem> {
        let mut asked = 0;
        loop {
            asked += 1;
            let access = self.personal.exchange(token, tenant.id).await?;
            let field = HeaderValue::try_from(format!("Bearer {access}"));
            headers.insert(AUTHORIZATION, field.map_err(Problem::internal)?);
            match self.sessions.of(headers, tenant.id).await {
                Err(problem) if asked == 1 && problem.code() == OUTDATED => {
                    self.personal.forget(token, tenant.id).await;
                }
                judged => return judged,
            }
        }
    }

    /// To the name that the organization has now, by the address that is configured: of what the client wrote
    /// only path and query go on, which begin with one slash.
    fn send_on(&self, present: &Subdomain, parts: &Parts) -> Result<Response<Body>, Problem> {
        let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let location = format!("{}{target}", self.common.tenant_origin(present));
        let location = HeaderValue::try_from(location).map_err(|_error| path_malformed())?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        let fields = response.headers_mut();
        fields.insert(LOCATION, location);
        // A name that is released may be another organization's tomorrow.
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    fn finish(&self, exchange: &Exchange, response: &mut Response<Body>) {
        let status = response.status();
        let fields = response.headers_mut();
        headers::secure(fields, self.common.scheme);
        if let Some(standing) = &exchange.standing {
            standing.write(fields);
        }
        if let Ok(id) = HeaderValue::from_str(&exchange.request_id) {
            fields.insert(HeaderName::from_static("x-request-id"), id);
        }
        if status == StatusCode::METHOD_NOT_ALLOWED && !fields.contains_key(ALLOW) {
            fields.insert(ALLOW, METHODS);
        }
        self.meters
            .record(exchange.route, status, exchange.started.elapsed());
        self.log.note(exchange, status);
    }
}

/// What can be refused by a look at the head alone.
fn admissible(parts: &Parts) -> Result<(), Problem> {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > path::TARGET_BYTES {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "uri_too_long"));
    }
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if !known.contains(&parts.method) {
        return Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
        ));
    }
    headers::check(&parts.headers).map_err(refused_header)?;
    if !path::is_plain(parts.uri.path()) {
        return Err(path_malformed());
    }
    let declared = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > BODY_BYTES) {
        return Err(body_too_large());
    }
    Ok(())
}

fn path_malformed() -> Problem {
    Problem::bad_request("path_malformed", "the path has more than one reading")
}

fn exists(route: &Route, place: &Place) -> bool {
    match (route.place, place) {
        (Where::Both, _) | (Where::Bare, Place::Bare) | (Where::Tenant, Place::Tenant(_)) => true,
        (Where::Bare, Place::Tenant(_)) | (Where::Tenant, Place::Bare) => false,
    }
}

fn refused_host(error: HostError) -> Problem {
    match error {
        HostError::Malformed => Problem::bad_request(
            "host_malformed",
            "a request names exactly one well-formed host",
        ),
        HostError::Unknown => tenant::unknown(),
    }
}

fn refused_header(error: HeaderError) -> Problem {
    match error {
        HeaderError::StripsNeeded => Problem::bad_request(
            "connection_malformed",
            "`Connection` names a header that must stay",
        ),
        HeaderError::AmbiguousLength => Problem::bad_request(
            "length_ambiguous",
            "the body's end can be found in two ways",
        ),
        HeaderError::Repeated => {
            Problem::bad_request("header_repeated", "`Authorization` counts once")
        }
        HeaderError::Encoded => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_encoding_unsupported",
        )
        .with_detail("send the body as it is, without `Content-Encoding`"),
    }
}

/// 413.
pub(crate) fn body_too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
        .with_detail("a request's body may have 1 MiB")
}

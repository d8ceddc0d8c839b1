//! Where connections come in: who may open one has been judged by the door of the gateway; here it is seen that a
//! browser comes from the organization's own page and that nobody speaks for another's connection.

use axum::body::Body;
use http::header::{
    CONNECTION, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use httpkit::Problem;
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use socketioxide::socket::Sid;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tungstenite::handshake::derive_accept_key;

use super::connection::Opening;
use super::hub::Hub;
use super::line::Line;

/// The version of RFC 6455.
const WEBSOCKET_VERSION: &str = "13";

/// Seconds after which a client may come to another gateway.
const RETRY_AFTER_SECONDS: u64 = 1;

type Protocol = SocketIoService<engineioxide::service::NotFoundService>;

/// The way in.
pub(super) struct Door {
    pub(super) hub: Hub,
    pub(super) protocol: Protocol,
    pub(super) leaving: CancellationToken,
}

/// What a request says in its query, of what the protocol wants.
#[derive(Default)]
struct Asked {
    websocket: bool,
    version_4: bool,
    sid: Option<String>,
}

impl Door {
    /// Answers a request of an open or a new connection. `origin` is the organization's own.
    pub(super) async fn serve(
        &self,
        opening: Opening,
        origin: &str,
        by_cookie: bool,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Problem> {
        let upgrades = upgrades(&request);
        check_origin(request.headers(), origin, by_cookie && upgrades)?;
        let asked = asked(request.uri().query().unwrap_or_default());
        let sid: Option<Sid> = asked.sid.as_deref().and_then(|sid| sid.parse().ok());
        let known = sid.and_then(|sid| self.hub.connection(sid));
        let mut line = opening.line.clone();
        match (&known, &asked.sid) {
            (Some(connection), _) if !connection.session.is_of(&opening.session) => {
                return Err(Problem::forbidden("connection_of_other")
                    .with_detail("the connection was opened in another session"));
            }
            (Some(connection), _) => line = connection.line().clone(),
            (None, None) => self.check_room(&opening)?,
            (None, Some(_)) => {}
        }
        let well_formed =
            asked.websocket && asked.version_4 && (asked.sid.is_none() || sid.is_some());
        request.extensions_mut().insert(opening);
        if upgrades && well_formed {
            return self.upgrade(request, line);
        }
        let answer = self.protocol.clone().oneshot(request).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        Ok(answer.map(Body::new))
    }

    fn check_room(&self, opening: &Opening) -> Result<(), Problem> {
        if self.leaving.is_cancelled() {
            return Err(Problem::unavailable("leaving", RETRY_AFTER_SECONDS));
        }
        if self.hub.has_room(opening.tenant, opening.session.user) {
            return Ok(());
        }
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "live_connections");
        Err(problem.with_detail("close one of your live connections first"))
    }

    /// Switches to WebSocket (RFC 6455 §4.2.2).
    fn upgrade(
        &self,
        mut request: Request<Body>,
        line: CancellationToken,
    ) -> Result<Response<Body>, Problem> {
        let key = request.headers().get(SEC_WEBSOCKET_KEY);
        let version = request.headers().get(SEC_WEBSOCKET_VERSION);
        let (Some(key), true) = (
            key,
            version.is_some_and(|version| version == WEBSOCKET_VERSION),
        ) else {
            return Err(Problem::bad_request(
                "websocket_malformed",
                "a WebSocket is opened as RFC 6455 says, in version 13",
            ));
        };
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
        let accept = accept.map_err(Problem::internal)?;
        let upgrading = hyper::upgrade::on(&mut request);
        let (parts, _body) = request.into_parts();
        let protocol = self.protocol.clone();
        tokio::spawn(async move {
            match upgrading.await {
                Ok(upgraded) => {
                    let transport = Line::new(TokioIo::new(upgraded), &line);
                    let opened = protocol.oneshot((transport, Request::from_parts(parts, ())));
                    if opened.await.is_err() {
                        tracing::debug!("a WebSocket was opened for nothing");
                    }
                }
                Err(error) => tracing::debug!(%error, "a client did not go on by WebSocket"),
            }
        });
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let fields = answer.headers_mut();
        fields.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
        fields.insert(SEC_WEBSOCKET_ACCEPT, accept);
        Ok(answer)
    }
}

/// Passes what the organization's own page had sent, or what is no page at all. Browsers let any page open a WebSocket
/// anywhere, with cookies, and say only by `Origin` whose it is.
fn check_origin(headers: &HeaderMap, origin: &str, must: bool) -> Result<(), Problem> {
    let own = match headers.get(ORIGIN) {
        Some(named) => named == origin,
        None => !must,
    };
    if own {
        return Ok(());
    }
    Err(Problem::forbidden("origin_refused")
        .with_detail("live connections come from the organization's own pages alone"))
}

fn upgrades<B>(request: &Request<B>) -> bool {
    let wanted = request.headers().get(UPGRADE);
    request.method() == Method::GET
        && wanted.is_some_and(|wanted| wanted.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn asked(query: &str) -> Asked {
    let mut asked = Asked::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "transport" => asked.websocket = value == "websocket",
            "EIO" => asked.version_4 = value == "4",
            "sid" => asked.sid = Some(value.into_owned()),
            _ => {}
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_another_host_opens_nothing() {
        let judge = |origin: Option<&'static str>, must| {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            check_origin(&headers, "https://acme.pm.test", must).is_ok()
        };
        assert!(judge(Some("https://acme.pm.test"), true));
        assert!(judge(None, false), "a program names no origin");
        assert!(!judge(None, true), "a browser always does");
        for origin in [
            "null",
            "https://globex.pm.test",
            "http://acme.pm.test",
            "https://pm.test",
        ] {
            assert!(!judge(Some(origin), false), "{origin}");
        }
    }
}

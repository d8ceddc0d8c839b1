//! The accept loop of every listener, on hyper itself: `axum::serve` installs no timer, so that a client who
//! never ends its header would hold a connection forever, and it closes idle connections at once on a signal.
//! HTTP/1.1 and HTTP/2 on one port; deadlines for header, body and idle; caps on connections.

mod admission;
mod body;
mod framing;
mod io;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use futures::FutureExt;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower::{Service, ServiceExt};

use self::admission::{Admission, Permit};
pub use self::body::BodyTimeout;
use self::body::{Answer, Timed};
use self::io::{Activity, Guarded};
use crate::drain::Drain;

/// Connections waiting to be accepted.
const BACKLOG: u32 = 1024;

/// Request line and headers; hyper's own limit of 400 KiB is a gift to attackers.
const HEADER_BYTES: usize = 32 * 1024;

/// Streams at once on one HTTP/2 connection.
const STREAMS: u32 = 128;

/// After a failed accept (usually: no file descriptor left) let connections end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long connections still take a request after the last one was accepted; answers ask to close meanwhile.
const LAST_REQUEST: Duration = Duration::from_millis(500);

/// How many connections are let in.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// In all.
    pub connections: usize,
    /// From one address (IPv6: one /64).
    pub per_address: Option<usize>,
    /// How long each may be silent.
    pub deadlines: Deadlines,
}

/// How long a client may keep a connection waiting.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// From a header's first byte (or the connection's start) to its last.
    pub header: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Silence within a body.
    pub body_idle: Duration,
    /// A whole body.
    pub body: Duration,
    /// A client that does not read its answer.
    pub stalled_write: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            idle: Duration::from_secs(75),
            body_idle: Duration::from_secs(10),
            body: Duration::from_secs(30),
            stalled_write: Duration::from_secs(20),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            per_address: None,
            deadlines: Deadlines::default(),
        }
    }
}

/// Binds a listening socket.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address.ip() {
        IpAddr::V4(_) => TcpSocket::new_v4()?,
        IpAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until [`Drain::stop`]; the connections themselves are tracked in `drain`.
pub async fn serve<S, B>(listener: TcpListener, service: S, limits: Limits, drain: Drain)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<tower::BoxError>,
{
    let door = Door {
        deadlines: limits.deadlines,
        admission: Admission::new(limits),
        builder: builder(),
        service,
        drain: drain.clone(),
    };
    loop {
        let accepted = tokio::select! {
            () = drain.stopped() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => door.enter(stream, peer),
            Err(error) => {
                tracing::warn!(%error, "accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Who is in the backlog has connected, and may have sent a request already.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        door.enter(stream, peer);
    }
}

/// Lets connections in.
struct Door<S> {
    deadlines: Deadlines,
    admission: Admission,
    builder: Builder<TokioExecutor>,
    service: S,
    drain: Drain,
}

impl<S> Door<S> {
    fn enter<B>(&self, stream: TcpStream, peer: SocketAddr)
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<tower::BoxError>,
    {
        let Some(permit) = self.admission.admit(peer.ip()) else {
            return;
        };
        let drain = self.drain.clone();
        let connection = Connection {
            deadlines: self.deadlines,
            peer,
            permit,
            drain,
        };
        let work = connection.run(self.builder.clone(), stream, self.service.clone());
        self.drain.connections().spawn(work);
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // hyper's header timeout also runs while a connection idles, which would make both limits one;
    // `Guarded` keeps them apart.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

struct Connection {
    deadlines: Deadlines,
    peer: SocketAddr,
    permit: Permit,
    drain: Drain,
}

impl Connection {
    async fn run<S, B>(self, builder: Builder<TokioExecutor>, stream: TcpStream, service: S)
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<tower::BoxError>,
    {
        let Self {
            deadlines,
            peer,
            permit,
            drain,
        } = self;
        // Small answers must not wait for the client's acknowledgement of the previous segment.
        let _ = stream.set_nodelay(true);
        let activity = Activity::default();
        let io = TokioIo::new(Guarded::new(stream, activity.clone(), deadlines));
        let closing = drain.clone();
        let handler = service_fn(move |request: Request<Incoming>| {
            let exchange = activity.begin(request.version());
            let activity = activity.clone();
            let service = service.clone();
            let closing = closing.clone();
            async move {
                let http1 = request.version() < Version::HTTP_2;
                let mut request =
                    request.map(|body| Body::new(Timed::new(body, activity.clone(), deadlines)));
                request.extensions_mut().insert(ConnectInfo(peer));
                let mut response = service.oneshot(request).await?;
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    activity.leave_http();
                }
                if http1 && (closing.closing() || activity.unread()) {
                    response
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response.map(|body| Answer::new(body, exchange)))
            }
        });
        let connection = builder.serve_connection_with_upgrades(io, handler);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = last_moment(&drain) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error, "connection ended early");
        }
        drop(permit);
    }
}

/// Resolves a moment after the stop: a connection that has just come is about to ask something.
async fn last_moment(drain: &Drain) {
    drain.stopped().await;
    tokio::time::sleep(LAST_REQUEST).await;
}

//! One client: who it is, how to send to it, and how to be rid of it. What it does not take in time is not kept for
//! it: the buffer is bounded, and who lets it overflow is dropped.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use kernel::{EventId, TenantId, UserId};
use serde::Serialize;
use serde_json::json;
use socketioxide::extract::SocketRef;
use socketioxide::socket::Sid;
use socketioxide::{SendError, SocketError};
use tokio_util::sync::CancellationToken;

use crate::session::Session;

/// Messages that a client may send in a second, and at once.
const MESSAGES: Quota = Quota::per_second(nonzero(20)).allow_burst(nonzero(40));

/// For a client to take its leave before its connection is cut.
const FAREWELL: Duration = Duration::from_secs(2);

/// A client that is let in has its answer by then.
const BIRTH: Duration = Duration::from_secs(30);

/// Why the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    TokenExpired,
    RightsChanged,
    SessionRevoked,
    MemberLeft,
    OrganizationClosed,
    TooManyMessages,
    TooSlow,
}

impl End {
    /// Told to the client and counted by.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::TokenExpired => "token_expired",
            Self::RightsChanged => "rights_changed",
            Self::SessionRevoked => "session_revoked",
            Self::MemberLeft => "member_left",
            Self::OrganizationClosed => "organization_closed",
            Self::TooManyMessages => "too_many_messages",
            Self::TooSlow => "too_slow",
        }
    }
}

/// What the door knows of who opens a connection.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) tenant: TenantId,
    pub(crate) session: Session,
    /// Proves the session to services.
    pub(crate) token: String,
    pub(crate) client: IpAddr,
    /// Cuts the transport.
    pub(crate) line: CancellationToken,
}

/// An open connection.
pub(super) struct Connection {
    /// Its name in presence. Its id in the protocol lets whoever knows it speak for it.
    pub(super) id: EventId,
    pub(super) tenant: TenantId,
    pub(super) session: Session,
    pub(super) client: IpAddr,
    token: Mutex<Arc<str>>,
    expires_at: AtomicI64,
    warned: AtomicBool,
    ended: AtomicBool,
    messages: DefaultDirectRateLimiter,
    opened: Instant,
    line: CancellationToken,
    socket: SocketRef,
}

impl Connection {
    pub(super) fn new(id: EventId, opening: &Opening, socket: SocketRef) -> Self {
        Self {
            id,
            tenant: opening.tenant,
            session: opening.session,
            client: opening.client,
            token: Mutex::new(opening.token.as_str().into()),
            expires_at: AtomicI64::new(opening.session.expires_at()),
            warned: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            messages: RateLimiter::direct(MESSAGES),
            opened: Instant::now(),
            line: opening.line.clone(),
            socket,
        }
    }

    pub(super) fn user(&self) -> UserId {
        self.session.user
    }

    /// The access token that speaks for the client now.
    pub(super) fn token(&self) -> Arc<str> {
        Arc::clone(&self.token.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with a refreshed token of the same session.
    pub(super) fn renew(&self, token: &str, session: &Session) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token.into();
        self.expires_at
            .store(session.expires_at(), Ordering::Relaxed);
        self.warned.store(false, Ordering::Relaxed);
    }

    /// When the token expires, in seconds since 1970.
    pub(super) fn expires_at(&self) -> i64 {
        self.expires_at.load(Ordering::Relaxed)
    }

    /// Whether the client is still to be told that its token is about to expire; it is so once for each token.
    pub(super) fn warn(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }

    /// Whether its client went before it was all there.
    pub(super) fn is_stillborn(&self) -> bool {
        !self.socket.connected() && self.opened.elapsed() > BIRTH
    }

    /// Its id in the protocol.
    pub(super) fn sid(&self) -> Sid {
        self.socket.id
    }

    /// What cuts its transport.
    pub(super) fn line(&self) -> &CancellationToken {
        &self.line
    }

    /// Counts a message of the client; ends the connection of one that sends too many.
    pub(super) fn admits_message(&self) -> bool {
        let within = self.messages.check().is_ok();
        if !within {
            self.end(End::TooManyMessages);
        }
        within
    }

    /// Sends if there is room, and ends the connection if there is none. Answers whether it went out.
    pub(super) fn send<T: Serialize + ?Sized>(&self, name: &str, body: &T) -> bool {
        if self.ended.load(Ordering::Relaxed) {
            return false;
        }
        match self.socket.emit(name, body) {
            Ok(()) => true,
            Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                self.end(End::TooSlow);
                false
            }
            Err(_) => false,
        }
    }

    /// Says why and disconnects; cuts the transport of who does not leave.
    pub(super) fn end(&self, end: End) {
        if self.ended.swap(true, Ordering::Relaxed) {
            return;
        }
        metrics::counter!("live_connections_ended_total", "code" => end.code()).increment(1);
        // There is no room left for a slow client's last word.
        let _ = self
            .socket
            .emit("live:closed", &json!({"code": end.code()}));
        let left = self.socket.clone().disconnect().is_ok();
        let line = self.line.clone();
        if !left {
            line.cancel();
            return;
        }
        tokio::spawn(async move {
            tokio::time::sleep(FAREWELL).await;
            line.cancel();
        });
    }
}

const fn nonzero(number: u32) -> std::num::NonZeroU32 {
    match std::num::NonZeroU32::new(number) {
        Some(number) => number,
        None => std::num::NonZeroU32::MIN,
    }
}

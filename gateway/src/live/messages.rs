//! What clients send, and what is asked before they hear anything.

use std::sync::Arc;

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use httpkit::Service;
use kernel::{EventId, ProjectId, TaskId};
use serde::Deserialize;
use serde_json::{Value, json};
use socketioxide::extract::{AckSender, SocketRef, TryData};

use super::connection::Connection;
use super::hub::{Hub, lock};
use super::names::Told;
use super::organization::Organization;
use super::presence::{Doing, Presence, shown};
use super::room::{NoRoom, Room};
use crate::exchange::Exchange;

/// Rooms of one connection, its own included.
const MOST_ROOMS: usize = 51;

/// How often a right is asked for again that was lost in the meantime.
const TRIES: usize = 3;

/// Events sent again into one room: more would fill the client's buffer, and it is quicker to load anew.
const MOST_REPLAYED: usize = 64;

/// Largest answer about a room.
const ANSWER_BYTES: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join {
    room: String,
    #[serde(default)]
    after: Option<EventId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leave {
    room: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renew {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Does {
    room: String,
    state: Doing,
    #[serde(default)]
    task_id: Option<TaskId>,
}

/// Where a board is.
#[derive(Deserialize)]
struct Place {
    project_id: ProjectId,
}

/// Why a message had no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Malformed,
    NoRoom,
    NotFound,
    TooManyRooms,
    RateLimited,
    Token,
    Unavailable,
}

impl From<NoRoom> for Refused {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl Refused {
    fn answer(self) -> Value {
        let (code, detail) = match self {
            Self::Malformed => (
                "message_malformed",
                "see docs/LIVE.md for what a message may say",
            ),
            Self::NoRoom => (
                "room_malformed",
                "rooms are board, project, workspace or user, a colon and an id",
            ),
            Self::NotFound => ("not_found", "there is no such thing, or you may not see it"),
            Self::TooManyRooms => ("too_many_rooms", "leave one of the 50 rooms first"),
            Self::RateLimited => ("rate_limited", "try again later"),
            Self::Token => (
                "token_refused",
                "the access token is not for this session, or no longer good",
            ),
            Self::Unavailable => ("unavailable", "try again after a pause"),
        };
        json!({"ok": false, "code": code, "detail": detail})
    }
}

/// Listens to a client. It is done before the client is told that it is connected, so that nothing it sends is
/// missed.
pub(super) fn listen(hub: &Hub, socket: &SocketRef) {
    let here = hub.clone();
    socket.on(
        "join",
        async move |socket: SocketRef, TryData::<Join>(asked), ack: AckSender| {
            let Some(connection) = here.sender(&socket) else {
                return;
            };
            let answer = match asked {
                Ok(asked) => here.join(&connection, &asked).await,
                Err(_) => Err(Refused::Malformed),
            };
            acknowledge(ack, answer);
        },
    );
    let here = hub.clone();
    socket.on(
        "leave",
        async move |socket: SocketRef, TryData::<Leave>(asked), ack: AckSender| {
            let Some(connection) = here.sender(&socket) else {
                return;
            };
            let asked = asked.map_err(|_error| Refused::Malformed);
            acknowledge(ack, asked.and_then(|asked| here.leave(&connection, &asked)));
        },
    );
    let here = hub.clone();
    socket.on(
        "presence",
        async move |socket: SocketRef, TryData::<Does>(does)| {
            if let (Some(connection), Ok(does)) = (here.sender(&socket), does) {
                here.note(&connection, &does);
            }
        },
    );
    let here = hub.clone();
    socket.on(
        "auth",
        async move |socket: SocketRef, TryData::<Renew>(asked), ack: AckSender| {
            let Some(connection) = here.sender(&socket) else {
                return;
            };
            let answer = match asked {
                Ok(asked) => here.renew(&connection, &asked.token).await,
                Err(_) => Err(Refused::Malformed),
            };
            acknowledge(ack, answer);
        },
    );
    let here = hub.clone();
    socket.on_fallback(async move |socket: SocketRef| {
        here.sender(&socket);
    });
    let here = hub.clone();
    socket.on_disconnect(async move |socket: SocketRef| {
        if let Some(connection) = here.connection(socket.id) {
            here.dismiss(&connection);
        }
    });
}

fn acknowledge(ack: AckSender, answer: Result<Value, Refused>) {
    // A client that is gone needs no answer.
    let _ = ack.send(&answer.unwrap_or_else(Refused::answer));
}

impl Hub {
    /// Whose message it is, if it may still send one.
    fn sender(&self, socket: &SocketRef) -> Option<Arc<Connection>> {
        let connection = self.connection(socket.id)?;
        connection.admits_message().then_some(connection)
    }

    /// Lets a client into a room it may see, with what was told there since it was away. A right that is lost while
    /// it is asked for does not count.
    async fn join(&self, connection: &Connection, asked: &Join) -> Result<Value, Refused> {
        let room: Room = asked.room.parse()?;
        for _ in 0..TRIES {
            let here = self.organization(connection.tenant);
            let organization = here.ok_or(Refused::Unavailable)?;
            let losses = lock(&organization).losses;
            let project = self.see(connection, room).await?;
            let mut organization = lock(&organization);
            if organization.losses != losses {
                continue;
            }
            if !organization.enter(connection.id, room, project, MOST_ROOMS) {
                return Err(Refused::TooManyRooms);
            }
            let replayed = self.replay(&organization, connection, room, asked.after);
            let present = match room {
                Room::Board(board) => shown(&organization, board),
                Room::Project(_) | Room::User(_) | Room::Workspace(_) => Vec::new(),
            };
            return Ok(json!({
                "ok": true,
                "room": room.to_string(),
                "cursor": self.0.ids.next::<EventId>(),
                "refetch": replayed.is_none(),
                "replayed": replayed.unwrap_or_default(),
                "presence": present,
            }));
        }
        Err(Refused::Unavailable)
    }

    /// Sends again what was told in the room since that event, and answers how much it was; none when it is too much
    /// or not all known.
    fn replay(
        &self,
        organization: &Organization,
        connection: &Connection,
        room: Room,
        after: Option<EventId>,
    ) -> Option<usize> {
        let memory = self.memory();
        let since = memory.since(connection.tenant, after?)?;
        let missed: Vec<&Arc<Told>> = since
            .filter(|told| {
                told.audience
                    .iter()
                    .any(|one| organization.hears(room, *one))
            })
            .take(MOST_REPLAYED + 1)
            .collect();
        if missed.len() > MOST_REPLAYED {
            return None;
        }
        for told in &missed {
            connection.send(told.name, &told.payload);
        }
        Some(missed.len())
    }

    /// Asks the room's owner whether the client may hear what is told there. Answers a board's project.
    async fn see(&self, connection: &Connection, room: Room) -> Result<Option<ProjectId>, Refused> {
        let path = match room {
            Room::User(user) if user == connection.user() => return Ok(None),
            Room::User(_) => return Err(Refused::NotFound),
            Room::Board(id) => format!("/internal/v1/rooms/boards/{id}"),
            Room::Project(id) => format!("/internal/v1/rooms/projects/{id}"),
            Room::Workspace(id) => format!("/internal/v1/rooms/workspaces/{id}"),
        };
        let within = self.0.limits.user.count(&connection.user()).check();
        within.map_err(|_problem| Refused::RateLimited)?;
        let bearer = HeaderValue::try_from(format!("Bearer {}", connection.token()));
        let bearer = bearer.map_err(|_error| Refused::Token)?;
        let request = Request::get(path).header(AUTHORIZATION, bearer).body(());
        let (parts, ()) = request.map_err(|_error| Refused::NoRoom)?.into_parts();
        let mut exchange = Exchange::new(&self.0.ids, &parts);
        exchange.tenant = Some(connection.tenant);
        let (forward, client) = (&self.0.forward, connection.client);
        let asked = forward.send(Service::ProjectSvc, &exchange, client, parts, Body::empty());
        let answer = asked.await.map_err(|problem| {
            tracing::warn!(code = problem.code(), "nobody says who may join a room");
            Refused::Unavailable
        })?;
        match answer.status() {
            StatusCode::NO_CONTENT => Ok(None),
            StatusCode::OK => {
                let body = axum::body::to_bytes(answer.into_body(), ANSWER_BYTES).await;
                let body = body.map_err(|_error| Refused::Unavailable)?;
                let place: Place =
                    serde_json::from_slice(&body).map_err(|_error| Refused::Unavailable)?;
                Ok(Some(place.project_id))
            }
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => Err(Refused::NotFound),
            StatusCode::UNAUTHORIZED => Err(Refused::Token),
            _ => Err(Refused::Unavailable),
        }
    }

    fn leave(&self, connection: &Connection, asked: &Leave) -> Result<Value, Refused> {
        let room: Room = asked.room.parse()?;
        if let Some(organization) = self.organization(connection.tenant) {
            let mut organization = lock(&organization);
            if let Room::Board(board) = room {
                self.see_off(&organization, connection, Some(board));
            }
            organization.leave(connection.id, room);
        }
        Ok(json!({"ok": true}))
    }

    /// Notes what a client does at a board whose room it is in.
    fn note(&self, connection: &Connection, does: &Does) {
        let Ok(Room::Board(board_id)) = does.room.parse() else {
            return;
        };
        let organization = self.organization(connection.tenant);
        let inside =
            organization.is_some_and(|one| lock(&one).is_in(connection.id, Room::Board(board_id)));
        if inside {
            let presence = Presence {
                client_id: connection.id,
                user_id: connection.user(),
                board_id,
                state: does.state,
                task_id: does.task_id,
            };
            self.0.outbox.put(connection.tenant, presence);
        }
    }

    /// Goes on with another access token of the same session.
    async fn renew(&self, connection: &Connection, token: &str) -> Result<Value, Refused> {
        let bearer = HeaderValue::try_from(format!("Bearer {token}"));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer.map_err(|_error| Refused::Token)?);
        let session = self.0.sessions.of(&headers, connection.tenant).await;
        let session = session.map_err(|_problem| Refused::Token)?;
        if !session.is_of(&connection.session) {
            return Err(Refused::Token);
        }
        connection.renew(token, &session);
        let expires_at = chrono::DateTime::from_timestamp(session.expires_at(), 0);
        Ok(json!({"ok": true, "expires_at": expires_at}))
    }
}

//! Live updates over Socket.IO: who is connected hears what happens in the rooms it has joined, as docs/LIVE.md says.
//!
//! Each organization has connections and rooms of its own, and an event goes where its envelope's tenant says. Who
//! may join is asked of the service that owns the thing, each time; what ends a right takes its rooms at once.

mod connection;
mod door;
mod hub;
mod line;
mod losses;
mod memory;
mod messages;
mod names;
mod organization;
mod presence;
mod room;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use httpkit::Problem;
use runtime::App;
use serde_json::json;
use socketioxide::SocketIo;
use socketioxide::extract::{HttpExtension, SocketRef};
use socketioxide::handler::ConnectHandler;

use self::connection::Connection;
use self::door::Door;
use self::hub::lock;
use self::presence::{AGAIN, OFTEN};
use self::room::Room;

pub(crate) use self::connection::Opening;
pub(crate) use self::hub::{Hub, Tools};

/// What the broker tells of what is told here.
pub(crate) const TOPICS: [&str; 11] = [
    "board.*",
    "column.*",
    "task.*",
    "comment.*",
    "project.*",
    "workspace.*",
    "member.left",
    "link.created",
    "link.first_opened",
    "presence.changed",
    "tenant.*",
];

/// Where clients come in.
const PATH: &str = "/socket.io";

/// Messages that wait for one client.
const BUFFER: usize = 256;

/// Largest message of a client, and largest body of a polling request.
const MESSAGE_BYTES: usize = 16 * 1024;

/// For a client that has a transport to say what it wants.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that says nothing for both of these is gone.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

const SWEEP: Duration = Duration::from_secs(1);

/// The live part of the gateway.
#[derive(Clone)]
pub(crate) struct Live(Arc<Door>);

impl Live {
    /// Opens it and starts its jobs.
    pub(crate) fn start(app: &App, hub: &Hub) -> Self {
        let (protocol, io) = SocketIo::builder()
            .req_path(PATH)
            .max_buffer_size(BUFFER)
            .max_payload(MESSAGE_BYTES as u64)
            .ws_max_message_size(MESSAGE_BYTES)
            .ws_max_frame_size(MESSAGE_BYTES)
            .connect_timeout(CONNECT_TIMEOUT)
            .ping_interval(PING_INTERVAL)
            .ping_timeout(PING_TIMEOUT)
            .build_svc();
        let (admits, welcomes) = (hub.clone(), hub.clone());
        let welcome = async move |socket: SocketRef| welcomes.welcome(&socket);
        let admit =
            async move |socket: SocketRef, HttpExtension(opening): HttpExtension<Opening>| {
                admits.open(socket, &opening)
            };
        io.ns("/", welcome.with(admit));
        run(app, hub, io);
        let (hub, leaving) = (hub.clone(), app.leaving.clone());
        Self(Arc::new(Door {
            hub,
            protocol,
            leaving,
        }))
    }

    /// Answers a request of an open or a new connection. `origin` is the organization's own.
    pub(crate) async fn serve(
        &self,
        opening: Opening,
        origin: &str,
        by_cookie: bool,
        request: Request<Body>,
    ) -> Result<Response<Body>, Problem> {
        self.0.serve(opening, origin, by_cookie, request).await
    }
}

fn run(app: &App, hub: &Hub, io: SocketIo) {
    let (here, shutdown) = (hub.clone(), app.shutdown.clone());
    app.spawn("live publisher", here.0.publisher.clone().run(shutdown));

    let (here, shutdown) = (hub.clone(), app.shutdown.clone());
    app.spawn("live upkeep", async move {
        let mut sweep = tokio::time::interval(SWEEP);
        let mut often = tokio::time::interval(OFTEN);
        let mut again = tokio::time::interval(AGAIN);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = sweep.tick() => here.sweep(),
                _ = often.tick() => here.flush_presence().await,
                _ = again.tick() => here.repeat_presence().await,
            }
        }
    });

    let (leaving, shutdown) = (app.leaving.clone(), app.shutdown.clone());
    app.spawn("live good-bye", async move {
        tokio::select! {
            () = leaving.cancelled() => {}
            () = shutdown.cancelled() => {}
        }
        // Transports end without a word of the protocol's, so that clients come back, to another gateway.
        io.close().await;
        shutdown.cancelled().await;
    });
}

impl Hub {
    /// Lets a client in before it is told so: what it sends at once is listened to.
    fn open(&self, socket: SocketRef, opening: &Opening) -> Result<(), &'static str> {
        messages::listen(self, &socket);
        let connection = Connection::new(self.0.ids.next(), opening, socket);
        let connection = Arc::new(connection);
        if !self.admit(&connection) {
            return Err("live_connections");
        }
        // Who is in is found by what ends sessions from now on; what ended them before is known by now.
        let good = self.0.sessions.check(&opening.session, opening.tenant);
        good.map_err(|problem| {
            self.dismiss(&connection);
            problem.code()
        })
    }

    fn welcome(&self, socket: &SocketRef) {
        let Some(connection) = self.connection(socket.id) else {
            return;
        };
        let room = Room::User(connection.user());
        if let Some(organization) = self.organization(connection.tenant) {
            lock(&organization).enter(connection.id, room, None, usize::MAX);
        }
        let expires_at = chrono::DateTime::from_timestamp(connection.expires_at(), 0);
        let body = json!({
            "client_id": connection.id, "user_id": connection.user(), "expires_at": expires_at,
        });
        connection.send("welcome", &body);
    }
}

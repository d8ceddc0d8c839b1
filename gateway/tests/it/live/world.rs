//! What a test of live updates needs: a gateway or two, who may see what, and a broker to tell events by.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::outbox::OutboxRow;
use events::topic::task::TaskUpdated;
use events::{Amqp, Envelope, Event, Publisher};
use gateway::Config;
use http::{HeaderMap, StatusCode, Uri};
use kernel::{BoardId, Clock, Ids, ProjectId, Role, TaskId, TenantId, UserId};
use serde_json::{Value, json};
use testkit::{eventually, setting};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use crate::support::{Door, config, serve, tenant};

/// Somebody, and the path of what they see.
type Sees = (UserId, String);

/// Who sees what, and a board's project.
#[derive(Clone, Default)]
pub(super) struct Sight(Arc<Mutex<HashMap<Sees, Option<ProjectId>>>>);

impl Sight {
    /// `thing` as its path is: `boards/{id}`.
    pub(super) fn give(&self, user: UserId, thing: String, project: Option<ProjectId>) {
        self.0.lock().unwrap().insert((user, thing), project);
    }

    pub(super) fn take(&self, user: UserId) {
        self.0
            .lock()
            .unwrap()
            .retain(|(whose, _), _| *whose != user);
    }

    fn answer(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        let thing = uri.path().strip_prefix("/internal/v1/rooms/").unwrap();
        let key = (bearer(headers), thing.to_owned());
        match self.0.lock().unwrap().get(&key) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some(None) => StatusCode::NO_CONTENT.into_response(),
            Some(Some(project)) => json!({"project_id": project}).to_string().into_response(),
        }
    }
}

/// Whose token it is; the real one checks it.
fn bearer(headers: &HeaderMap) -> UserId {
    let token = headers["authorization"].to_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    claims["sub"].as_str().unwrap().parse().unwrap()
}

pub(super) struct World {
    pub(super) door: Door,
    pub(super) sight: Sight,
    pub(super) project: ProjectId,
    pub(super) board: BoardId,
    /// An organization of this test alone: all tests share a broker.
    pub(super) of: u128,
    projects: SocketAddr,
    publisher: Publisher,
    done: CancellationToken,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(&config()).await
    }

    pub(super) async fn with(config: &Config) -> Self {
        let sight = Sight::default();
        let knows = sight.clone();
        let router = Router::new()
            .fallback(async move |uri: Uri, headers: HeaderMap| knows.answer(&uri, &headers));
        let projects = serve(router);
        let amqp = setting("TENANTRY_TEST_AMQP_URL");
        let door = Door::open_before(config, &amqp, &[projects]);
        door.connected().await;
        let publisher = Publisher::new(Amqp::new(&amqp, "gateway-test").unwrap());
        let done = CancellationToken::new();
        tokio::spawn(publisher.clone().run(done.clone()));
        Self {
            door,
            sight,
            project: Ids::system().next(),
            board: Ids::system().next(),
            of: 1000 + Ids::system().next::<BoardId>().uuid().as_u128() % 1_000_000,
            projects,
            publisher,
            done,
        }
    }

    /// Another gateway of the same system.
    pub(super) async fn another_door(&self) -> Door {
        let amqp = setting("TENANTRY_TEST_AMQP_URL");
        let door = Door::open_before(&config(), &amqp, &[self.projects]);
        door.connected().await;
        door
    }

    /// Somebody of the organization who sees the project and its board.
    pub(super) fn insider(&self) -> UserId {
        let user = Ids::system().next();
        self.sight
            .give(user, format!("projects/{}", self.project), None);
        self.sight
            .give(user, format!("boards/{}", self.board), Some(self.project));
        user
    }

    pub(super) fn board_room(&self) -> String {
        format!("board:{}", self.board)
    }

    pub(super) fn project_room(&self) -> String {
        format!("project:{}", self.project)
    }

    pub(super) fn host(&self) -> String {
        host(self.of)
    }

    /// Connected to the organization.
    pub(super) async fn client(&self, user: UserId) -> Client {
        self.client_at(&self.door, user).await
    }

    /// The same, through that gateway.
    pub(super) async fn client_at(&self, door: &Door, user: UserId) -> Client {
        let token = door.token_of_person(self.of, user, Role::Member);
        Client::open(door, &self.host(), &token).await
    }

    /// Connected to the organization and at the board.
    pub(super) async fn at_board(&self, user: UserId) -> Client {
        let mut client = self.client(user).await;
        client.joined(&self.board_room()).await;
        client
    }

    /// Connected to another organization.
    pub(super) async fn stranger(&self, user: UserId) -> Client {
        let of = self.of + 1;
        let token = self.door.token_of_person(of, user, Role::Member);
        Client::open(&self.door, &host(of), &token).await
    }

    /// A task of the project has changed.
    pub(super) fn updated(&self, version: i32) -> TaskUpdated {
        serde_json::from_value(json!({
            "task_id": TaskId::from(uuid::Uuid::from_u128(5)), "project_id": self.project,
            "changed": ["title"], "version": version,
        }))
        .unwrap()
    }

    /// Tells an event of the organization's, as a service would.
    pub(super) async fn tell<E: Event>(&self, event: &E) {
        self.tell_of(tenant(self.of), event).await;
    }

    pub(super) async fn tell_of<E: Event>(&self, of: TenantId, event: &E) {
        let (ids, clock) = (Ids::system(), Clock::system());
        let envelope = Envelope::new(&ids, &clock, "gateway-test", of, None, event);
        self.send(&envelope).await;
    }

    pub(super) async fn send(&self, envelope: &Envelope) {
        let row = OutboxRow {
            seq: 1,
            id: envelope.id.uuid(),
            kind: envelope.kind.to_string(),
            event: envelope.to_json().to_string(),
            behind: 1,
            age_ms: 0,
        };
        eventually("the broker takes an event", 10, async || {
            let sent = self.publisher.publish(std::slice::from_ref(&row)).await;
            sent.ok().filter(|sent| *sent == 1)
        })
        .await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.done.cancel();
    }
}

/// The host of one of the many organizations that the resolver of the tests knows.
fn host(of: u128) -> String {
    format!("many-{}.pm.test", of - 1000)
}

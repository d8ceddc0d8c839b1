//! Who looks at a board and who drags a card there, also at other gateways. Nothing of it is kept: each gateway tells
//! the others of its own clients, again and again, and forgets those it does not hear of.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use events::outbox::OutboxRow;
use events::{Envelope, Event};
use kernel::{BoardId, EventId, TaskId, TenantId, UserId};
use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::hub::{Hub, lock};
use super::organization::Organization;
use super::room::Room;

/// How often what clients did is told: of what one did meanwhile the last counts.
pub(super) const OFTEN: Duration = Duration::from_millis(100);

/// How often a gateway says again who is here.
pub(super) const AGAIN: Duration = Duration::from_secs(20);

/// Who was not heard of for longer is gone, with the gateway that knew.
const STALE: Duration = Duration::from_secs(50);

/// Others shown to who comes.
const MOST_SHOWN: usize = 200;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Doing {
    Looking,
    Dragging,
    Gone,
}

/// One client at a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Presence {
    pub(super) client_id: EventId,
    pub(super) user_id: UserId,
    pub(super) board_id: BoardId,
    pub(super) state: Doing,
    pub(super) task_id: Option<TaskId>,
}

impl Presence {
    fn gone(&self) -> Self {
        Self {
            state: Doing::Gone,
            task_id: None,
            ..self.clone()
        }
    }
}

/// What is known of a client.
pub(super) struct Present {
    pub(super) presence: Presence,
    /// When another gateway told it last; none for a client of ours.
    pub(super) heard_at: Option<Instant>,
}

/// Between gateways alone: what clients of one do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PresenceChanged {
    pub(super) gateway: EventId,
    pub(super) tenant_id: TenantId,
    pub(super) clients: Vec<Presence>,
    /// Asks the other gateways to say who is at theirs.
    pub(super) asks: bool,
}

impl Event for PresenceChanged {
    const TYPE: &'static str = "presence.changed";

    fn subject(&self) -> String {
        self.tenant_id.to_string()
    }
}

/// As the others in the room get it.
#[derive(Serialize)]
struct Shown<'a> {
    room: String,
    #[serde(flatten)]
    client: ShownClient<'a>,
}

/// One client as others see it.
#[derive(Serialize)]
pub(super) struct ShownClient<'a> {
    client_id: EventId,
    user_id: UserId,
    state: Doing,
    task_id: &'a Option<TaskId>,
}

impl<'a> From<&'a Presence> for ShownClient<'a> {
    fn from(presence: &'a Presence) -> Self {
        Self {
            client_id: presence.client_id,
            user_id: presence.user_id,
            state: presence.state,
            task_id: &presence.task_id,
        }
    }
}

/// What clients of this gateway did and nobody was told yet.
#[derive(Default)]
pub(super) struct Outbox(Mutex<HashMap<TenantId, Waiting>>);

#[derive(Default)]
struct Waiting {
    clients: HashMap<EventId, Presence>,
    /// Other gateways are to say who is at theirs.
    asks: bool,
    /// Another gateway asked who is here.
    repeats: bool,
}

impl Outbox {
    fn of(&self, tenant: TenantId, change: impl FnOnce(&mut Waiting)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(tenant).or_default());
    }

    /// What a client does now.
    pub(super) fn put(&self, tenant: TenantId, presence: Presence) {
        self.of(tenant, |waiting| {
            waiting.clients.insert(presence.client_id, presence);
        });
    }

    /// A client is gone: what it did last is of no interest.
    pub(super) fn cancel(&self, tenant: TenantId, client: EventId) {
        self.of(tenant, |waiting| {
            waiting.clients.remove(&client);
        });
    }

    /// Asks the other gateways who of an organization is at theirs.
    pub(super) fn ask(&self, tenant: TenantId) {
        self.of(tenant, |waiting| waiting.asks = true);
    }

    fn take(&self) -> HashMap<TenantId, Waiting> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Hub {
    /// Tells here and at the other gateways what clients did since the last time.
    pub(super) async fn flush_presence(&self) {
        let mut rows = Vec::new();
        for (tenant, waiting) in self.0.outbox.take() {
            let mut clients: Vec<Presence> = waiting.clients.into_values().collect();
            if let Some(organization) = self.organization(tenant) {
                let mut organization = lock(&organization);
                clients.retain(|presence| apply(&mut organization, presence, None));
                if waiting.repeats {
                    clients.extend(own(&organization));
                }
            }
            if waiting.asks || !clients.is_empty() {
                rows.push(self.change(tenant, clients, waiting.asks));
            }
        }
        self.publish(&rows).await;
    }

    /// Says again who is here.
    pub(super) async fn repeat_presence(&self) {
        let all = self.tenants().into_iter();
        let all = all.map(|(tenant, organization)| (tenant, own(&lock(&organization))));
        let said = all.filter(|(_, clients)| !clients.is_empty());
        let rows: Vec<_> = said
            .map(|(tenant, clients)| self.change(tenant, clients, false))
            .collect();
        self.publish(&rows).await;
    }

    /// Hears what clients of another gateway do.
    pub(super) fn hear(&self, change: &PresenceChanged) {
        if change.gateway == self.0.gateway {
            return;
        }
        let Some(organization) = self.organization(change.tenant_id) else {
            return;
        };
        let mut organization = lock(&organization);
        for presence in &change.clients {
            apply(&mut organization, presence, Some(Instant::now()));
        }
        if change.asks {
            let tenant = change.tenant_id;
            self.0.outbox.of(tenant, |waiting| waiting.repeats = true);
        }
    }

    /// A client is no longer at that board, or at any.
    pub(super) fn see_off(
        &self,
        organization: &Organization,
        connection: &Connection,
        board: Option<BoardId>,
    ) {
        let (tenant, client) = (connection.tenant, connection.id);
        self.0.outbox.cancel(tenant, client);
        let present = organization.present.get(&client);
        let there =
            present.filter(|present| board.is_none_or(|board| board == present.presence.board_id));
        if let Some(present) = there {
            self.0.outbox.put(tenant, present.presence.gone());
        }
    }

    fn change(&self, tenant_id: TenantId, clients: Vec<Presence>, asks: bool) -> OutboxRow {
        let change = PresenceChanged {
            gateway: self.0.gateway,
            tenant_id,
            clients,
            asks,
        };
        let (ids, clock) = (&self.0.ids, &self.0.clock);
        let envelope = Envelope::new(ids, clock, "gateway", tenant_id, None, &change);
        OutboxRow {
            seq: 0,
            id: envelope.id.uuid(),
            kind: PresenceChanged::TYPE.to_owned(),
            event: envelope.to_json().to_string(),
            behind: 0,
            age_ms: 0,
        }
    }

    /// Presence that does not get through is not told again: it is said anew soon.
    async fn publish(&self, rows: &[OutboxRow]) {
        if rows.is_empty() {
            return;
        }
        if let Err(error) = self.0.publisher.publish(rows).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "tell presence");
        }
    }
}

/// Sees off those of other gateways that were not heard of for long.
pub(super) fn forget_stale(organization: &mut Organization, now: Instant) {
    let stale = organization.present.values().filter(|present| {
        let heard = present.heard_at;
        heard.is_some_and(|at| now.duration_since(at) > STALE)
    });
    let gone: Vec<_> = stale.map(|present| present.presence.gone()).collect();
    for presence in &gone {
        apply(organization, presence, Some(now));
    }
}

/// Those at a board, for who comes.
pub(super) fn shown(organization: &Organization, board: BoardId) -> Vec<ShownClient<'_>> {
    let present = organization
        .present
        .values()
        .map(|present| &present.presence);
    let there = present.filter(|presence| presence.board_id == board);
    there.take(MOST_SHOWN).map(ShownClient::from).collect()
}

/// Notes what a client does and tells the others at its board. Answers whether it is news.
fn apply(organization: &mut Organization, presence: &Presence, heard_at: Option<Instant>) -> bool {
    let client = presence.client_id;
    let before = organization.present.remove(&client);
    let before = before.map(|present| present.presence);
    if presence.state == Doing::Gone {
        if let Some(before) = &before {
            tell(organization, &before.gone());
        }
        return before.is_some();
    }
    let presence = presence.clone();
    let news = before.as_ref() != Some(&presence);
    if news {
        let moved = before.filter(|before| before.board_id != presence.board_id);
        if let Some(before) = moved {
            tell(organization, &before.gone());
        }
        tell(organization, &presence);
    }
    let present = Present { presence, heard_at };
    organization.present.insert(client, present);
    news
}

fn tell(organization: &Organization, presence: &Presence) {
    let room = Room::Board(presence.board_id);
    let body = Shown {
        room: room.to_string(),
        client: presence.into(),
    };
    let others = organization.inside(room);
    for connection in others.filter(|one| one.id != presence.client_id) {
        connection.send("presence:changed", &body);
    }
}

/// What clients of this gateway do.
fn own(organization: &Organization) -> Vec<Presence> {
    let ours = organization.present.values();
    let ours = ours.filter(|present| present.heard_at.is_none());
    ours.map(|present| present.presence.clone()).collect()
}

//! The hub itself: the organizations' connections, what was told lately, and what events do to both. What comes from
//! the broker is taken here without waiting for anybody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dashmap::DashMap;
use events::{Envelope, Publisher};
use kernel::{Clock, EventId, Ids, TenantId, UserId};
use serde_json::json;
use socketioxide::socket::Sid;

use super::connection::{Connection, End};
use super::losses::{Loss, Why, loss};
use super::memory::Memory;
use super::names::{Audience, Told, id, told};
use super::organization::Organization;
use super::presence::{Outbox, PresenceChanged, forget_stale};
use super::room::Room;
use crate::config::Config;
use crate::forward::Forward;
use crate::limits::Limits;
use crate::session::Sessions;

/// Everything that is open. Clones share it.
#[derive(Clone)]
pub(crate) struct Hub(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// This gateway among the others.
    pub(super) gateway: EventId,
    pub(super) ids: Ids,
    pub(super) clock: Clock,
    pub(super) sessions: Sessions,
    pub(super) forward: Arc<Forward>,
    pub(super) limits: Limits,
    pub(super) publisher: Publisher,
    pub(super) outbox: Outbox,
    most: Most,
    organizations: DashMap<TenantId, Arc<Mutex<Organization>>>,
    connections: DashMap<Sid, Arc<Connection>>,
    memory: Mutex<Memory>,
}

/// Connections there may be.
struct Most {
    in_all: usize,
    of_organization: usize,
    of_user: usize,
}

/// What the hub works with.
pub(crate) struct Tools {
    pub(crate) ids: Ids,
    pub(crate) clock: Clock,
    pub(crate) sessions: Sessions,
    pub(crate) forward: Arc<Forward>,
    pub(crate) limits: Limits,
    pub(crate) publisher: Publisher,
}

impl Hub {
    pub(crate) fn new(config: &Config, tools: Tools) -> Self {
        Self(Arc::new(Inner {
            gateway: tools.ids.next(),
            ids: tools.ids,
            clock: tools.clock,
            sessions: tools.sessions,
            forward: tools.forward,
            limits: tools.limits,
            publisher: tools.publisher,
            outbox: Outbox::default(),
            most: Most {
                in_all: config.live_connections,
                of_organization: config.live_connections_per_organization,
                of_user: config.live_connections_per_user,
            },
            organizations: DashMap::new(),
            connections: DashMap::new(),
            memory: Mutex::default(),
        }))
    }

    /// Takes an event from the broker: tells it, and takes away the rights that it ends.
    pub(crate) fn take(&self, envelope: &Envelope) {
        if envelope.is::<PresenceChanged>() {
            if let Ok(change) = envelope.data() {
                self.hear(&change);
            }
            return;
        }
        if let Some(tenant) = envelope.tenantid {
            for told in told(envelope) {
                self.tell(tenant, told);
            }
        }
        if let Some(loss) = loss(envelope) {
            let tenant = envelope.tenantid;
            self.lose(
                tenant.or_else(|| id(envelope.raw_data(), "tenant_id")),
                loss,
            );
        }
    }

    /// Events may have been missed: everybody asks anew.
    pub(crate) fn missed(&self) {
        self.memory().restart(self.0.clock.now());
        for organization in self.organizations() {
            self.put_out(&organization, Why::Missed, |_, _| true);
        }
    }

    fn tell(&self, tenant: TenantId, told: Told) {
        let told = Arc::new(told);
        self.memory()
            .keep(tenant, self.0.clock.now(), Arc::clone(&told));
        let Some(organization) = self.organization(tenant) else {
            return;
        };
        let organization = lock(&organization);
        let mut sent = 0;
        for connection in organization.audience(&told.audience) {
            sent += u64::from(connection.send(told.name, &told.payload));
        }
        drop(organization);
        metrics::counter!("live_events_sent_total").increment(sent);
    }

    fn lose(&self, tenant: Option<TenantId>, loss: Loss) {
        if let Loss::Session(session) = loss {
            for organization in self.organizations() {
                lock(&organization).end_session(session);
            }
            return;
        }
        let Some(organization) = tenant.and_then(|tenant| self.organization(tenant)) else {
            return;
        };
        match loss {
            Loss::Session(_) => {}
            Loss::Person(user, end) => lock(&organization).end(end, |one| one.user() == user),
            Loss::Organization => lock(&organization).end(End::OrganizationClosed, |_| true),
            Loss::OfProject(user, project) => {
                self.put_out_of(&organization, Why::Removed, |one, room, here| {
                    one.user() == user && here.hears(room, Audience::Project(project))
                });
            }
            Loss::OfWorkspace(user, workspace) => {
                self.put_out(&organization, Why::Removed, |one, room| {
                    let elsewhere = match room {
                        Room::Workspace(id) => id != workspace,
                        Room::User(_) => true,
                        Room::Board(_) | Room::Project(_) => false,
                    };
                    one.user() == user && !elsewhere
                });
            }
            Loss::Project(project, why) => {
                self.put_out_of(&organization, why, |_, room, here| {
                    here.hears(room, Audience::Project(project))
                });
            }
            Loss::Room(gone, why) => self.put_out(&organization, why, |_, room| room == gone),
            Loss::Rooms => self.put_out(&organization, Why::Changed, |_, room| {
                !matches!(room, Room::User(_))
            }),
        }
    }

    /// Takes those out of rooms for whom it holds, and tells them.
    fn put_out(
        &self,
        organization: &Mutex<Organization>,
        why: Why,
        leaves: impl Fn(&Connection, Room) -> bool,
    ) {
        self.put_out_of(organization, why, |connection, room, _| {
            leaves(connection, room)
        });
    }

    fn put_out_of(
        &self,
        organization: &Mutex<Organization>,
        why: Why,
        leaves: impl Fn(&Connection, Room, &Organization) -> bool,
    ) {
        let mut organization = lock(organization);
        organization.losses += 1;
        for (connection, room) in organization.clear(leaves) {
            if let Room::Board(board) = room {
                self.see_off(&organization, &connection, Some(board));
            }
            let body = json!({"room": room.to_string(), "reason": why.text()});
            connection.send("room:left", &body);
        }
    }

    /// Whether one more connection of this person may be.
    pub(super) fn has_room(&self, tenant: TenantId, user: UserId) -> bool {
        let organization = self.organization(tenant);
        let count = organization.map_or((0, 0), |organization| lock(&organization).count(user));
        self.0.most.leave_room(self.0.connections.len(), count)
    }

    /// Lets a connection in; false when there are too many.
    pub(super) fn admit(&self, connection: &Arc<Connection>) -> bool {
        let tenant = connection.tenant;
        let here = self.0.connections.len();
        // The entry is held: an organization that is empty is forgotten under the same lock.
        let entry = self.0.organizations.entry(tenant).or_default();
        let mut organization = lock(&entry);
        let count = organization.count(connection.user());
        if !self.0.most.leave_room(here, count) {
            return false;
        }
        if organization.is_empty() {
            self.0.outbox.ask(tenant);
        }
        organization.admit(Arc::clone(connection));
        drop(organization);
        drop(entry);
        self.0
            .connections
            .insert(connection.sid(), Arc::clone(connection));
        true
    }

    /// Forgets a connection that is over.
    pub(super) fn dismiss(&self, connection: &Connection) {
        self.0.connections.remove(&connection.sid());
        let tenant = connection.tenant;
        if let Some(organization) = self.organization(tenant) {
            let mut organization = lock(&organization);
            self.see_off(&organization, connection, None);
            organization.dismiss(connection.id);
        }
        self.0
            .organizations
            .remove_if(&tenant, |_, organization| lock(organization).is_empty());
    }

    /// Removes what ended without a word, and connections whose token is no longer good.
    pub(super) fn sweep(&self) {
        const EARLY_SECONDS: i64 = 60;
        let now = self.0.clock.now().timestamp();
        let all: Vec<_> = self.all_connections();
        for connection in &all {
            let left = connection.expires_at() - now;
            if connection.is_stillborn() {
                self.dismiss(connection);
            } else if left <= 0 {
                connection.end(End::TokenExpired);
            } else if left <= EARLY_SECONDS && connection.warn() {
                let expires_at = chrono::DateTime::from_timestamp(connection.expires_at(), 0);
                connection.send("live:expiring", &json!({"expires_at": expires_at}));
            }
        }
        let organizations = self.organizations();
        let rooms: usize = organizations.iter().map(|one| lock(one).rooms()).sum();
        let gauge = |name, count| {
            metrics::gauge!(name).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        };
        gauge("live_connections", all.len());
        gauge("live_rooms", rooms);
        for organization in &organizations {
            forget_stale(&mut lock(organization), Instant::now());
        }
    }

    pub(super) fn all_connections(&self) -> Vec<Arc<Connection>> {
        let all = self.0.connections.iter();
        all.map(|entry| Arc::clone(entry.value())).collect()
    }

    pub(super) fn connection(&self, sid: Sid) -> Option<Arc<Connection>> {
        let entry = self.0.connections.get(&sid)?;
        Some(Arc::clone(entry.value()))
    }

    pub(super) fn organization(&self, tenant: TenantId) -> Option<Arc<Mutex<Organization>>> {
        let entry = self.0.organizations.get(&tenant)?;
        Some(Arc::clone(entry.value()))
    }

    pub(super) fn tenants(&self) -> Vec<(TenantId, Arc<Mutex<Organization>>)> {
        let all = self.0.organizations.iter();
        all.map(|entry| (*entry.key(), Arc::clone(entry.value())))
            .collect()
    }

    fn organizations(&self) -> Vec<Arc<Mutex<Organization>>> {
        self.tenants().into_iter().map(|(_, one)| one).collect()
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Most {
    fn leave_room(&self, here: usize, (of_organization, of_user): (usize, usize)) -> bool {
        here < self.in_all && of_organization < self.of_organization && of_user < self.of_user
    }
}

pub(super) fn lock(organization: &Mutex<Organization>) -> MutexGuard<'_, Organization> {
    organization.lock().unwrap_or_else(PoisonError::into_inner)
}

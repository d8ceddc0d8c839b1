//! The connections of one organization and the rooms they are in. Each organization has its own: nothing here can
//! reach another's. No network in here; sending only puts into bounded buffers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kernel::{BoardId, EventId, ProjectId, SessionId, UserId};

use super::connection::{Connection, End};
use super::names::Audience;
use super::presence::Present;
use super::room::Room;

/// Connections and rooms on this gateway.
#[derive(Default)]
pub(super) struct Organization {
    members: HashMap<EventId, Member>,
    rooms: HashMap<Room, HashSet<EventId>>,
    /// The project of each board that has a room.
    projects: HashMap<BoardId, ProjectId>,
    /// Counts losses of rights: an answer that was asked for before the last one does not count.
    pub(super) losses: u64,
    pub(super) present: HashMap<EventId, Present>,
}

struct Member {
    connection: Arc<Connection>,
    rooms: HashSet<Room>,
}

impl Organization {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.members.values().map(|member| &member.connection)
    }

    /// How many connections there are, and how many of this person.
    pub(super) fn count(&self, user: UserId) -> (usize, usize) {
        let own = self.connections().filter(|one| one.user() == user).count();
        (self.members.len(), own)
    }

    pub(super) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    pub(super) fn admit(&mut self, connection: Arc<Connection>) {
        let rooms = HashSet::new();
        self.members
            .insert(connection.id, Member { connection, rooms });
    }

    /// Forgets a connection that is gone.
    pub(super) fn dismiss(&mut self, id: EventId) {
        let Some(member) = self.members.remove(&id) else {
            return;
        };
        for room in member.rooms {
            self.take_out(id, room);
        }
    }

    /// Lets a connection into a room; `project` is a board's. False when it is gone or has `most` rooms.
    pub(super) fn enter(
        &mut self,
        id: EventId,
        room: Room,
        project: Option<ProjectId>,
        most: usize,
    ) -> bool {
        let Some(member) = self.members.get_mut(&id) else {
            return false;
        };
        if member.rooms.len() >= most && !member.rooms.contains(&room) {
            return false;
        }
        member.rooms.insert(room);
        self.rooms.entry(room).or_default().insert(id);
        if let (Room::Board(board), Some(project)) = (room, project) {
            self.projects.insert(board, project);
        }
        true
    }

    pub(super) fn is_in(&self, id: EventId, room: Room) -> bool {
        self.rooms
            .get(&room)
            .is_some_and(|inside| inside.contains(&id))
    }

    /// Answers whether it was there.
    pub(super) fn leave(&mut self, id: EventId, room: Room) -> bool {
        let member = self.members.get_mut(&id);
        let was_there = member.is_some_and(|member| member.rooms.remove(&room));
        if was_there {
            self.take_out(id, room);
        }
        was_there
    }

    fn take_out(&mut self, id: EventId, room: Room) {
        let Some(inside) = self.rooms.get_mut(&room) else {
            return;
        };
        inside.remove(&id);
        if inside.is_empty() {
            self.rooms.remove(&room);
            if let Room::Board(board) = room {
                self.projects.remove(&board);
            }
        }
    }

    /// Takes everybody for whom it holds out of rooms, and answers whom and of which.
    pub(super) fn clear(
        &mut self,
        leaves: impl Fn(&Connection, Room, &Self) -> bool,
    ) -> Vec<(Arc<Connection>, Room)> {
        let mut left = Vec::new();
        for member in self.members.values() {
            let gone = member
                .rooms
                .iter()
                .filter(|room| leaves(&member.connection, **room, self));
            left.extend(gone.map(|room| (Arc::clone(&member.connection), *room)));
        }
        for (connection, room) in &left {
            self.leave(connection.id, *room);
        }
        left
    }

    /// Whether what an audience hears is told in this room.
    pub(super) fn hears(&self, room: Room, audience: Audience) -> bool {
        match (room, audience) {
            (Room::Project(room), Audience::Project(project) | Audience::Board(project, _)) => {
                room == project
            }
            (Room::Board(room), Audience::Board(_, board)) => room == board,
            (Room::Board(room), Audience::Project(project)) => {
                self.projects.get(&room) == Some(&project)
            }
            (Room::Workspace(room), Audience::Workspace(workspace)) => room == workspace,
            (Room::User(room), Audience::Person(user)) => room == user,
            _ => false,
        }
    }

    /// The connections that hear this, each once.
    pub(super) fn audience(&self, audience: &[Audience]) -> impl Iterator<Item = &Arc<Connection>> {
        let rooms = self.rooms.iter().filter(|(room, _)| {
            audience
                .iter()
                .any(|audience| self.hears(**room, *audience))
        });
        let ids: HashSet<&EventId> = rooms.flat_map(|(_, inside)| inside).collect();
        ids.into_iter()
            .filter_map(|id| Some(&self.members.get(id)?.connection))
    }

    /// The connections in a room.
    pub(super) fn inside(&self, room: Room) -> impl Iterator<Item = &Arc<Connection>> {
        let ids = self.rooms.get(&room).into_iter().flatten();
        ids.filter_map(|id| Some(&self.members.get(id)?.connection))
    }

    /// Ends the connections for which it holds.
    pub(super) fn end(&self, end: End, whose: impl Fn(&Connection) -> bool) {
        for connection in self.connections().filter(|connection| whose(connection)) {
            connection.end(end);
        }
    }

    pub(super) fn end_session(&self, session: SessionId) {
        self.end(End::SessionRevoked, |one| one.session.id == session);
    }
}

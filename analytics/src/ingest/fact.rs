//! What an event says that moves a number.

use chrono::{DateTime, Utc};
use events::topic::link::{LinkAccessed, LinkCreated};
use events::topic::project::{ProjectDeleted, ProjectRestored};
use events::topic::task::{
    TaskAssigned, TaskCreated, TaskDeleted, TaskRestored, TaskStatusChanged, TaskTransferred,
    TaskUpdated,
};
use events::{Envelope, EnvelopeError, Event};
use kernel::{LinkId, ProjectId, TaskId};

use crate::counter::DeviceClass;

/// An event, understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    Created(TaskCreated),
    Updated(TaskUpdated),
    StatusChanged(TaskStatusChanged),
    Assigned(TaskAssigned),
    TaskDeleted(TaskDeleted),
    TaskRestored(TaskRestored),
    Transferred(TaskTransferred),
    ProjectDeleted(ProjectDeleted),
    ProjectRestored(ProjectRestored),
    LinkCreated(LinkId),
    /// A guest saw what a link shows.
    LinkOpened(LinkId, DeviceClass),
    /// Kept, but it moves no number.
    Other,
}

impl Fact {
    /// Understands an event. Types nobody knew when this was written are [`Fact::Other`].
    pub(super) fn of(envelope: &Envelope) -> Result<Self, EnvelopeError> {
        Ok(match &*envelope.kind {
            TaskCreated::TYPE => Self::Created(envelope.data()?),
            TaskUpdated::TYPE => Self::Updated(envelope.data()?),
            TaskStatusChanged::TYPE => Self::StatusChanged(envelope.data()?),
            TaskAssigned::TYPE => Self::Assigned(envelope.data()?),
            TaskDeleted::TYPE => Self::TaskDeleted(envelope.data()?),
            TaskRestored::TYPE => Self::TaskRestored(envelope.data()?),
            TaskTransferred::TYPE => Self::Transferred(envelope.data()?),
            ProjectDeleted::TYPE => Self::ProjectDeleted(envelope.data()?),
            ProjectRestored::TYPE => Self::ProjectRestored(envelope.data()?),
            LinkCreated::TYPE => Self::LinkCreated(envelope.data::<LinkCreated>()?.link_id),
            LinkAccessed::TYPE => opened(&envelope.data()?),
            _ => Self::Other,
        })
    }

    /// The one task it is about.
    pub(super) fn task(&self) -> Option<TaskId> {
        match self {
            Self::Created(event) => Some(event.task_id),
            Self::Updated(event) => Some(event.task_id),
            Self::StatusChanged(event) => Some(event.task_id),
            Self::Assigned(event) => Some(event.task_id),
            Self::TaskDeleted(event) => Some(event.task_id),
            Self::TaskRestored(event) => Some(event.task_id),
            Self::Transferred(event) => Some(event.task_id),
            Self::ProjectDeleted(_)
            | Self::ProjectRestored(_)
            | Self::LinkCreated(_)
            | Self::LinkOpened(..)
            | Self::Other => None,
        }
    }

    /// The project all of whose tasks it is about.
    pub(super) fn project(&self) -> Option<ProjectId> {
        match self {
            Self::ProjectDeleted(event) => Some(event.project_id),
            Self::ProjectRestored(event) => Some(event.project_id),
            _ => None,
        }
    }
}

/// Machines that preview a link are no guests.
fn opened(event: &LinkAccessed) -> Fact {
    match event.bot {
        true => Fact::Other,
        false => Fact::LinkOpened(event.link_id, event.device.into()),
    }
}

/// A fact and when it came to be.
pub(super) type Dated<'a> = (DateTime<Utc>, &'a Fact);

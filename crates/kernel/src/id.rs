//! Typed ids. A function that wants a task cannot be handed a project.
//!
//! All are UUIDv7 (RFC 9562 §5.7), so that rows made later sort later.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What all typed ids share; lets [`crate::Ids`] make any of them.
pub trait Id: From<Uuid> + Copy {
    /// The untyped value, for storage and the wire.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid))]
        #[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType))]
        pub struct $name(Uuid);

        impl $name {
            /// The untyped value, for storage and the wire.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl Id for $name {
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        // sea-orm asks this of every primary key; a UUID has no numeric form.
        #[cfg(feature = "sea-orm")]
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// An organization, its subdomain and its database.
    TenantId
    /// A person; one account may belong to many organizations.
    UserId
    /// One sign-in of one person in one organization.
    SessionId
    /// An invitation to join an organization.
    InvitationId
    /// A role of an organization's own making.
    RoleId
    /// A team.
    TeamId
    /// A personal access token.
    PersonalTokenId
    /// A passkey.
    PasskeyId
    /// An identity provider of an organization.
    ProviderId
    /// An entry of the log of security events.
    AuditEventId
    /// What a person asked of the own data.
    PersonRequestId
    /// A workspace inside an organization.
    WorkspaceId
    /// A project.
    ProjectId
    /// A board of a project.
    BoardId
    /// A column of a board.
    ColumnId
    /// A task, also where a board shows it as a card.
    TaskId
    /// A label of a project.
    LabelId
    /// A field that a project gives its tasks.
    FieldId
    /// A list to tick off inside a task.
    ChecklistId
    /// What is ticked off.
    ChecklistItemId
    /// That one task waits for another, or has to do with it.
    DependencyId
    /// A comment.
    CommentId
    /// A saved view.
    ViewId
    /// An entry of what was done in a project.
    ActivityId
    /// A short link.
    LinkId
    /// An endpoint outside that is told events.
    WebhookId
    /// One event for one such endpoint.
    DeliveryId
    /// What a report of an organization's own shows, kept under a name.
    CustomReportId
    /// A report that was asked for, or made by a schedule.
    ReportId
    /// A PostgreSQL server that holds tenant databases.
    ClusterId
    /// An event; consumers know a repeated delivery by it.
    EventId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_reads_back_from_its_text() {
        let id = TaskId::from(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<TaskId>(), Ok(id));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    }
}

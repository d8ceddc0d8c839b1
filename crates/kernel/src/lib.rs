//! What every part of Tenantry means by a word: typed ids, the clock, roles and permissions,
//! names (subdomains, project and task keys), page cursors, sealed secrets, time zones.
//!
//! Nothing here does I/O or knows of HTTP, so each rule can be proved by a plain test.

pub mod clock;
pub mod cursor;
pub mod id;
pub mod key;
pub mod role;
pub mod seal;
pub mod secret;
pub mod subdomain;
pub mod zone;

pub use clock::{Clock, Ids};
pub use cursor::{Cursor, Page};
pub use id::{
    ActivityId, AuditEventId, BoardId, ChecklistId, ChecklistItemId, ClusterId, ColumnId,
    CommentId, CustomReportId, DeliveryId, DependencyId, EventId, FieldId, Id, InvitationId,
    LabelId, LinkId, PasskeyId, PersonRequestId, PersonalTokenId, ProjectId, ProviderId, ReportId,
    RoleId, SessionId, TaskId, TeamId, TenantId, UserId, ViewId, WebhookId, WorkspaceId,
};
pub use key::{KeyError, ProjectKey, TaskKey};
pub use role::{Permission, Permissions, Role};
pub use seal::{SealKey, SealKeys};
pub use subdomain::Subdomain;
pub use zone::TimeZone;

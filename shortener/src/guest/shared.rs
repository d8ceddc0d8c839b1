//! What is behind a link, asked of project-svc with a token that is good for this one thing.

use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use httpkit::client::{Upstream, UpstreamError};
use httpkit::tokens::Resource;
use kernel::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::Refusal;

/// The guest's view of a task: no people, no comments, no project.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedTask {
    /// The task's key.
    #[schema(example = "APO-12")]
    pub(super) key: String,
    /// Its title.
    pub(super) title: String,
    /// Its description, in Markdown.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Where it stands.
    pub(super) status: String,
    /// How much it presses.
    pub(super) priority: String,
    /// When it is due.
    #[serde(default)]
    pub(super) due_date: Option<NaiveDate>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
}

/// Loads it. A thing that was deleted takes its links with it, and so does an organization that is suspended.
pub(super) async fn load(
    project: &Upstream,
    tenant: TenantId,
    resource: Resource,
) -> Result<SharedTask, Refusal> {
    let Resource::Task(id) = resource;
    let path = format!("/internal/v1/shared/tasks/{id}");
    let found = project.get_shared(&path, tenant, resource).await;
    found.map_err(|error| match &error {
        UpstreamError::Status { status, code, .. }
            if *status == StatusCode::NOT_FOUND || code == "tenant_suspended" =>
        {
            Refusal::Missing
        }
        _ => Refusal::Other(error.into()),
    })
}

//! `webhook.*`: endpoints that the envelope's tenant has its events sent to, told by project-svc. Never where they are,
//! nor what they are signed with.

use kernel::{UserId, WebhookId};
use serde::{Deserialize, Serialize};

/// An endpoint is told events from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WebhookCreated {
    /// The endpoint.
    pub webhook_id: WebhookId,
    /// Who made it.
    pub created_by: UserId,
}

/// Some of what an endpoint is told, or how, changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WebhookUpdated {
    /// The endpoint.
    pub webhook_id: WebhookId,
    /// Names of the changed fields; `secret` for one that was rotated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

/// The service itself switched an endpoint off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WebhookDisabled {
    /// The endpoint.
    pub webhook_id: WebhookId,
    /// Why: gone, failing or secret_lost.
    pub reason: String,
}

/// An endpoint is told nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WebhookDeleted {
    /// The endpoint.
    pub webhook_id: WebhookId,
}

super::events! {
    WebhookCreated => "webhook.created" of webhook_id,
    WebhookUpdated => "webhook.updated" of webhook_id,
    WebhookDisabled => "webhook.disabled" of webhook_id,
    WebhookDeleted => "webhook.deleted" of webhook_id,
}

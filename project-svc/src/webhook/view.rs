//! What requests and answers about webhooks look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use kernel::{ProjectId, UserId, WebhookId};
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::ToSchema;

use super::event;
use crate::entity::webhook;
use crate::patch::set;

/// Types and patterns of one webhook.
const MAX_EVENTS: usize = 60;

/// Why the service itself switched a webhook off.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    sea_orm::DeriveValueType,
    ToSchema,
    strum::Display,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum DisabledReason {
    /// It answered 410.
    Gone,
    /// All attempts for one event failed, over days, and nothing else got through meanwhile.
    Failing,
    /// Its secret cannot be read: this is a copy of another organization, or a key is lost.
    SecretLost,
}

/// What a webhook asks for: a type of event, `task.created`, all of a topic, `task.*`, or all, `*`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^([*]|[a-z]+[.]([*]|[a-z_]+))$", example = "task.*")]
pub(super) struct EventPattern(String);

/// As the table has them.
pub(super) fn patterns(patterns: Vec<EventPattern>) -> Vec<String> {
    patterns.into_iter().map(|pattern| pattern.0).collect()
}

/// A webhook to be made.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(super) struct CreateWebhook {
    /// Where events are sent: `https`, at a public address, without user and password; at most 2,048 bytes.
    #[garde(length(bytes, max = 2_048))]
    #[schema(pattern = "^https?://", example = "https://example.com/hooks/tenantry")]
    pub(super) url: String,
    /// One line, for people.
    #[garde(length(chars, max = 200), custom(one_line))]
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) description: String,
    /// Types of events, `task.created`, all of a topic, `task.*`, or `*`; see `docs/WEBHOOKS.md`.
    #[garde(length(min = 1, max = MAX_EVENTS), inner(custom(offered)))]
    #[schema(min_items = 1, max_items = 60)]
    pub(super) events: Vec<EventPattern>,
    /// Events of this project alone; all when left out.
    #[garde(skip)]
    pub(super) project_id: Option<ProjectId>,
    /// Whether it is told anything.
    #[garde(skip)]
    #[serde(default = "yes")]
    pub(super) enabled: bool,
}

/// Fields to change; those left out stay.
#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct PatchWebhook {
    /// Where events are sent; what waits goes there too.
    #[garde(length(bytes, max = 2_048))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(
        pattern = "^https?://",
        nullable = false,
        example = "https://example.com/hooks/tenantry"
    )]
    pub(super) url: Option<String>,
    /// One line, for people.
    #[garde(length(chars, max = 200), inner(custom(one_line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 200, nullable = false)]
    description: Option<String>,
    /// Types of events, all of a topic, or `*`.
    #[garde(length(min = 1, max = MAX_EVENTS), inner(inner(custom(offered))))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(min_items = 1, max_items = 60, nullable = false)]
    events: Option<Vec<EventPattern>>,
    /// Events of this project alone; null for all.
    #[garde(skip)]
    #[serde(default, with = "double_option")]
    pub(super) project_id: Option<Option<ProjectId>>,
    /// Off: nothing is sent, and what happens meanwhile is not told later.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(super) enabled: Option<bool>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(super) version: Option<i32>,
}

impl PatchWebhook {
    /// The columns to set; the address is the one that was checked.
    pub(super) fn changes(self, url: Option<String>) -> webhook::ActiveModel {
        webhook::ActiveModel {
            url: set(url),
            description: set(self.description),
            events: set(self.events.map(patterns)),
            project_id: set(self.project_id),
            enabled: set(self.enabled),
            // Whoever switches it, either way, has taken note.
            disabled_reason: set(self.enabled.map(|_| None)),
            ..Default::default()
        }
    }
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    pub(super) id: WebhookId,
    pub(super) url: String,
    pub(super) description: String,
    pub(super) events: Vec<String>,
    /// The project whose events it is told; null for all.
    pub(super) project_id: Option<ProjectId>,
    pub(super) enabled: bool,
    /// Why the service itself switched it off; null where people did, and while it is on.
    pub(super) disabled_reason: Option<DisabledReason>,
    /// Until when the former secret signs beside the new one.
    pub(super) former_secret_until: Option<DateTime<Utc>>,
    /// When something got through, to the minute.
    pub(super) last_success_at: Option<DateTime<Utc>>,
    pub(super) created_by: UserId,
    /// Counts changes; also the `ETag`.
    pub(super) version: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

/// A webhook and its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookWithSecret {
    #[serde(flatten)]
    pub(super) webhook: Webhook,
    /// What requests are signed with, `whsec_` and base64.
    pub(super) secret: String,
}

impl From<webhook::Model> for Webhook {
    fn from(webhook: webhook::Model) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            description: webhook.description,
            events: webhook.events,
            project_id: webhook.project_id,
            enabled: webhook.enabled,
            disabled_reason: webhook.disabled_reason,
            former_secret_until: webhook.former_secret_until,
            last_success_at: webhook.last_success_at,
            created_by: webhook.created_by,
            version: webhook.version,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

fn yes() -> bool {
    true
}

/// A line, or nothing.
fn one_line<C>(text: &str, context: &C) -> garde::Result {
    if text.is_empty() {
        return Ok(());
    }
    httpkit::text::line(text, context)
}

fn offered<C>(pattern: &EventPattern, _: &C) -> garde::Result {
    if event::is_offered(&pattern.0) {
        Ok(())
    } else {
        Err(garde::Error::new("is no type of event that can be told"))
    }
}

//! `link.*`: short links of the envelope's tenant, told by the shortener.
//!
//! `resource` is what the link shows, kind and id: `task:0190…`.

use chrono::{DateTime, Utc};
use kernel::{LinkId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, Display, EnumString};

/// The class of a guest's device.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    AsRefStr,
    Display,
    EnumString,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Device {
    /// A computer.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// Anything else, or it did not say.
    Other,
}

/// A link was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkCreated {
    /// The link.
    pub link_id: LinkId,
    /// What it shows.
    pub resource: String,
    /// Who made it.
    pub created_by: UserId,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Somebody opened a link and saw what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkAccessed {
    /// The link.
    pub link_id: LinkId,
    /// What it shows.
    pub resource: String,
    /// The guest's device.
    pub device: Device,
    /// Whether it was a machine that previews pages.
    pub bot: bool,
    /// Salted hash that tells one visitor from another for a day; no address can be had from it.
    pub visitor: String,
    /// Host of the page that led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

/// Some of what a link does or shows changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkUpdated {
    /// The link.
    pub link_id: LinkId,
    /// What it shows.
    pub resource: String,
    /// Names of the changed fields; `code` for a link that got another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

/// A link whose owner wants to know was opened for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkFirstOpened {
    /// The link.
    pub link_id: LinkId,
    /// What it shows.
    pub resource: String,
    /// Its owner, who is to be told.
    pub created_by: UserId,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// A link was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkRevoked {
    /// The link.
    pub link_id: LinkId,
    /// What it showed.
    pub resource: String,
}

/// A link's time or its number of opens is used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkExpired {
    /// The link.
    pub link_id: LinkId,
    /// What it showed.
    pub resource: String,
}

/// An organization's rules for links changed; these are the new ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkPolicyChanged {
    /// The organization.
    pub tenant_id: TenantId,
    /// Whether guests get in at all.
    pub enabled: bool,
    /// Whether links that show something have a password.
    pub require_password: bool,
    /// Within how many days links end; absent where they need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_days: Option<i32>,
}

super::events! {
    LinkCreated => "link.created" of link_id,
    LinkUpdated => "link.updated" of link_id,
    LinkAccessed => "link.accessed" of link_id,
    LinkFirstOpened => "link.first_opened" of link_id,
    LinkRevoked => "link.revoked" of link_id,
    LinkExpired => "link.expired" of link_id,
    LinkPolicyChanged => "link.policy_changed" of tenant_id,
}

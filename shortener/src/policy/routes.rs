//! HTTP of the rules: who makes links may read them, who manages the organization's security may change them.

use std::sync::Arc;

use axum::extract::State;
use events::topic::link::LinkPolicyChanged;
use garde::Validate;
use httpkit::{IfMatch, Json, Member, Problem, Versioned};
use kernel::Permission;
use sea_orm::TransactionTrait;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::ToSchema;

use super::model::Policy;
use super::store;
use crate::known::Stale;
use crate::state::Shortener;

const MAX_DAYS: i32 = 1_825;

/// An organization's rules for its links.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkPolicy {
    /// Whether there are links at all. While not, guests find none, and nobody makes one.
    enabled: bool,
    /// Whether links that show something need a password.
    require_password: bool,
    /// Links end within so many days of being made or changed; null: they need not end.
    max_days: Option<i32>,
    /// Rises with each change; 0 where there never was one.
    version: i32,
}

/// Rules to change; those left out stay, null takes away. Links that are there keep what they have.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(super) struct UpdateLinkPolicy {
    /// False: guests find no link from now on, until it is true again.
    #[garde(skip)]
    enabled: Option<bool>,
    /// Whether links that show something need a password.
    #[garde(skip)]
    require_password: Option<bool>,
    /// Within how many days links end.
    #[garde(inner(inner(range(min = 1, max = MAX_DAYS))))]
    #[serde(default, with = "double_option")]
    #[schema(minimum = 1, maximum = 1_825)]
    max_days: Option<Option<i32>>,
}

/// Shows the organization's rules for links.
#[utoipa::path(
    get, path = "/api/v1/links/policy", tag = "links", operation_id = "get_link_policy",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The rules; their version is the `ETag`", body = LinkPolicy),
        (status = 403, description = "`permission_denied`"),
    )
)]
pub(super) async fn get_link_policy(
    State(shortener): State<Arc<Shortener>>,
    member: Member,
) -> Result<Versioned<LinkPolicy>, Problem> {
    member.require(Permission::LinkCreate)?;
    Ok(LinkPolicy::of(
        Policy::of(&shortener.db, member.tenant).await?,
    ))
}

/// Changes the organization's rules for links.
#[utoipa::path(
    patch, path = "/api/v1/links/policy", tag = "links", operation_id = "update_link_policy",
    security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header)),
    request_body = UpdateLinkPolicy,
    responses(
        (status = 200, description = "The rules; their version is the `ETag`", body = LinkPolicy),
        (status = 403, description = "`permission_denied`"),
        (status = 409, description = "`stale_version`"),
        (status = 412, description = "`If-Match` names another version"),
        (status = 422, description = "Some fields are wrong"),
    )
)]
pub(super) async fn update_link_policy(
    State(shortener): State<Arc<Shortener>>,
    member: Member,
    if_match: IfMatch,
    Json(body): Json<UpdateLinkPolicy>,
) -> Result<Versioned<LinkPolicy>, Problem> {
    member.require(Permission::SecurityManage)?;
    let before = Policy::of(&shortener.db, member.tenant).await?;
    if_match.check(before.version)?;
    let mut next = body.applied_to(before);
    if next == before {
        return Ok(LinkPolicy::of(before));
    }
    next.version += 1;
    let event = LinkPolicyChanged {
        tenant_id: member.tenant,
        enabled: next.enabled,
        require_password: next.require_password,
        max_days: next.max_days,
    };
    let (tenant, now) = (member.tenant, shortener.clock.now());
    let (envelope, stale) = (
        shortener.envelope(tenant, Some(member.user), &event),
        Stale::Tenant(tenant),
    );
    let work = shortener.db.begin().await?;
    if !store::write(&work, tenant, before.version, next, now).await? {
        let detail = "somebody changed the rules just now; read them again and repeat the change";
        return Err(Problem::conflict("stale_version", detail));
    }
    events::outbox::emit(&work, &envelope).await?;
    stale.tell(&work).await?;
    work.commit().await?;
    shortener.known.forget(stale);
    shortener.wake.notify();
    Ok(LinkPolicy::of(next))
}

impl LinkPolicy {
    fn of(policy: Policy) -> Versioned<Self> {
        Versioned {
            version: policy.version,
            body: Self {
                enabled: policy.enabled,
                require_password: policy.require_password,
                max_days: policy.max_days,
                version: policy.version,
            },
        }
    }
}

impl UpdateLinkPolicy {
    fn applied_to(self, policy: Policy) -> Policy {
        Policy {
            enabled: self.enabled.unwrap_or(policy.enabled),
            require_password: self.require_password.unwrap_or(policy.require_password),
            max_days: self.max_days.unwrap_or(policy.max_days),
            version: policy.version,
        }
    }
}

//! What clients send and get of invitations.

use chrono::{DateTime, Utc};
use garde::Validate;
use kernel::{InvitationId, Role, RoleId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{self, Status};
use crate::account::{self, EmailAddress};
use crate::entity::invitation;

/// Whom to invite, as exactly one of the two roles.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
pub(super) struct CreateInvitation {
    /// Where the invitation goes; only an account of this address can accept it.
    #[garde(custom(account::well_formed))]
    #[schema(value_type = String, example = "grace@example.com")]
    pub(super) email: EmailAddress,
    /// The role to begin with, none above the own.
    #[garde(skip)]
    pub(super) role: Option<Role>,
    /// The role to begin with, one of the organization's own.
    #[garde(skip)]
    pub(super) role_id: Option<RoleId>,
}

/// An invitation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Invitation {
    /// Id of the invitation.
    pub(super) id: InvitationId,
    /// Where it went.
    #[schema(value_type = String, example = "grace@example.com")]
    email: EmailAddress,
    /// The role to begin with; `viewer` beside a role of the organization's own.
    role: Role,
    /// One of the organization's own roles, which counts in place of `role`.
    role_id: Option<RoleId>,
    /// Whether it can be accepted.
    status: Status,
    /// Who invited; nobody for the invitation of the first owner by the operator.
    invited_by: Option<UserId>,
    created_at: DateTime<Utc>,
    /// From then on it cannot be accepted.
    expires_at: DateTime<Utc>,
}

impl Invitation {
    pub(super) fn of(row: invitation::Model, now: DateTime<Utc>) -> Self {
        Self {
            status: model::status(&row, now),
            id: row.id,
            email: row.email,
            role: row.role,
            role_id: row.role_id,
            invited_by: row.invited_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// Which invitations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InvitationFilter {
    /// Whether they can be accepted; `open` unless it is said.
    #[param(inline)]
    pub(super) status: Option<StatusFilter>,
    /// Where they went.
    #[param(value_type = Option<String>)]
    pub(super) email: Option<EmailAddress>,
}

/// A status, or all of them.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StatusFilter {
    #[default]
    Open,
    Accepted,
    Revoked,
    Expired,
    All,
}

impl StatusFilter {
    pub(super) fn wanted(self) -> Option<Status> {
        match self {
            Self::Open => Some(Status::Open),
            Self::Accepted => Some(Status::Accepted),
            Self::Revoked => Some(Status::Revoked),
            Self::Expired => Some(Status::Expired),
            Self::All => None,
        }
    }
}

//! Writing an invitation and its mail, the only place where the token is told.

use events::topic::user::WorkspacePlace;
use httpkit::Problem;
use kernel::UserId;
use kernel::secret::{random_token, sha256};
use sea_orm::ConnectionTrait;

use super::{model, store};
use crate::account::EmailAddress;
use crate::entity::{invitation, organization};
use crate::mail;
use crate::role::Resolved;
use crate::state::Identity;

/// Who signs the invitations of the operator.
const OPERATOR: &str = "Tenantry";

/// An invitation to be made.
pub(crate) struct Draft<'a> {
    pub(crate) organization: &'a organization::Model,
    pub(crate) email: EmailAddress,
    /// The role to begin with.
    pub(crate) role: Resolved,
    /// Who invites, and by what name; nobody for the operator.
    pub(crate) inviter: Option<(UserId, &'a str)>,
    /// A workspace to be in from the beginning.
    pub(crate) workspace: Option<WorkspacePlace>,
}

impl Draft<'_> {
    /// Writes it; call it inside the transaction that causes it.
    pub(crate) async fn send(
        self,
        identity: &Identity,
        db: &impl ConnectionTrait,
    ) -> Result<invitation::Model, Problem> {
        let (now, tenant) = (identity.clock.now(), self.organization.tenant_id);
        let token = random_token().map_err(Problem::internal)?;
        let row = invitation::Model {
            id: identity.ids.next(),
            tenant_id: tenant,
            email: self.email,
            role: self.role.standing.role,
            token_hash: sha256(&token).to_vec(),
            invited_by: self.inviter.map(|(user, _)| user),
            created_at: now,
            expires_at: model::expiry(now),
            accepted_at: None,
            revoked_at: None,
            role_id: self.role.standing.role_id,
            workspace_id: self.workspace.as_ref().map(|place| place.workspace_id),
            workspace_role: self.workspace.map(|place| place.role),
        };
        store::insert(db, row.clone()).await?;
        let inviter = self.inviter.map(|(_, name)| name);
        let letter = Letter {
            organization: self.organization,
            role: &self.role.name,
            inviter: inviter.unwrap_or(OPERATOR),
            token: &token,
        };
        letter.send(identity, db, &row).await?;
        Ok(row)
    }
}

/// The mail of an invitation.
pub(super) struct Letter<'a> {
    pub(super) organization: &'a organization::Model,
    /// Name of the role to begin with.
    pub(super) role: &'a str,
    /// Name of who invites.
    pub(super) inviter: &'a str,
    pub(super) token: &'a str,
}

impl Letter<'_> {
    pub(super) async fn send(
        &self,
        identity: &Identity,
        db: &impl ConnectionTrait,
        row: &invitation::Model,
    ) -> Result<(), Problem> {
        let values = mail::Invitation {
            inviter: self.inviter,
            organization: &self.organization.name,
            role: self.role,
            url: link(identity, &self.organization.subdomain, self.token),
            expires: row.expires_at.format("%-d %B %Y").to_string(),
        };
        let mail = identity
            .templates
            .write(row.email.clone(), &values)
            .map_err(Problem::internal)?;
        mail::enqueue(db, &identity.ids, row.tenant_id, mail, identity.clock.now()).await?;
        Ok(())
    }
}

/// The token is in the fragment, which browsers send to no server: it is in no log.
fn link(identity: &Identity, subdomain: &str, token: &str) -> String {
    let origin = identity.common.tenant_origin(subdomain);
    format!("{origin}/invitations/accept#token={token}")
}

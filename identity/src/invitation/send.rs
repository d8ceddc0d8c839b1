//! Writing an invitation and its mail, the only place where the token is told.

use httpkit::Problem;
use kernel::secret::{random_token, sha256};
use kernel::{Role, UserId};
use sea_orm::ConnectionTrait;

use super::{model, store};
use crate::account::EmailAddress;
use crate::entity::{invitation, organization};
use crate::mail;
use crate::state::Identity;

/// Who signs the invitations of the operator.
const OPERATOR: &str = "Tenantry";

/// An invitation to be made.
pub(crate) struct Draft<'a> {
    pub(crate) organization: &'a organization::Model,
    pub(crate) email: EmailAddress,
    pub(crate) role: Role,
    /// Who invites, and by what name; nobody for the operator.
    pub(crate) inviter: Option<(UserId, &'a str)>,
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
            email: self.email.clone(),
            role: self.role,
            token_hash: sha256(&token).to_vec(),
            invited_by: self.inviter.map(|(user, _)| user),
            created_at: now,
            expires_at: model::expiry(now),
            accepted_at: None,
            revoked_at: None,
            role_id: None,
        };
        let values = mail::Invitation {
            inviter: self.inviter.map_or(OPERATOR, |(_, name)| name),
            organization: &self.organization.name,
            role: self.role.as_str(),
            url: link(identity, &self.organization.subdomain, &token),
            expires: row.expires_at.format("%-d %B %Y").to_string(),
        };
        let mail = identity
            .templates
            .invitation(self.email, &values)
            .map_err(Problem::internal)?;
        store::insert(db, row.clone()).await?;
        mail::enqueue(db, &identity.ids, tenant, mail, now).await?;
        Ok(row)
    }
}

/// The token is in the fragment, which browsers send to no server: it is in no log.
fn link(identity: &Identity, subdomain: &str, token: &str) -> String {
    let origin = identity.common.tenant_origin(subdomain);
    format!("{origin}/invitations/accept#token={token}")
}

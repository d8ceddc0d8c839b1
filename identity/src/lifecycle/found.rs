//! An organization that an operator makes, for a tenant that the resolver has claimed. It waits for its confirmation as
//! after a sign-up: the sweep finishes or removes what a crash leaves.

use httpkit::Problem;
use kernel::{Role, Subdomain, TenantId};

use crate::account::EmailAddress;
use crate::entity::organization;
use crate::invitation::Draft;
use crate::role::{self, Choice};
use crate::state::Identity;
use crate::{member, organization as organizations};

/// What the operator wants.
pub(super) struct Wanted {
    pub(super) tenant: TenantId,
    pub(super) subdomain: Subdomain,
    pub(super) name: String,
    pub(super) people: People,
}

/// Who is in it.
pub(super) enum People {
    /// The members of another organization.
    MembersOf(TenantId),
    /// Nobody until this owner accepts the invitation.
    Owner(EmailAddress),
}

/// Makes the organization; false when it is there already.
pub(super) async fn found(identity: &Identity, wanted: Wanted) -> Result<bool, Problem> {
    let (tenant, now) = (wanted.tenant, identity.clock.now());
    let row = organization::Model {
        tenant_id: tenant,
        subdomain: wanted.subdomain.to_string(),
        name: wanted.name,
        request_id: format!("operator-{tenant}"),
        confirmed_at: None,
        created_at: now,
        greet: false,
        named_at: None,
        allowed_email_domains: Vec::new(),
        require_second_factor: false,
        password_sign_in: true,
        switch_without_password: true,
        audit_retention_days: organizations::AUDIT_RETENTION_DAYS,
        version: 1,
    };
    let transaction = identity.begin().await?;
    if !organizations::store::insert_new(&transaction, row.clone()).await? {
        return Ok(false);
    }
    match wanted.people {
        People::MembersOf(source) => {
            let source = organizations::store::locked(&transaction, source).await?;
            let source = source.ok_or_else(Problem::not_found)?.tenant_id;
            member::store::copy(&transaction, source, tenant, now).await?;
        }
        People::Owner(email) => {
            let draft = Draft {
                organization: &row,
                email,
                role: role::resolve(&transaction, tenant, Choice::Ours(Role::Owner)).await?,
                inviter: None,
                workspace: None,
            };
            draft.send(identity, &transaction).await?;
        }
    }
    identity.commit(transaction).await?;
    tracing::info!(tenant.id = %tenant, "organization made by the operator");
    Ok(true)
}

//! Members of an organization and their roles.
//!
//! Who changes something is judged by what the database says now, not by what the token said, and changes in one
//! organization come one by one, so that two owners cannot both step down.

mod internal;
mod leaving;
mod list;
mod model;
mod routes;
pub(crate) mod store;
mod transfer;

use events::topic::user::UserPermissionChanged;
use httpkit::tokens::Via;
use httpkit::{Member, Problem};
use kernel::{Permission, Permissions, Role, RoleId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr};
use utoipa_axum::router::OpenApiRouter;

use crate::state::{AppState, Identity};

pub(crate) use leaving::{Leaving, end};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(routes::router())
        .merge(leaving::router())
        .merge(transfer::router())
        .merge(internal::router())
}

/// What a member is and may do in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The role; viewer for who has one of the organization's own.
    pub(crate) role: Role,
    /// The organization's own role.
    pub(crate) role_id: Option<RoleId>,
    /// What it comes to.
    pub(crate) permissions: Permissions,
}

impl Standing {
    /// A role of ours, or the permissions of one of the organization's own.
    pub(crate) fn of(role: Role, own: Option<(RoleId, &[String])>) -> Self {
        let names = |names: &[String]| names.iter().filter_map(|name| name.parse().ok()).collect();
        Self {
            role,
            role_id: own.map(|(id, _)| id),
            permissions: own.map_or_else(|| role.permissions(), |(_, own)| names(own)),
        }
    }

    /// Passes when the member may do it; 403 otherwise.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.permissions.contains(permission) {
            return Ok(());
        }
        let detail = format!("your role lacks the permission `{}`", permission.as_str());
        Err(Problem::forbidden("permission_denied").with_detail(detail))
    }

    /// Passes when this member may give `other` to somebody, or take it from one: nobody gives what he has not, and
    /// only owners make owners.
    pub(crate) fn reach(&self, other: &Self) -> Result<(), Problem> {
        let far = other.role != Role::Owner || self.role == Role::Owner;
        if far && self.permissions.covers(other.permissions) {
            return Ok(());
        }
        Err(Problem::forbidden("role_not_grantable")
            .with_detail("your role does not reach that far"))
    }
}

/// What the caller is and may do now. A personal access token narrows it to its scopes.
pub(crate) async fn acting(
    db: &impl ConnectionTrait,
    member: &Member,
) -> Result<Standing, Problem> {
    let found = store::standing(db, member.tenant, member.user).await?;
    let gone = || Problem::forbidden("permission_denied").with_detail("you are no member any more");
    let now = found.ok_or_else(gone)?;
    Ok(match member.via {
        Via::Session => now,
        Via::PersonalToken => Standing {
            permissions: now.permissions.intersection(member.permissions),
            ..now
        },
    })
}

/// Whether the organization would be without an owner if this member went. Hold the organization's lock.
pub(crate) async fn is_last_owner(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<bool, DbErr> {
    let standing = store::standing(db, tenant, user).await?;
    let owner = standing.is_some_and(|standing| standing.role == Role::Owner);
    Ok(owner && store::owners(db, tenant).await? <= 1)
}

/// Tells everybody that a member may do something else from now on.
pub(crate) async fn tell_changed(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    actor: UserId,
    (user_id, now): (UserId, &Standing),
) -> Result<(), DbErr> {
    let event = UserPermissionChanged {
        user_id,
        role: now.role,
        permissions: Some(now.permissions),
    };
    identity.emit(db, tenant, actor, &event).await
}

/// The same of many at once, by whom it was done.
pub(crate) async fn tell_all_changed(
    identity: &Identity,
    db: &impl ConnectionTrait,
    actor: &Member,
    people: &[UserId],
    now: &Standing,
) -> Result<(), DbErr> {
    let changed = people.iter().map(|&user_id| UserPermissionChanged {
        user_id,
        role: now.role,
        permissions: Some(now.permissions),
    });
    identity
        .emit_all(db, actor.tenant, actor.user, changed)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(permissions: &[&str]) -> Standing {
        let names: Vec<String> = permissions.iter().map(|&name| name.to_owned()).collect();
        let id = RoleId::from(uuid::Uuid::nil());
        Standing::of(Role::Viewer, Some((id, &names)))
    }

    fn ours(role: Role) -> Standing {
        Standing::of(role, None)
    }

    #[test]
    fn roles_reach_what_they_cover() {
        use Role::{Admin, Manager, Member, Owner, Viewer};
        let everything: Vec<&str> = Permission::ALL.iter().map(|one| one.as_str()).collect();
        let table = [
            (ours(Owner), ours(Owner), true),
            (ours(Owner), own(&everything), true),
            (ours(Admin), ours(Admin), true),
            (ours(Admin), ours(Owner), false),
            (ours(Admin), own(&["organization:manage"]), false),
            (ours(Manager), ours(Viewer), true),
            (ours(Manager), ours(Admin), false),
            (ours(Member), own(&["member:manage"]), false),
            // All permissions make no owner.
            (own(&everything), ours(Owner), false),
            (own(&everything), ours(Admin), true),
            (own(&["member:manage"]), ours(Viewer), false),
        ];
        for (actor, other, may) in table {
            assert_eq!(actor.reach(&other).is_ok(), may, "{actor:?} {other:?}");
        }
    }

    #[test]
    fn names_of_permissions_that_are_unknown_grant_nothing() {
        let standing = own(&["task:read", "moon:land"]);
        assert_eq!(standing.permissions.iter().count(), 1);
    }
}
